"""Bucket at the S3 server that speaks TLS."""

from __future__ import annotations

from contextlib import suppress
from typing import Final
from uuid import uuid4

from perennial_contract.resource.storage import Storage
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.s3 import Store
from perennial_contract.runtime.s3_client import connect
from tests.fakes.mount import Mount
from tests.support.servers import S3_TLS

BUCKET: Final = "security-test"


STORAGE: Final = Storage(endpoint=S3_TLS, bucket=BUCKET, secret_ref=SecretReference(name="s3"))


def store(keys: Mount) -> Store:
    return Store(connect(STORAGE, keys.folder), BUCKET, f"prefix-{uuid4().hex[:8]}")


def make_bucket(keys: Mount) -> None:
    client = connect(STORAGE, keys.folder)
    with suppress(client.exceptions.BucketAlreadyOwnedByYou):
        client.create_bucket(Bucket=BUCKET)
