"""Trainer against servers that insist on passwords and certificates."""

from __future__ import annotations

import pytest

from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.streams import TopicSection
from perennial_contract.runtime.kafka.lifecycle import LifecycleTopic
from perennial_contract.runtime.kafka.security import kafka_security
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.runtime.mounts import Mounts
from tests.fakes.mount import Mount
from tests.support.security.kafka import User
from tests.support.security.recorder import Recording
from tests.support.security.secrets import (
    Content,
    without_certificate,
)
from tests.support.servers import KAFKA_SASL, KAFKA_TLS

pytestmark = pytest.mark.integration


def test_a_trainer_writes_its_lifecycle_by_password(
    recording: Recording, mount: Mount, password: Content, user: User
) -> None:
    mount.put(password)
    lifecycle = TopicSection(topic=recording.topic)
    kafka = Kafka(bootstrap_servers=KAFKA_SASL)
    topic = LifecycleTopic(kafka, lifecycle, kafka_security(kafka, Mounts(kafka=mount.folder)))
    user.set_password("other")
    with pytest.raises(Trouble, match="uthentication") as refused:
        topic.write("key", b"{}")
    assert refused.value.reason == ProgramReason.KAFKA_REFUSED

    user.set_password("right")
    topic.write("key", b"{}")


def test_a_trainer_that_trusts_no_authority_of_the_brokers_says_so(
    recording: Recording, mount: Mount, password: Content, stranger: str
) -> None:
    mount.put(password | {"ca.crt": stranger})
    assert "certificate" in refusal_of(recording.topic, KAFKA_SASL, mount)


def test_a_trainer_without_the_certificate_that_is_asked_for_says_so(
    recording: Recording, mount: Mount, certificate: Content
) -> None:
    mount.put(without_certificate(certificate))
    assert "certificate" in refusal_of(recording.topic, KAFKA_TLS, mount)


def refusal_of(topic: str, address: str, mount: Mount) -> str:
    kafka = Kafka(bootstrap_servers=address)
    security = kafka_security(kafka, Mounts(kafka=mount.folder))
    lifecycle = LifecycleTopic(kafka, TopicSection(topic=topic), security)
    with pytest.raises(Trouble) as refused:
        lifecycle.write("key", b"{}")
    assert refused.value.reason == ProgramReason.KAFKA_REFUSED
    return str(refused.value)
