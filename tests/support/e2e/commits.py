"""Commits of a consumer group, polled while a test runs."""

import threading
import time
from typing import Final, Self

from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient

from tests.support.servers import KAFKA

PAUSE: Final = 0.05  # seconds between two looks


class Commits:
    """Every commit of a group that was seen, with the time before it was asked for."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._admin = AdminClient({"bootstrap.servers": KAFKA})
        self._seen: list[tuple[float, dict[int, int]]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def at(self, moment: float) -> dict[int, int]:
        """By partition: what stood before that moment (seconds since 1970)."""
        before = [seen for asked, seen in self._seen if asked <= moment]
        return before[-1] if before else {}

    def _look(self) -> None:
        while not self._stop.wait(PAUSE):
            now = time.time()
            asked = self._admin.list_consumer_group_offsets(
                [ConsumerGroupTopicPartitions(self._group)]
            )
            for future in asked.values():
                found = future.result().topic_partitions or []
                self._seen.append((now, {t.partition: t.offset for t in found if t.offset >= 0}))
