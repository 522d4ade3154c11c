"""Command that makes what a pipeline needs, as often as one likes."""

import subprocess
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from tests.support.servers import KAFKA, S3, need

CLUSTER = Path(__file__).parents[2] / "cluster/cluster"
TOPICS = ["events", "labels", "predictions", "dead-letters", "lifecycle"]

pytestmark = pytest.mark.integration


def prepare(*arguments: str) -> list[str]:
    said = subprocess.run(
        [str(CLUSTER), "prepare", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout.splitlines()


def test_the_second_time_everything_is_there(request: pytest.FixtureRequest) -> None:
    need(request, "Kafka", KAFKA)
    need(request, "S3", S3)
    need(request, "the API server", "127.0.0.1:6443")
    admin = AdminClient({"bootstrap.servers": KAFKA})
    try:
        first = prepare("prepared", "--partitions", "3")
        second = prepare("prepared")
    finally:
        for done in admin.delete_topics([f"prepared-{name}" for name in TOPICS]).values():
            done.result()
    assert first[:5] == [f"topic prepared-{name}: created, 3 partitions" for name in TOPICS]
    assert second[:5] == [f"topic prepared-{name}: was there, 3 partitions" for name in TOPICS]
    assert second[5:] == [
        "bucket perennial: was there",
        "bucket datasets: was there",
        "secret default/s3-client: applied",
        "secret default/kafka-client: applied",
    ]
