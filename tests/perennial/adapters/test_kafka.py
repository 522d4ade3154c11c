import pytest

from perennial.adapters.kafka import KafkaTrouble, Sender
from perennial.pipeline import Message

NOWHERE = "127.0.0.1:1"


def test_a_kafka_that_is_away_for_too_long_is_told_of_before_memory_ends() -> None:
    sender = Sender(NOWHERE)
    with pytest.raises(KafkaTrouble, match=r"Kafka at 127\.0\.0\.1:1 takes no more: .*Queue full"):
        sender.send([Message("events", "id", b"{}")] * 200_000)
