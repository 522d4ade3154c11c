import re

import pytest

from perennial.local_manifest import Servers
from perennial.pipeline import ManifestTrouble
from perennial.running.servers import OWN, moved

BEFORE = {
    "kafka": {"bootstrapServers": "kafka:9092"},
    "storage": {"endpoint": "http://minio:9000", "bucket": "b"},
}
SAME = Servers("kafka:9092", "http://minio:9000")


@pytest.mark.parametrize(("named", "own"), [(SAME, ()), (Servers(), OWN)])
def test_a_run_goes_on_with_its_servers(named: Servers, own: tuple[str, ...]) -> None:
    assert list(moved(BEFORE, named, own)) == []


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (
            Servers(storage="http://minio:9000"),
            (
                "the folder's pipeline has its Kafka at kafka:9092: name it again, with --bootstrap"
                " kafka:9092, or name another folder"
            ),
        ),
        (
            Servers("kafka:9092"),
            (
                "the folder's pipeline has its S3 at http://minio:9000: name it again, with --s3"
                " http://minio:9000, or in storage.endpoint where that is a file://, or name"
                " another folder"
            ),
        ),
    ],
)
def test_a_run_never_goes_on_where_nothing_is_of_what_it_had(named: Servers, said: str) -> None:
    with pytest.raises(ManifestTrouble, match=f"^{re.escape(said)}$"):
        list(moved(BEFORE, named, ()))


@pytest.mark.parametrize(
    ("named", "what"), [(Servers("kafka:9092"), "Kafka"), (Servers("", "http://minio:9000"), "S3")]
)
def test_what_a_folder_keeps_is_not_left_for_a_server(named: Servers, what: str) -> None:
    said = f"the folder has what takes the place of {what}, and its pipeline goes on with that"
    with pytest.raises(ManifestTrouble, match=said):
        list(moved(BEFORE, named, OWN))


def test_another_address_is_told_of() -> None:
    assert list(moved(BEFORE, Servers("broker:9093", "http://minio:9000"), ())) == [
        "Kafka was at kafka:9092 until now, and is at broker:9093"
    ]
