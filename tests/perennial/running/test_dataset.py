from pathlib import Path
from typing import Any

import pytest

from perennial.pipeline import ManifestTrouble
from perennial.running.dataset import (
    file_of,
    first_record,
    missing,
    with_dataset,
    with_dataset_of,
)
from perennial_contract.resource.training import Dataset
from perennial_operator.api.spec import Spec
from tests.support.operator.builders import a_spec as an_operators

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


def test_its_first_row_is_shown_as_the_record_of_an_event(tmp_path: Path) -> None:
    file = tmp_path / "train.csv"
    file.write_text("row,id,amount,zip,code,note,label\n1,a,-1.5,01067,7,,yes\n2,b,2,x,8,n,no\n")
    dataset = {"uri": file.as_uri(), "label": "label", "timeColumn": "row"}
    features = [{"name": "code", "type": "Category", "path": "deep.code"}]
    spec = Spec.model_validate(
        an_operators(dataset=dataset, schema={"features": features, "exclude": ["id"]})
    )

    assert first_record(file, spec) == {"amount": -1.5, "zip": "01067", "deep": {"code": "7"}}


@pytest.mark.parametrize("name", ["absent.csv", "table.parquet", "empty.csv", "header.csv"])
def test_where_no_row_can_be_read_none_is_shown(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "header.csv").write_text("amount,label\n")
    (tmp_path / "table.parquet").write_bytes(b"PAR1\xff")
    spec = Spec.model_validate(an_operators())

    assert first_record(tmp_path / name, spec) == {}
