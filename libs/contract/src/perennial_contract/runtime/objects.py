"""Port of the objects on S3: what the programs ask of it, and how it can fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Protocol

from perennial_contract.reasons import ProgramReason


class ObjectReader(Protocol):
    """Objects below one prefix, to be read only."""

    def get(self, key: str) -> bytes | None: ...


class Objects(ObjectReader, Protocol):
    """Objects below one prefix, each written once: on S3 (`runtime.s3`), or in a folder."""

    def put_new(self, key: str, data: bytes) -> Put: ...

    def delete(self, key: str) -> None: ...

    def list(self, prefix: str) -> Iterator[str]: ...

    def get_many(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """The objects of all keys, in their order, a few asked for at once."""


class StoreError(Exception):
    """S3 cannot do what was asked; `reason` is the one that conditions give."""

    reason = ProgramReason.STORAGE_UNAVAILABLE


class BucketMissing(StoreError):  # noqa: N818  named as the condition's reason
    reason = ProgramReason.BUCKET_MISSING


class StorageRefused(StoreError):  # noqa: N818  named as the condition's reason
    """Credentials that S3 does not take, or a server that ignores conditional writes."""

    reason = ProgramReason.STORAGE_REFUSED


class Put(Enum):
    """Outcome of a conditional write."""

    WRITTEN = "written"
    SAME = "same"  # these very bytes stand there already, as after a lost answer
    TAKEN = "taken"  # another's bytes stand there
