import subprocess
import sys
from pathlib import Path

import pytest

from perennial_contract.resource.storage import Storage
from perennial_contract.runtime.folder import FolderStore
from perennial_contract.runtime.objects import Put, StorageRefused
from perennial_contract.runtime.s3 import Store
from perennial_contract.runtime.stores import open_store

OPENS = """
import sys
from pathlib import Path
from perennial_contract.resource.storage import Storage
from perennial_contract.runtime.stores import open_store

open_store(Storage(endpoint=sys.argv[1], bucket="bucket"), Path("nowhere"), "bucket", "")
print(*sorted({"boto3", "obstore"} & set(sys.modules)))
"""


def test_a_folder_is_opened_by_its_uri_without_a_secret(tmp_path: Path) -> None:
    (tmp_path / "my data/bucket").mkdir(parents=True)
    storage = Storage(endpoint=(tmp_path / "my data").as_uri(), bucket="bucket")

    opened = open_store(storage, tmp_path / "no-secret", "bucket", "ns/name")

    assert isinstance(opened, FolderStore)
    assert opened.put_new("key", b"ours") is Put.WRITTEN
    assert (tmp_path / "my data/bucket/ns/name/key").read_bytes() == b"ours"


@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:9000"])
def test_s3_is_opened_by_an_address_or_none(tmp_path: Path, endpoint: str) -> None:
    storage = Storage(endpoint=endpoint, bucket="bucket")

    assert isinstance(open_store(storage, tmp_path, "bucket", ""), Store)


@pytest.mark.parametrize(
    ("endpoint", "loaded"), [("file:///data", "obstore"), ("http://127.0.0.1:9000", "boto3")]
)
def test_the_client_of_the_other_one_is_not_loaded(endpoint: str, loaded: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPENS, endpoint],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert done.stdout.split() == [loaded]


def test_that_obstore_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.delitem(sys.modules, "perennial_contract.runtime.folder")
    storage = Storage(endpoint="file:///data", bucket="bucket")

    with pytest.raises(
        StorageRefused,
        match=r"storage\.endpoint file:///data needs obstore, which is not installed: .*\[folder\]",
    ):
        open_store(storage, Path("nowhere"), "bucket", "")
