"""Dataset at its URI: an object of a bucket, or a file of this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from perennial_contract.resource.file_uri import file_path, is_file
from perennial_contract.runtime.objects import ObjectReader, StorageRefused, StoreError


def read_dataset(buckets: Callable[[str], ObjectReader], uri: str) -> bytes | None:
    """The dataset's bytes, None where there is none; `buckets` gives the objects of one.

    Raises:
        StoreError: S3 is away or refuses us, or the file cannot be read.
    """
    if is_file(uri):
        return _read_file(uri)
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return buckets(bucket).get(key)


def _read_file(uri: str) -> bytes | None:
    try:
        return Path(file_path(uri)).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise StorageRefused(f"dataset {uri} may not be read: {error.strerror}") from error
    except OSError as error:
        raise StoreError(f"dataset {uri} cannot be read: {error.strerror}") from error
