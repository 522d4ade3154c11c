"""A client of a pipeline: it sends an event, awaits its answer by id, and sends the label later.

    pip install confluent-kafka
    python client.py kafka:9092

Topics and fields are those of examples/pipelines/loans.yaml.
"""

import json
import sys
import time
import uuid
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

EVENTS, LABELS = "loans-events", "loans-labels"
ANSWERS, DEAD_LETTERS = "loans-predictions", "loans-dead-letters"


class Client:
    """For one thread, in no group; `patience` is how many seconds a call may take."""

    def __init__(self, brokers: str, patience: float = 30.0) -> None:
        settings = {"bootstrap.servers": brokers}  # here also security.protocol, sasl.username, …
        self.patience = patience
        self.producer = Producer(settings | {"message.timeout.ms": int(patience * 1000)})
        self.consumer = Consumer(settings | {"group.id": "none", "enable.auto.commit": False})
        self.consumer.assign([*self._ends_of(ANSWERS), *self._ends_of(DEAD_LETTERS)])

    def ask(self, name: str, record: dict[str, Any]) -> Any:
        """The answer to an event, which has its key; `name` is the event's id."""
        self._send(EVENTS, name, {"request_id": name, "data": record})
        end = time.monotonic() + self.patience
        while (left := end - time.monotonic()) > 0:
            message = self.consumer.poll(left)
            if message is not None and message.error():
                raise KafkaException(message.error())
            if message is None or message.key() != name.encode():
                continue  # nothing yet, or somebody else's answer
            if message.topic() == DEAD_LETTERS:
                raise ValueError(f"event {name} cannot be answered: {message.headers()}")
            return json.loads(message.value() or b"")
        raise TimeoutError(f"no answer to event {name} within {self.patience:g} s")

    def tell(self, name: str, label: str) -> None:
        """Sends an event's label: what was true. It may come as late as labels.maxDelay says."""
        self._send(LABELS, name, {"request_id": name, "group": label})

    def _send(self, topic: str, key: str, message: dict[str, Any]) -> None:
        self.producer.produce(topic, json.dumps(message), key, on_delivery=_check)
        self.producer.flush()  # until the brokers have it, or have not within our patience

    def _ends_of(self, topic: str) -> list[TopicPartition]:
        """Where its partitions end now: an answer that comes later cannot be missed."""
        found = self.consumer.list_topics(topic, timeout=self.patience).topics[topic]
        if found.error:
            raise KafkaException(found.error)
        places = [TopicPartition(topic, number) for number in found.partitions]
        for place in places:
            _, place.offset = self.consumer.get_watermark_offsets(place, timeout=self.patience)
        return places


def _check(error: KafkaError | None, _: Message) -> None:
    if error is not None:
        raise KafkaException(error)


def main(brokers: str) -> None:
    application = {"salary": 81_000, "commission": 0, "age": 37, "elevel": 2, "car": 7}
    application |= {"zipcode": 4, "hvalue": 310_000, "hyears": 12, "loan": 150_000}
    name = str(uuid.uuid4())
    client = Client(brokers)
    print(client.ask(name, application))
    client.tell(name, "A")  # a real client does so once it knows


if __name__ == "__main__":
    if not sys.argv[1:] or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    try:
        main(sys.argv[1])
    except (KafkaException, TimeoutError, ValueError) as error:
        sys.exit(f"client.py: {error}")
