"""Command that sends events and labels at a steady rate until its standard input closes.

`python -m tests.support.embedded.traffic MANIFEST ADDRESS RATE OUT`; OUT then holds, as JSON, the
ids of all events, each of which the broker has confirmed, as it has its label.
"""

import json
import sys
import threading
import time
from pathlib import Path

from confluent_kafka import KafkaError, Message, Producer

from perennial.pipeline import Message as Outgoing
from perennial.pipeline import Names, load
from perennial.stream.traffic import Traffic
from perennial.world.rows import Applications


class Sent:
    """What the broker has confirmed."""

    def __init__(self, pipeline: Names, address: str) -> None:
        self._pipeline = pipeline
        self._events: set[str] = set()
        self._labels: set[str] = set()
        self._refused: list[str] = []
        self._producer = Producer(
            {"bootstrap.servers": address, "enable.idempotence": True, "log_level": 0}
        )

    def send(self, messages: list[Outgoing]) -> None:
        for message in messages:
            self._producer.produce(
                message.topic, message.value, message.key, on_delivery=self._delivered
            )
        self._producer.poll(0)

    def whole(self) -> list[str]:
        """The ids."""
        left = self._producer.flush(120)
        assert (left, self._refused) == (0, [])
        assert self._labels == self._events
        return sorted(self._events)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        key = (message.key() or b"").decode()
        if error:
            self._refused.append(f"{key}: {error}")
        elif message.topic() == self._pipeline.events:
            self._events.add(key)
        else:
            self._labels.add(key)


def main(manifest: Path, address: str, rate: float, out: Path) -> None:
    pipeline, over = load(manifest), threading.Event()

    def wait() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=wait, daemon=True).start()
    sent, traffic = Sent(pipeline, address), Traffic(pipeline, "run", Applications(seed=3), rate)
    while not over.wait(0.05):
        sent.send(traffic.due(time.monotonic()).messages)
    sent.send(traffic.owed())
    out.write_text(json.dumps(sent.whole()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), Path(sys.argv[4]))
