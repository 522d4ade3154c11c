from collections.abc import Callable
from pathlib import Path

import pytest

from perennial_contract.runtime.objects import StoreError
from perennial_trainer.adapters.datasets import read_dataset
from tests.fakes.objects import FakeObjects


def no_bucket(name: str) -> FakeObjects:
    raise AssertionError(name)


def test_a_dataset_on_s3_is_an_object_of_its_bucket() -> None:
    bucket = FakeObjects()
    bucket.put_new("deep/er/a b.csv", b"x")
    asked: list[str] = []

    def buckets(name: str) -> FakeObjects:
        asked.append(name)
        return bucket

    assert read_dataset(buckets, "s3://datasets/deep/er/a b.csv") == b"x"
    assert read_dataset(buckets, "s3://datasets/other.csv") is None
    assert asked == ["datasets", "datasets"]


def test_a_dataset_in_a_file_is_read_without_any_bucket(tmp_path: Path) -> None:
    file = tmp_path / "my data #1.csv"
    file.write_bytes(b"x")

    assert read_dataset(no_bucket, file.as_uri()) == b"x"
    assert read_dataset(no_bucket, f"file://{file}") == b"x"


@pytest.mark.parametrize("absent", ["other.csv", "no/folder.csv", "file.csv/below.csv"])
def test_a_file_that_is_not_there_is_none(tmp_path: Path, absent: str) -> None:
    (tmp_path / "file.csv").write_bytes(b"")

    assert read_dataset(no_bucket, f"file://{tmp_path}/{absent}") is None


def a_folder(path: Path) -> None:
    path.mkdir()


def a_loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize("made", [a_folder, a_loop])
def test_what_cannot_be_read_is_told(tmp_path: Path, made: Callable[[Path], None]) -> None:
    made(tmp_path / "data.csv")

    with pytest.raises(StoreError, match=rf"dataset file://{tmp_path}/data\.csv cannot be read: "):
        read_dataset(no_bucket, f"file://{tmp_path}/data.csv")
