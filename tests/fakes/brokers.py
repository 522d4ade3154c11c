"""Librdkafka's own brokers in memory, which refuse what a test wants refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CDLL, c_char_p, c_int, c_int16, c_int32, c_size_t, c_void_p, create_string_buffer
from pathlib import Path
from typing import Final

import confluent_kafka

INIT_PRODUCER_ID: Final = 22  # a request's number in Kafka's protocol


def librdkafka() -> CDLL:
    """The library below the Python client, which shows less of it."""
    package = Path(confluent_kafka.__file__).parent
    library = CDLL(str(next(package.with_suffix(".libs").glob("librdkafka*"))))
    library.rd_kafka_conf_new.restype = library.rd_kafka_new.restype = c_void_p
    library.rd_kafka_mock_cluster_new.restype = c_void_p
    library.rd_kafka_mock_cluster_bootstraps.restype = c_char_p
    return library


class Brokers:
    """One broker at `address`."""

    def __init__(self, library: CDLL, cluster: c_void_p) -> None:
        self._library = library
        self._cluster = cluster
        self.address: Final[str] = library.rd_kafka_mock_cluster_bootstraps(cluster).decode()

    def make(self, topic: str, partitions: int = 1) -> None:
        self._library.rd_kafka_mock_topic_create(
            self._cluster, topic.encode(), c_int(partitions), c_int(1)
        )

    def elect(self, topic: str) -> None:
        """The leader of partition 0 is elected again: its next epoch begins."""
        self._library.rd_kafka_mock_partition_set_leader(
            self._cluster, topic.encode(), c_int32(0), c_int32(1)
        )

    def refuse(self, request: int, code: int) -> None:
        """The next request of that number is answered with this error."""
        self._library.rd_kafka_mock_push_request_errors(
            self._cluster, c_int16(request), c_size_t(1), c_int(code)
        )


@contextmanager
def brokers() -> Iterator[Brokers]:
    library = librdkafka()
    said, room = create_string_buffer(512), c_size_t(512)
    settings = c_void_p(library.rd_kafka_conf_new())
    library.rd_kafka_conf_set(settings, b"log_level", b"0", said, room)
    client = c_void_p(library.rd_kafka_new(c_int(0), settings, said, room))
    cluster = c_void_p(library.rd_kafka_mock_cluster_new(client, c_int(1)))
    library.rd_kafka_mock_set_controller_id(cluster, c_int(1))
    yield Brokers(library, cluster)
    library.rd_kafka_mock_cluster_destroy(cluster)
    library.rd_kafka_destroy(client)
