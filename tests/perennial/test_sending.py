import json
import queue
import threading
from dataclasses import replace

import pytest

from perennial.pipeline import Message
from perennial.sending import Stream, answer
from perennial.stream.accuracy import Accuracy, Answer
from perennial.stream.record import Record
from perennial.stream.traffic import Traffic
from perennial.world.rows import Applications
from perennial_contract.resource.schema import BinaryLabel
from tests.fakes.loans import PIPELINE


class Loop:
    """A topic that answers every event with A at once."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.unread: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self.enough, self.flushed, self.read = (threading.Event() for _ in range(3))

    def send(self, messages: list[Message]) -> None:
        self.sent += messages
        for message in messages:
            if message.topic == PIPELINE.events:
                self.unread.put(message)
        if len(self.sent) > 3:
            self.enough.set()

    def flush(self) -> None:
        self.flushed.set()

    def poll(self, seconds: float) -> list[Record]:
        over = self.flushed.is_set()
        try:
            key = self.unread.get(timeout=seconds).key
        except queue.Empty:
            if over:
                self.read.set()
            return []
        return [Record(key, reply(key), 1.0, {})]


def reply(identity: str) -> bytes:
    return json.dumps(
        {"request_id": identity, "prediction": 1.0, "label": "A", "model": "v1-a"}
    ).encode()


def test_every_event_gets_its_label_and_is_graded_once_though_the_stream_ends() -> None:
    loop, accuracy = Loop(), Accuracy()
    stream = Stream(Traffic(PIPELINE, "r", Applications(1)), loop, loop.poll)
    stream.start()
    assert loop.enough.wait(30)
    stream.finish()
    assert loop.read.wait(30)
    stream.close()
    stream.drain(accuracy)

    events = [m.key for m in loop.sent if m.topic == PIPELINE.events]
    labels = [m.key for m in loop.sent if m.topic == PIPELINE.labels]
    assert sorted(events) == sorted(labels)
    assert len(accuracy.grades) == len(events)


def test_what_ends_a_thread_is_handed_over() -> None:
    def broken(_: float) -> list[Record]:
        raise OSError("no broker")

    stream = Stream(Traffic(PIPELINE, "r", Applications(1)), Loop(), broken)
    stream.start()
    stream.close()
    with pytest.raises(OSError, match="no broker"):
        stream.drain(Accuracy())


def test_a_stream_that_never_began_can_be_closed() -> None:
    loop = Loop()
    Stream(Traffic(PIPELINE, "r", Applications(1)), loop, loop.poll).close()

    assert loop.sent == []


def test_what_stands_beside_the_answers_is_none() -> None:
    event = Record("r-1", b'{"request_id": "r-1", "data": {"age": 37}}', 1.0, {})

    assert answer(event, PIPELINE) is None


def test_an_answer_without_an_id_is_known_by_its_key_and_its_class_by_any_spelling() -> None:
    classes = BinaryLabel(positive="1", negative="0")
    pipeline = replace(PIPELINE, id_field="", classes=classes)
    value = b'{"id": "t/0/17", "prediction": 1.0, "label": "1.0", "model": "v1-a"}'

    assert answer(Record("r-1", value, 2.0, {}), pipeline) == Answer("r-1", "1", "v1-a", 2.0)
