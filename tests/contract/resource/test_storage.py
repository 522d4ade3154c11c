import pytest
from pydantic import ValidationError

from perennial_contract.resource.storage import Storage


@pytest.mark.parametrize("prefix", ["/a", "a/", "/"])
def test_a_prefix_neither_begins_nor_ends_with_a_slash(prefix: str) -> None:
    with pytest.raises(ValidationError, match="prefix"):
        Storage.model_validate({"bucket": "abc", "prefix": prefix, "secretRef": {"name": "s"}})


@pytest.mark.parametrize("endpoint", ["minio:9000", "s3://b", "ftp://x", "http://"])
def test_an_endpoint_has_a_scheme_that_can_be_asked(endpoint: str) -> None:
    with pytest.raises(ValidationError, match="endpoint"):
        Storage(endpoint=endpoint, bucket="abc")


@pytest.mark.parametrize("endpoint", ["file://host/data", "file:data", "file://~/data"])
def test_an_endpoint_that_is_a_folder_is_named_by_its_whole_path(endpoint: str) -> None:
    with pytest.raises(ValidationError, match=rf"{endpoint} must be file:// and an absolute path"):
        Storage(endpoint=endpoint, bucket="abc")

    assert Storage(endpoint="file:///data", bucket="abc").endpoint == "file:///data"
