"""Real messages with a header whose name is not UTF-8, as any other client may write them.

The Python client cannot: librdkafka below it writes them, to a broker of its own or a real one.
"""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import c_int, c_size_t, c_void_p, create_string_buffer
from typing import Final

from confluent_kafka import Consumer, Message, Producer, TopicPartition

from tests.fakes.brokers import librdkafka

NAME: Final = b"\xffid"
_TOPIC, _VALUE, _KEY, _FLAGS, _HEADER, _END = map(c_int, (1, 4, 5, 7, 9, 0))
_COPY: Final = c_int(2)
_LIMIT: Final = 30  # seconds


def write_unreadable(address: str, topic: str, values: Sequence[bytes]) -> None:
    """Returns once the broker has them."""
    library = librdkafka()
    said, room = create_string_buffer(512), c_size_t(512)
    settings = c_void_p(library.rd_kafka_conf_new())
    library.rd_kafka_conf_set(settings, b"bootstrap.servers", address.encode(), said, room)
    producer = c_void_p(library.rd_kafka_new(c_int(0), settings, said, room))
    for value in values:
        length = c_size_t(len(value))
        content = (_TOPIC, topic.encode(), _FLAGS, _COPY, _VALUE, value, length)
        key = (_KEY, b"a key", c_size_t(5))
        header = (_HEADER, NAME, b"1", c_size_t(1))
        assert library.rd_kafka_producev(producer, *content, *key, *header, _END) == 0
    assert library.rd_kafka_flush(producer, c_int(_LIMIT * 1000)) == 0
    library.rd_kafka_destroy(producer)


def unreadable(values: Sequence[bytes]) -> list[Message]:
    """Consumed from partition 0 of the topic "events" on librdkafka's own broker in memory."""
    broker = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    (at,) = broker.list_topics(timeout=_LIMIT).brokers.values()
    address = f"{at.host}:{at.port}"
    broker.list_topics("events", timeout=_LIMIT)  # makes it
    write_unreadable(address, "events", values)
    consumer = Consumer({"bootstrap.servers": address, "group.id": "reads"})
    partitions = broker.list_topics("events", timeout=_LIMIT).topics["events"].partitions
    consumer.assign([TopicPartition("events", partition, 0) for partition in partitions])
    messages: list[Message] = []
    while len(messages) < len(values):
        messages += consumer.consume(len(values) - len(messages), _LIMIT)
    consumer.close()
    return messages
