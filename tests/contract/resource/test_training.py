import pytest
from pydantic import ValidationError

from perennial_contract.resource.training import Dataset


@pytest.mark.parametrize("uri", ["http://b/k.csv", "s3://b", "s3:///k.csv", "s3://b/k.json"])
def test_a_dataset_is_a_csv_or_parquet_object(uri: str) -> None:
    with pytest.raises(ValidationError, match="uri"):
        Dataset(uri=uri, label="y")
