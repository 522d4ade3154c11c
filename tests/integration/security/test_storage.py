"""TLS to the S3 server, with the authority of its Secret."""

from __future__ import annotations

import time

import pytest

from perennial_contract.runtime.objects import Put, StorageRefused
from tests.fakes.mount import Mount
from tests.support.security.secrets import (
    s3_secret,
)
from tests.support.security.storage import make_bucket, store

pytestmark = pytest.mark.integration


def test_a_store_is_reached_by_tls_with_the_authority_in_the_secret(keys: Mount) -> None:
    make_bucket(keys)
    there = store(keys)
    assert there.put_new("object", b"content") is Put.WRITTEN
    assert there.get("object") == b"content"
    there.delete("object")


@pytest.mark.parametrize("authority", ["none", "stranger"])
def test_a_store_whose_certificate_cannot_be_checked_is_refused_with_what_to_put_where(
    authority: str, keys: Mount, stranger: str
) -> None:
    keys.put(s3_secret({"none": "", "stranger": stranger}[authority]))
    asked = store(keys)
    began = time.monotonic()
    for ask in (lambda: asked.get("object"), lambda: asked.put_new("object", b"")):
        with pytest.raises(StorageRefused, match=r"certificate .*storage\.secretRef, as ca\.crt"):
            ask()
    assert time.monotonic() - began < 15.0  # asked once, not until the patience is over
