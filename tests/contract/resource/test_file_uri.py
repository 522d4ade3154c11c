from pathlib import Path, PurePosixPath

import pytest

from perennial_contract.resource.file_uri import check_file_uri, file_path, sqlite_path


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/me/data", "/home/me/data"),
        ("file:///home/me/data/", "/home/me/data"),
        ("file:///my%20data/%C3%A9/100%25", "/my data/é/100%"),
        ("file:///my data/é/a#1?b", "/my data/é/a#1?b"),
    ],
)
def test_a_path_may_be_written_as_it_is_or_encoded(uri: str, path: str) -> None:
    assert file_path(uri) == PurePosixPath(path)


@pytest.mark.parametrize("path", ["/a b/é#?%41%.csv", "/", "/a"])
def test_a_uri_made_of_a_path_is_that_path(path: str) -> None:
    assert file_path(Path(path).as_uri()) == PurePosixPath(path)


@pytest.mark.parametrize(
    "uri", ["file://host/data", "file://data", "file:data", "file:/data", "file:", "file:///a%00"]
)
def test_a_host_or_a_path_that_is_not_absolute_is_refused_by_name(uri: str) -> None:
    with pytest.raises(ValueError, match=rf"{uri} must be file:// and an absolute path"):
        check_file_uri(uri)


def test_any_other_uri_is_none_of_its_business() -> None:
    assert check_file_uri("s3://bucket/key.csv") == "s3://bucket/key.csv"


def test_a_database_is_named_by_its_whole_path() -> None:
    assert sqlite_path("sqlite:////home/my data/100%.db") == PurePosixPath("/home/my data/100%.db")
    assert sqlite_path("https://mlflow.example") is None
