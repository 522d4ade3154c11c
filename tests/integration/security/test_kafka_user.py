"""Secrets of a KafkaUser and of its cluster, as Strimzi makes them, against real brokers."""

from __future__ import annotations

from pathlib import Path

import pytest

from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.streams import TopicSection
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.kafka.lifecycle import LifecycleTopic
from perennial_contract.runtime.kafka.security import kafka_security
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.runtime.mounts import Mounts
from tests.fakes.mount import Mount
from tests.support.security.kafka import User
from tests.support.security.recorder import Recording
from tests.support.security.secrets import strimzi_certificate, strimzi_password
from tests.support.servers import KAFKA_SASL, KAFKA_TLS

pytestmark = pytest.mark.integration


@pytest.fixture
def mounts(mount: Mount, certificates: Path, tmp_path: Path) -> Mounts:
    authority = Mount(tmp_path / "kafka-ca")
    authority.put({"ca.crt": (certificates / "ca.crt").read_text(), "ca.p12": b"\xff"})
    return Mounts(kafka=mount.folder, kafka_ca=authority.folder)


def lifecycle(address: str, topic: str, mounts: Mounts) -> LifecycleTopic:
    kafka = Kafka(
        bootstrap_servers=address,
        secret_ref=SecretReference(name="my-user"),
        ca_secret_ref=SecretReference(name="my-cluster-cluster-ca-cert"),
    )
    return LifecycleTopic(kafka, TopicSection(topic=topic), kafka_security(kafka, mounts))


def test_a_user_with_a_password_writes(
    recording: Recording, mount: Mount, mounts: Mounts, user: User
) -> None:
    mount.put(strimzi_password(user, "right"))
    lifecycle(KAFKA_SASL, recording.topic, mounts).write("key", b"{}")


def test_a_user_with_a_certificate_writes_and_its_own_authority_is_not_the_brokers(
    recording: Recording, mount: Mount, mounts: Mounts, certificates: Path, stranger: str
) -> None:
    mount.put(strimzi_certificate(certificates, stranger))
    lifecycle(KAFKA_TLS, recording.topic, mounts).write("key", b"{}")


def test_a_user_with_another_password_is_refused_and_it_is_said_nowhere(
    recording: Recording,
    mount: Mount,
    mounts: Mounts,
    user: User,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mount.put(strimzi_password(user, "c4n4ry"))
    with pytest.raises(Trouble, match="uthentication") as refused:
        lifecycle(KAFKA_SASL, recording.topic, mounts).write("key", b"{}")
    assert refused.value.reason == ProgramReason.KAFKA_REFUSED
    assert "c4n4ry" not in str(refused.value) + caplog.text
