"""S3 as the programs see it: one protocol for what they ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Protocol

from perennial_contract.reasons import Reason


class Objects(Protocol):
    """`perennial_contract.runtime.s3.Store` is one."""

    def get(self, key: str) -> bytes | None: ...

    def put_new(self, key: str, data: bytes) -> Put: ...

    def delete(self, key: str) -> None: ...

    def list(self, prefix: str) -> Iterator[str]: ...


class StoreError(Exception):
    """S3 cannot do what was asked; `reason` is a condition's."""

    reason = Reason.STORAGE_UNAVAILABLE


class BucketMissing(StoreError):  # noqa: N818  named as the condition's reason
    reason = Reason.BUCKET_MISSING


class StorageRefused(StoreError):  # noqa: N818  named as the condition's reason
    """Credentials that S3 does not take, or a server that ignores conditional writes."""

    reason = Reason.STORAGE_REFUSED


class Put(Enum):
    """What became of a conditional write."""

    WRITTEN = "written"
    SAME = "same"  # these very bytes stand there already: ours, after a lost answer
    TAKEN = "taken"  # another's bytes stand there
