import pytest
from pydantic import ValidationError

from perennial_contract.resource.training import Dataset, Tracking


@pytest.mark.parametrize(
    "uri", ["http://b/k.csv", "s3://b", "s3:///k.csv", "s3://b/k.json", "file:///k"]
)
def test_a_dataset_is_a_csv_or_parquet_object_or_file(uri: str) -> None:
    with pytest.raises(ValidationError, match="uri"):
        Dataset(uri=uri, label="y")


@pytest.mark.parametrize("uri", ["file://host/k.csv", "file:k.csv", "file://./k.csv"])
def test_a_datasets_file_is_named_by_its_whole_path(uri: str) -> None:
    with pytest.raises(
        ValidationError, match=rf"uri\n.*{uri} must be file:// and an absolute path"
    ):
        Dataset(uri=uri, label="y")

    assert Dataset(uri="file:///data/k.csv.gz", label="y").uri == "file:///data/k.csv.gz"


@pytest.mark.parametrize("uri", ["mlflow:5000", "sqlite:///mlflow.db", "file:///run/mlflow", ""])
def test_runs_are_told_to_a_server_or_to_a_database_of_this_machine(uri: str) -> None:
    with pytest.raises(ValidationError, match="uri"):
        Tracking(uri=uri)
    for taken in ("https://mlflow.example", "sqlite:////run/mlflow.db"):
        assert Tracking(uri=taken).uri == taken
