"""Adapter of S3: objects that are written once and never changed.

Writes carry `If-None-Match: *` and the SHA-256 of their bytes as metadata, so that after a lost
answer the writer can tell its own object from another's.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    SSLError,
)

from perennial_contract.objects.bundle import sha256
from perennial_contract.runtime.objects import BucketMissing, Put, StorageRefused, StoreError
from perennial_contract.runtime.secrets import AUTHORITY

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_FAILURES: Final = (ClientError, BotoCoreError, OSError)
_NO_CREDENTIALS: Final = (
    "there are no credentials: neither keys in a Secret of storage.secretRef, nor an identity that"
    " the cluster gives to the pods' ServiceAccount"
)
_ABSENT: Final = frozenset({"404", "NoSuchKey", "NotFound"})
_EXISTS: Final = frozenset({"412", "PreconditionFailed"})
_DENIED: Final = frozenset(
    {
        "403",
        "AccessDenied",
        "ExpiredToken",
        "ExpiredTokenException",  # this and the next two are of the identity that a pod is given
        "IDPRejectedClaim",
        "InvalidIdentityToken",
        "Forbidden",
        "InvalidAccessKeyId",
        "InvalidToken",
        "InvalidTokenId",
        "SignatureDoesNotMatch",
    }
)
# As OpenSSL names it, for the server's certificate and for a ca.crt that holds none.
_UNTRUSTED: Final = ("CERTIFICATE_VERIFY_FAILED", "NO_CERTIFICATE_OR_CRL_FOUND", "PEM lib")


class Store:
    """The objects below one prefix of one bucket."""

    def __init__(self, client: S3Client, bucket: str, prefix: str, at_once: int = 8) -> None:
        """`at_once` is how many objects are asked for, and held, by `get_many`."""
        self._at_once = at_once
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""

    def get(self, key: str) -> bytes | None:
        """An object's bytes, or None where there is none.

        Raises:
            StoreError: S3 is away, refuses us, or has no such bucket.
        """
        try:
            return self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)[
                "Body"
            ].read()
        except _FAILURES as error:
            if _code(error) in _ABSENT:
                return None
            raise self._named(error) from _cause(error)

    def get_many(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """The objects of all keys in their order, None where there is none.

        Keys are taken only as objects are: no more than `at_once` are asked for or wait.

        Raises:
            StoreError: As `get` does.
        """
        asked: deque[tuple[str, Future[bytes | None]]] = deque()
        rest = iter(keys)
        with ThreadPoolExecutor(self._at_once) as pool:
            while True:
                for key in islice(rest, self._at_once - len(asked)):
                    asked.append((key, pool.submit(self.get, key)))
                if not asked:
                    return
                key, answer = asked.popleft()
                yield key, answer.result()

    def put_new(self, key: str, data: bytes, patience: float = 20.0) -> Put:
        """Write an object unless one stands there; `patience` in seconds.

        After an unclear answer the same bytes are sent again, until S3 takes them or has them.

        Raises:
            StoreError: S3 gave no clear answer for that long.
        """
        end, pause = time.monotonic() + patience, 0.1
        while True:
            try:
                self._put(key, data)
            except _FAILURES as error:
                if _code(error) in _EXISTS:
                    return self._whose(key, data)
                named = self._named(error)
                if type(named) is not StoreError or time.monotonic() + pause > end:
                    raise named from _cause(error)
                time.sleep(pause)
                pause = min(2 * pause, 2.0)
            else:
                return Put.WRITTEN

    def list(self, prefix: str, start_after: str = "") -> Iterator[str]:
        """The keys below `prefix`, in order, after `start_after`; both relative to ours.

        Raises:
            StoreError: S3 is away, refuses us, or has no such bucket.
        """
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket,
            Prefix=self._prefix + prefix,
            StartAfter=self._prefix + start_after if start_after else "",
        )
        try:
            for page in pages:
                for found in page.get("Contents", ()):
                    yield found["Key"].removeprefix(self._prefix)
        except _FAILURES as error:
            raise self._named(error) from _cause(error)

    def folders(self, prefix: str) -> Iterator[str]:
        """The names right below `prefix` that have objects below them, in order.

        Raises:
            StoreError: S3 is away, refuses us, or has no such bucket.
        """
        whole = self._prefix + prefix
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=whole, Delimiter="/"
        )
        try:
            for page in pages:
                for found in page.get("CommonPrefixes", ()):
                    yield found["Prefix"].removeprefix(whole).rstrip("/")
        except _FAILURES as error:
            raise self._named(error) from _cause(error)

    def delete(self, key: str) -> None:
        try:
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)
        except _FAILURES as error:
            raise self._named(error) from _cause(error)

    def probe(self) -> None:
        """Check that the server honours conditional writes, by writing one key twice.

        Raises:
            StorageRefused: It wrote the second time.
            StoreError: S3 is away, refuses us, or has no such bucket.
        """
        key = f"probe-{uuid4().hex}"
        self.put_new(key, b"first")
        try:
            if self.put_new(key, b"second") is not Put.TAKEN:
                raise StorageRefused("the S3 server ignores If-None-Match: use one that honours it")
        finally:
            self.delete(key)

    def _put(self, key: str, data: bytes) -> None:
        self._client.put_object(
            Bucket=self._bucket,
            Key=self._prefix + key,
            Body=data,
            IfNoneMatch="*",
            Metadata={"sha256": sha256(data)},
        )

    def _whose(self, key: str, data: bytes) -> Put:
        try:
            head = self._client.head_object(Bucket=self._bucket, Key=self._prefix + key)
        except _FAILURES as error:
            raise self._named(error) from _cause(error)
        return Put.SAME if head["Metadata"].get("sha256") == sha256(data) else Put.TAKEN

    def _named(self, error: Exception) -> StoreError:
        code = _code(error)
        if _unsendable(error):
            return StorageRefused("S3 cannot be asked: the credentials are none that can be sent")
        if isinstance(error, NoCredentialsError):
            return StorageRefused(_NO_CREDENTIALS)
        if code == "NoSuchBucket":
            return BucketMissing(f"bucket {self._bucket} does not exist")
        if code in _DENIED:
            return StorageRefused(f"S3 refuses the credentials for bucket {self._bucket}: {code}")
        if isinstance(error, SSLError) and any(words in str(error) for words in _UNTRUSTED):
            where = f"the Secret of storage.secretRef, as {AUTHORITY}"
            return StorageRefused(
                f"S3's certificate is not trusted: its authority's belongs in {where}: {error}"
            )
        return StoreError(f"S3 gave no clear answer: {error}")


def _cause(error: Exception) -> Exception | None:
    """An error as it may stand in a traceback."""
    return None if _unsendable(error) else error


def _unsendable(error: Exception) -> bool:
    """Whether a header cannot be sent; the error's text repeats the header, with what it holds."""
    return isinstance(error, HTTPClientError) and isinstance(error.kwargs.get("error"), ValueError)


def _code(error: Exception) -> str:
    if not isinstance(error, ClientError):
        return ""
    response: Any = error.response
    return str(response.get("Error", {}).get("Code", ""))
