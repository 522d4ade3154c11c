import socket
import time
from collections.abc import Iterator

import pytest

from perennial.adapters.inspection.inspection import Asked, inspect
from perennial.adapters.inspection.secrets import Secret
from perennial.diagnosis.diagnosis import diagnose
from perennial.diagnosis.subject import subject_of
from tests.support.perennial.diagnosing import Told, told
from tests.support.perennial.running import a_manifest

KEYS = {"AWS_ACCESS_KEY_ID": b"a", "AWS_SECRET_ACCESS_KEY": b"b"}


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and says nothing, ever."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield "{}:{}".format(*server.getsockname())


def found(asked: Asked, seconds: float) -> list[Told]:
    return told(diagnose(asked.subject, inspect(asked, time.monotonic() + seconds)))


def test_servers_that_never_answer_are_findings_at_the_common_end(silent: str) -> None:
    subject = subject_of(a_manifest(), silent, f"http://{silent}")
    asked = Asked(subject, {}, lambda _: Secret(KEYS), None)
    began = time.monotonic()
    assert found(asked, 1.0) == [
        Told(
            "error",
            "spec.kafka.bootstrapServers",
            f"Kafka at {silent} did not answer in time",
        ),
        Told(
            "error",
            "spec.storage.endpoint",
            f"S3 at http://{silent} did not answer in time",
        ),
        Told("error", "spec.dataset.uri", "the dataset's server did not answer in time"),
    ]
    assert time.monotonic() - began < 10  # not as long as a client would wait


def test_secrets_that_never_come_are_unseen_and_nothing_is_asked_without_them(
    silent: str,
) -> None:
    def read(_: str) -> None:
        time.sleep(60)

    manifest = a_manifest(kafka={"bootstrapServers": silent, "secretRef": {"name": "user"}})
    asked = Asked(subject_of(manifest), manifest, read, None)
    assert found(asked, 0.5) == [
        Told("unseen", "spec.kafka.secretRef", "the API server did not answer in time"),
        Told("unseen", "spec.kafka", "Kafka was not looked at: its Secret is needed"),
        Told(
            "unseen", "spec.storage", "store and dataset were not looked at: their Secret is needed"
        ),
    ]


def test_secrets_to_which_no_way_leads_are_unseen() -> None:
    manifest = a_manifest(kafka={"bootstrapServers": "k:1", "secretRef": {"name": "user"}})
    asked = Asked(subject_of(manifest), manifest, None, None)
    assert found(asked, 1)[0] == Told(
        "unseen",
        "spec.kafka.secretRef",
        "Secret user, s3-client was not looked at: no kubeconfig leads to a cluster",
    )
