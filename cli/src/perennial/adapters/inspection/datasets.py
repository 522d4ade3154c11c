"""Dataset at its URI: its size, and its bytes as far as they are looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from botocore.exceptions import ClientError

from perennial.diagnosis.defect import Trouble
from perennial.diagnosis.facts import DatasetFacts
from perennial.diagnosis.subject import Subject
from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.file_uri import file_path, is_file
from perennial_contract.resource.storage import Storage
from perennial_contract.runtime.objects import StoreError
from perennial_contract.runtime.s3 import Store
from perennial_contract.runtime.s3_client import connect
from perennial_contract.runtime.secrets import SecretRefused
from perennial_trainer.adapters.datasets import read_dataset

MOST: Final = 4 * 1024**2  # bytes that are looked at
_EMPTY: Final = "InvalidRange"


def inspect_dataset(subject: Subject, secret: Path) -> DatasetFacts | Trouble | None:
    """`secret` is the mounted Secret of the store; None where the pipeline has no dataset."""
    wanted, storage = subject.spec.dataset, subject.spec.storage
    if wanted is None:
        return None
    try:
        if is_file(wanted.uri):
            found = _of_file(Path(file_path(wanted.uri)))
        elif is_file(storage.endpoint):
            folder = Path(file_path(storage.endpoint))
            found = _of_file(folder / wanted.uri.removeprefix("s3://"))
        else:
            found = _of_object(storage, secret, wanted.uri)
    except StoreError as error:
        return Trouble(f"dataset {wanted.uri}: {error}", error.reason.remedy, error.reason)
    except SecretRefused as refused:
        return Trouble(str(refused), ProgramReason.STORAGE_REFUSED.remedy)
    if found is None:
        missing = ProgramReason.DATASET_MISSING
        return Trouble(f"dataset {wanted.uri} does not exist", missing.remedy, missing)
    return found


def _of_file(path: Path) -> DatasetFacts | None:
    uri = path.absolute().as_uri()
    if path.is_file() and path.stat().st_size > MOST:
        with path.open("rb") as file:
            return DatasetFacts(file.read(MOST), path.stat().st_size)
    data = read_dataset(_no_bucket, uri)
    return None if data is None else DatasetFacts(data, len(data))


def _no_bucket(bucket: str) -> Store:
    raise StoreError(f"bucket {bucket} is none of this machine")


def _of_object(storage: Storage, secret: Path, uri: str) -> DatasetFacts | None:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    client = connect(storage, secret)
    try:
        answer = client.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{MOST - 1}")
        data = answer["Body"].read()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == _EMPTY:
            return DatasetFacts(b"", 0)
    except Exception:  # noqa: BLE001, S110  asked again below, which names it
        pass
    else:
        size = answer.get("ContentRange", "").rpartition("/")[2]
        return DatasetFacts(data, int(size) if size.isdigit() else len(data))
    found = Store(client, bucket, "").get(key)
    return None if found is None else DatasetFacts(found, len(found))
