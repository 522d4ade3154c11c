"""The lifecycle topic, on brokers in memory."""

from pathlib import Path

from confluent_kafka import Consumer, KafkaError, TopicPartition

from perennial_contract.pipeline import Kafka, TopicSection
from perennial_trainer.kafka import LifecycleTopic
from tests.fakes.brokers import INIT_PRODUCER_ID, brokers


def test_who_may_write_to_the_topic_needs_no_other_right(tmp_path: Path) -> None:
    with brokers() as at:
        at.make("lifecycle")
        at.refuse(INIT_PRODUCER_ID, KafkaError.CLUSTER_AUTHORIZATION_FAILED)
        kafka = Kafka(bootstrap_servers=at.address)
        LifecycleTopic(kafka, TopicSection(topic="lifecycle"), tmp_path).write("a key", b"a value")
        consumer = Consumer({"bootstrap.servers": at.address, "group.id": "reads"})
        consumer.assign([TopicPartition("lifecycle", 0, 0)])
        (message,) = consumer.consume(1, 30)
        consumer.close()
    assert (message.key(), message.value()) == (b"a key", b"a value")
