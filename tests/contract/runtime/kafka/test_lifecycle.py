"""The lifecycle topic, on brokers in memory."""

from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, TopicPartition

from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.streams import TopicSection
from perennial_contract.runtime.kafka.lifecycle import LifecycleTopic
from perennial_contract.runtime.kafka.security import kafka_security
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.runtime.mounts import Mounts
from tests.fakes.brokers import INIT_PRODUCER_ID, brokers
from tests.fakes.closed_door import closed_door


def test_who_may_write_to_the_topic_needs_no_other_right(tmp_path: Path) -> None:
    with brokers() as at:
        at.make("lifecycle")
        at.refuse(INIT_PRODUCER_ID, KafkaError.CLUSTER_AUTHORIZATION_FAILED)
        kafka = Kafka(bootstrap_servers=at.address)
        security = kafka_security(kafka, Mounts(kafka=tmp_path))
        LifecycleTopic(kafka, TopicSection(topic="lifecycle"), security).write("a key", b"a value")
        consumer = Consumer({"bootstrap.servers": at.address, "group.id": "reads"})
        consumer.assign([TopicPartition("lifecycle", 0, 0)])
        (message,) = consumer.consume(1, 30)
        consumer.close()
    assert (message.key(), message.value()) == (b"a key", b"a value")


def test_what_the_client_does_not_take_is_told_without_the_secret(tmp_path: Path) -> None:
    (tmp_path / "security.protocol").write_text("a secret")
    kafka = Kafka(bootstrap_servers="kafka:9092")
    security = kafka_security(kafka, Mounts(kafka=tmp_path))
    topic = LifecycleTopic(kafka, TopicSection(topic="lifecycle"), security)
    with pytest.raises(Trouble, match=r"security\.protocol") as told:
        topic.write("a key", b"a value")
    assert "a secret" not in str(told.value)


def test_brokers_that_close_the_door_are_asked_a_few_times_and_not_twenty_a_second() -> None:
    with closed_door() as door:
        kafka = Kafka(bootstrap_servers=door.address)
        topic = LifecycleTopic(kafka, TopicSection(topic="lifecycle"), {}, patience=4.0)
        with pytest.raises(Trouble):
            topic.write("a key", b"a value")
    assert 0 < door.knocks < 12
