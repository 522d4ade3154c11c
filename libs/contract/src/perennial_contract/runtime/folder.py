"""Adapter of a folder in the place of S3: objects as files, written once and never changed.

A file is whole before it gets its name, and on the disk: its bytes are written and synced under
`.staging`, then linked. What a killed write leaves there is no object.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from errno import EACCES, EISDIR, ENOTDIR, EPERM, EROFS
from pathlib import Path
from typing import Final
from uuid import uuid4

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore

from perennial_contract.runtime.objects import BucketMissing, Put, StorageRefused, StoreError

_STAGING: Final = ".staging"
_LEFT: Final = 3600.0  # seconds after which what is staged is no write's any more
_NO_NAME: Final = re.compile(r"(^|/)\.{0,2}(/|$)|#\d+$|[\x00-\x1f\x7f\ud800-\udfff]")
"""Of a key: it would lie elsewhere, or obstore keeps it for itself or does not take it."""
_NUMBER: Final = re.compile(r"\(os error (\d+)\)")
_DENIED: Final = frozenset({EACCES, EPERM, EROFS})
_ABSENT: Final = frozenset({ENOTDIR, EISDIR})  # an object where the key has a folder, or reversed
_PAGE: Final = 1000


class FolderStore:
    """The objects below one prefix of one bucket, which is a folder in a folder.

    All of its file system must make hard links. Other than on S3 no object's key can be a folder
    of another's.
    """

    def __init__(self, folder: Path, bucket: str, prefix: str) -> None:
        """Raises StorageRefused where the bucket's name is none of a folder."""
        if "/" in bucket or _NO_NAME.search(bucket):
            raise StorageRefused(f"bucket {bucket!r} cannot be a folder in {folder}")
        self._root = folder / bucket
        self._prefix = f"{prefix}/" if prefix else ""

    def get(self, key: str) -> bytes | None:
        """An object's bytes, or None where there is none.

        Raises:
            StoreError: The folder is missing, or cannot be read.
        """
        whole = self._whole(key)
        with self._opened() as opened, _absent():
            return obstore.get(opened, whole).bytes().to_bytes()
        return None

    def get_many(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """The objects of all keys in their order, one at a time; None where there is none.

        Raises:
            StoreError: As `get` does.
        """
        for key in keys:
            yield key, self.get(key)

    def put_new(self, key: str, data: bytes, patience: float = 0.0) -> Put:  # noqa: ARG002  as on S3
        """Write an object unless one stands there.

        Raises:
            StoreError: The folder is missing, or cannot be written.
        """
        whole, staged = self._whole(key), f"{_STAGING}/{uuid4().hex}"
        put = Put.WRITTEN
        with self._opened() as opened:
            try:
                obstore.put(opened, staged, data, use_multipart=False)
                self._sync(staged)
                obstore.copy(opened, staged, whole, overwrite=False)
            except AlreadyExistsError:
                put = self._whose(key, data)
            finally:
                with suppress(FileNotFoundError):
                    obstore.delete(opened, staged)
            self._sync(whole.rpartition("/")[0])  # whoever wrote it may have died before
        return put

    def list(self, prefix: str, start_after: str = "") -> Iterator[str]:
        """The keys below `prefix`, in order, after `start_after`; both relative to ours.

        All of them are held, since a folder has no order.

        Raises:
            StoreError: The folder is missing, or cannot be read.
        """
        whole = self._prefix + prefix
        after = self._prefix + start_after if start_after else ""
        with self._opened() as opened:
            pages = obstore.list(opened, _parent(whole), offset=after or None, chunk_size=_PAGE)
            keys = sorted(
                key
                for page in pages
                for found in page
                if (key := found["path"]).startswith(whole) and key > after and not _staged(key)
            )
        for key in keys:
            yield key.removeprefix(self._prefix)

    def folders(self, prefix: str) -> Iterator[str]:
        """The names right below `prefix` that have objects below them, in order.

        Raises:
            StoreError: The folder is missing, or cannot be read.
        """
        whole = self._prefix + prefix
        with self._opened() as opened:
            below = obstore.list_with_delimiter(opened, _parent(whole))["common_prefixes"]
            found = sorted(f"{folder}/" for folder in below if not _staged(folder))
            names = [
                folder.removeprefix(whole).rstrip("/")
                for folder in found
                if folder.startswith(whole) and any(obstore.list(opened, folder, chunk_size=1))
            ]
        yield from names

    def delete(self, key: str) -> None:
        """Deletes an object, and the folders that it leaves empty.

        Raises:
            StoreError: The folder is missing, or cannot be written.
        """
        whole = self._whole(key)
        with self._opened() as opened, _absent():
            obstore.delete(opened, whole)

    def probe(self) -> None:
        """Check that the folder takes writes, each once, and tidy up after killed ones.

        Raises:
            StorageRefused: It may not be written, or its file system makes no hard links.
            StoreError: The folder is missing, or cannot be written.
        """
        key = f"probe-{uuid4().hex}"
        self.put_new(key, b"first")
        try:
            if self.put_new(key, b"second") is not Put.TAKEN:
                raise StorageRefused(f"folder {self._root} let an object be written twice")
            self._tidy(key)
        finally:
            self.delete(key)

    def _whole(self, key: str) -> str:
        """The key in the bucket, which names a file there and nowhere else."""
        whole = self._prefix + key
        if _NO_NAME.search(whole) or _staged(whole):
            raise StorageRefused(f"key {whole!r} cannot be a file in folder {self._root}")
        return whole

    @contextmanager
    def _opened(self) -> Iterator[LocalStore]:
        """The folder, opened anew: it may have come or gone. What fails in it is named."""
        try:
            if not self._root.is_dir():
                raise BucketMissing(f"folder {self._root} does not exist")
            yield LocalStore(self._root, automatic_cleanup=True)
        except (BaseError, OSError, ValueError) as error:
            raise self._named(error) from error

    def _named(self, error: Exception) -> StoreError:
        said = str(error).partition("\n")[0].removeprefix("Generic LocalFileSystem error: ")
        if isinstance(error, ValueError):
            return StorageRefused(f"folder {self._root} holds no such key: {said}")
        if _number(error) in _DENIED:
            return StorageRefused(f"folder {self._root} does not let this process in: {said}")
        return StoreError(f"folder {self._root} cannot be used: {said}")

    def _whose(self, key: str, data: bytes) -> Put:
        found = self.get(key)
        if found is None:
            why = "objects lie below it, or it was deleted meanwhile"
            raise StoreError(f"key {self._prefix + key} in folder {self._root} is no object: {why}")
        return Put.SAME if found == data else Put.TAKEN

    def _sync(self, place: str) -> None:
        descriptor = os.open(self._root / place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _tidy(self, newest: str) -> None:
        """Removes what killed writes staged, long before the object `newest` was written."""
        with self._opened():
            now = (self._root / self._whole(newest)).stat().st_mtime
            for left in (self._root / _STAGING).glob("*"):
                with suppress(FileNotFoundError):  # a write that has just ended
                    if left.stat().st_mtime < now - _LEFT:
                        left.unlink()


@contextmanager
def _absent() -> Iterator[None]:
    """Lets pass that an object is not there."""
    try:
        yield
    except FileNotFoundError:
        pass
    except BaseError as error:
        if _number(error) not in _ABSENT:
            raise


def _number(error: Exception) -> int:
    """The operating system's number of an error, of which obstore tells only in words."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    found = _NUMBER.search(str(error))
    return int(found[1]) if found else 0


def _parent(key: str) -> str | None:
    return key.rpartition("/")[0] or None


def _staged(key: str) -> bool:
    return key.partition("/")[0] == _STAGING
