"""S3 as the programs see it: one protocol for what they ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from perennial_contract.runtime.s3 import Put


class Objects(Protocol):
    """`perennial_contract.runtime.s3.Store` is one."""

    def get(self, key: str) -> bytes | None: ...

    def put_new(self, key: str, data: bytes) -> Put: ...

    def delete(self, key: str) -> None: ...

    def list(self, prefix: str) -> Iterator[str]: ...
