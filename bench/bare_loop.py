"""Bare loop on the client of Kafka: it answers each event with its own bytes and scores nothing.

Run as a process of its own by `bench.predictor_cpu`, to tell what the client costs by itself.
"""

from __future__ import annotations

import signal
import sys
import time
from threading import Event
from typing import Final

from confluent_kafka import Consumer, Producer, TopicPartition

COMMIT: Final = 0.15  # seconds, as the predictor's


def main(bootstrap: str, events: str, predictions: str) -> None:
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    common = {"bootstrap.servers": bootstrap}
    consumer = Consumer({**common, "group.id": f"{events}.bare", "enable.auto.commit": False})
    consumer.assign([TopicPartition(events, partition) for partition in (0, 1)])
    producer = Producer({**common, "linger.ms": 0, "enable.idempotence": True})
    answered, committed = False, time.monotonic()
    while not stop.is_set():
        message = consumer.poll(0.1)
        if message is not None and message.error() is None:
            partition = message.partition() or 0
            producer.produce(predictions, message.value(), message.key(), partition)
            answered = True
        if answered and time.monotonic() >= committed + COMMIT:
            producer.flush()
            consumer.commit(asynchronous=True)
            answered, committed = False, time.monotonic()
    consumer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
