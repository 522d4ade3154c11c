"""Client of the published loop: requests and answers share a topic, without keys."""

import json
import time
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from confluent_kafka import Consumer, Producer, TopicPartition

from tests.support.servers import KAFKA

TOPIC = "app_messages"
RETRAIN = "retrain_topic"


class PublishedClient:
    """It sends, and takes a message for its answer by `prediction` and `request_id`."""

    def __init__(self) -> None:
        self._producer = Producer({"bootstrap.servers": KAFKA})
        settings = {"bootstrap.servers": KAFKA, "group.id": uuid4().hex}
        self._consumer = Consumer({**settings, "enable.auto.commit": False})
        partitions = self._consumer.list_topics(TOPIC, timeout=30).topics[TOPIC].partitions
        places = [TopicPartition(TOPIC, number) for number in partitions]
        for place in places:
            place.offset = self._consumer.get_watermark_offsets(place, timeout=30)[1]
        self._consumer.assign(places)
        self.asked: list[str] = []
        self.answers: dict[str, list[dict[str, Any]]] = {}

    def ask(self, data: Iterable[dict[str, Any]]) -> None:
        """Fields and label as they are, each with an id of its own."""
        for fields in data:
            self.asked.append(str(uuid4()))
            self._send(TOPIC, {"request_id": self.asked[-1], "data": fields})
        assert self._producer.flush(30) == 0

    def ask_to_retrain(self) -> None:
        self._send(RETRAIN, {"retrain": True, "model_id": 1, "batch_id": 3})
        assert self._producer.flush(30) == 0

    def read(self, seconds: float) -> None:
        """Until everything is answered, and then for a moment longer: nothing comes twice."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and len(self.answers) < len(self.asked):
            self._poll(0.5)
        self._poll(3)

    def _poll(self, seconds: float) -> None:
        for message in self._consumer.consume(1_000, seconds):
            assert not message.error()
            content = json.loads(message.value() or b"")
            if "prediction" in content and content["request_id"] in self.asked:
                self.answers.setdefault(content["request_id"], []).append(content)

    def _send(self, topic: str, content: dict[str, Any]) -> None:
        self._producer.produce(topic, json.dumps(content).encode("utf-8"))
        self._producer.poll(0)
