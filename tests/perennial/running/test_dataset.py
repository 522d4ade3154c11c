from pathlib import Path
from typing import Any

import pytest

from perennial.pipeline import ManifestTrouble
from perennial.running.dataset import file_of, missing, with_dataset, with_dataset_of
from perennial_contract.resource.training import Dataset

ON_S3, IN_FILE = "s3://datasets/loans/train.csv", "file:///home/me/my%20table.csv"


def a_spec(uri: str) -> dict[str, Any]:
    return {"dataset": {"uri": uri, "label": "label"}}


def test_a_file_takes_the_place_of_what_the_spec_names() -> None:
    spec = a_spec(ON_S3)
    with_dataset(spec, Path("/home/me/my table.csv"))
    assert spec == a_spec(IN_FILE)


def test_a_file_cannot_tell_which_column_is_the_label() -> None:
    with pytest.raises(ManifestTrouble, match=r"needs dataset\.label"):
        with_dataset({}, Path("/home/me/table.csv"))
    with pytest.raises(ManifestTrouble, match=r"table\.txt: a dataset is a file \.csv"):
        with_dataset(a_spec(ON_S3), Path("/home/me/table.txt"))


@pytest.mark.parametrize(
    ("now", "before", "then"),
    [(ON_S3, IN_FILE, IN_FILE), (ON_S3, ON_S3, ON_S3), ("file:///a.csv", IN_FILE, "file:///a.csv")],
)
def test_a_run_goes_on_with_the_file_that_it_was_given(now: str, before: str, then: str) -> None:
    spec = a_spec(now)
    with_dataset_of(spec, a_spec(before))
    assert spec == a_spec(then)


def test_a_spec_without_a_dataset_gets_none() -> None:
    spec: dict[str, Any] = {"retrain": {}}
    with_dataset_of(spec, a_spec(IN_FILE))
    assert spec == {"retrain": {}}


@pytest.mark.parametrize(
    ("uri", "store", "file"),
    [
        (IN_FILE, Path("/run/store"), Path("/home/me/my table.csv")),
        (IN_FILE, None, Path("/home/me/my table.csv")),
        (ON_S3, Path("/run/store"), Path("/run/store/datasets/loans/train.csv")),
        (ON_S3, None, None),
    ],
)
def test_a_dataset_is_a_file_but_on_a_real_s3(
    uri: str, store: Path | None, file: Path | None
) -> None:
    dataset = Dataset(uri=uri, label="label")
    assert file_of(dataset, store) == file


def test_a_dataset_that_is_missing_is_said_with_what_to_do() -> None:
    file = Path("/run/store/datasets/loans/train.csv")
    assert str(missing(Dataset(uri=ON_S3, label="label"), file)) == (
        f"there is no dataset {ON_S3} in the folder that takes the place of S3: name a file with"
        f" --dataset FILE, or put it at {file}"
    )
    assert str(missing(Dataset(uri=IN_FILE, label="label"), file)) == f"there is no dataset {file}"
