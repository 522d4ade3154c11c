"""Buckets of both adapters of the store port, as tests open them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, cast
from uuid import uuid4

from perennial_contract.resource.storage import Storage
from perennial_contract.runtime.folder import FolderStore
from perennial_contract.runtime.s3 import Store
from perennial_contract.runtime.s3_client import connect
from tests.fakes.s3 import FakeS3
from tests.support.servers import S3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

AnyStore = Store | FolderStore
BUCKET: Final = f"store-{uuid4().hex}"


class OpenStore(Protocol):
    """Opens a bucket, by default the one that exists."""

    def __call__(self, bucket: str = BUCKET, prefix: str = "ns/name") -> AnyStore: ...


def on_fake(_: Path) -> OpenStore:
    s3 = FakeS3(BUCKET, page=2)
    return lambda bucket=BUCKET, prefix="ns/name": Store(cast("S3Client", s3), bucket, prefix)


def in_folder(folder: Path) -> OpenStore:
    (folder / BUCKET).mkdir()
    return lambda bucket=BUCKET, prefix="ns/name": FolderStore(folder, bucket, prefix)


def on_server(folder: Path) -> OpenStore:
    """On the real S3 server, with the credentials of the environment."""
    client = connect(Storage(endpoint=S3, bucket=BUCKET), folder)
    client.create_bucket(Bucket=BUCKET)
    return lambda bucket=BUCKET, prefix="ns/name": Store(client, bucket, prefix)


def remove_bucket(folder: Path) -> None:
    """From the real S3 server, once it is empty."""
    connect(Storage(endpoint=S3, bucket=BUCKET), folder).delete_bucket(Bucket=BUCKET)


ADAPTERS: Final[dict[str, Callable[[Path], OpenStore]]] = {
    "fake S3": on_fake,
    "folder": in_folder,
    "S3": on_server,
}
