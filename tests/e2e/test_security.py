"""A namespace that allows little, a broker that asks for a password, a store that speaks TLS."""

from collections.abc import Callable, Iterator
from typing import Final

import pytest

from perennial_contract.reasons import ProgramReason
from tests.support.e2e.kubectl import Json, apply, kubectl, listed
from tests.support.e2e.pipeline import BUCKET, Pipeline
from tests.support.e2e.rows import LOANS, loans
from tests.support.e2e.stream import Stream
from tests.support.security.kafka import User
from tests.support.security.secrets import Content, password_secret, s3_secret
from tests.support.servers import need_certificates

pytestmark = pytest.mark.e2e

NAME: Final = "e2e-security"
SPEC: Final[Json] = {
    "kafka": {"bootstrapServers": "kafka.default:9094", "secretRef": {"name": "kafka-client"}},
    "storage": {
        "endpoint": "https://minio.default:9443",
        "bucket": BUCKET,
        "prefix": f"{NAME}/models",
        "secretRef": {"name": "s3-client"},
    },
    "predictor": {"replicas": 2},
    "retrain": {"threshold": 3_600},
}


@pytest.fixture
def authority(request: pytest.FixtureRequest) -> str:
    return (need_certificates(request) / "ca.crt").read_text()


@pytest.fixture
def users() -> Iterator[list[User]]:
    users = [User(), User()]
    yield users
    for user in users:
        user.remove()


@pytest.fixture
def pipeline(prepared: Callable[[Pipeline], Pipeline], authority: str) -> Pipeline:
    """All that is the user's, in a namespace that enforces Pod Security's `restricted`."""
    pipeline = prepared(Pipeline(NAME, LOANS, Stream(NAME), SPEC))
    pipeline.prepare(loans(1_500))
    kubectl("label", "namespace", NAME, "pod-security.kubernetes.io/enforce=restricted")
    hold("s3-client", s3_secret(authority))
    return pipeline


def hold(name: str, content: Content) -> None:
    """What a Secret of the namespace holds from now on."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}
    apply(NAME, {**secret, "stringData": content})


def test_a_pipeline_says_what_it_is_refused_then_works_and_takes_a_secret_that_changes(
    pipeline: Pipeline, users: list[User], authority: str
) -> None:
    old, new = users
    hold("kafka-client", password_secret(old, old.name, authority))
    pipeline.apply()
    pipeline.expect(90, "the broker's refusal is told", lambda: is_refused(pipeline))

    old.set_password(old.name)
    pipeline.wait_ready()
    pipeline.stream.send(loans(500, seed=2))
    pipeline.wait_answered()
    before = programs()
    assert set(before.values()) == {0}

    new.set_password(new.name)
    sending = pipeline.stream.start(loans(2_400, seed=3), rate=40)
    hold("kafka-client", password_secret(new, new.name, authority))
    pipeline.expect(120, "each process has taken the Secret", lambda: all(programs().values()))
    sending.join()
    old.remove()
    pipeline.stream.send(loans(500, seed=4))
    pipeline.wait_answered()
    pipeline.wait_ready()

    assert programs() == dict.fromkeys(before, 1)  # the same pods, each ended once
    assert ends() == {0}
    pipeline.stream.send(loans(500, seed=5))
    pipeline.wait_attempt(2)
    pipeline.expect(60, "the trainer tells its verdict", lambda: tells(pipeline, "completed"))
    assert tells(pipeline, "started")


def is_refused(pipeline: Pipeline) -> bool:
    condition = pipeline.condition("RecorderAvailable")
    return condition.get("reason") == ProgramReason.KAFKA_REFUSED


def tells(pipeline: Pipeline, kind: str) -> bool:
    """Whether the second attempt's message stands on the topic; the first may have been refused."""
    return 2 in [said["attempt"] for said in pipeline.stream.lifecycle(kind)]


def containers() -> Iterator[tuple[str, Json]]:
    """Of predictor and recorder: the pod's UID, and what became of its container."""
    for pod in listed(NAME, "pods", "perennial.dev/pipeline"):
        for container in pod["status"].get("containerStatuses", []):
            if container["name"] != "trainer":
                yield pod["metadata"]["uid"], container


def programs() -> dict[str, int]:
    """How often the process of each pod was started again."""
    return {uid: container["restartCount"] for uid, container in containers()}


def ends() -> set[int]:
    """The exit codes with which those processes ended."""
    return {container["lastState"]["terminated"]["exitCode"] for _, container in containers()}
