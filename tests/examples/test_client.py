import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import pytest
import yaml
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from examples.app import client as example
from examples.app.client import ANSWERS, DEAD_LETTERS, EVENTS, LABELS, Client
from perennial_contract.messages.answers import AnswerWriter
from perennial_contract.messages.events import EventReader, Filtered
from perennial_contract.messages.labels import LabelMessage, LabelReader
from perennial_contract.messages.provenance import Provenance
from perennial_contract.messages.references import Rejection
from perennial_contract.resource.schema import BinaryLabel
from perennial_contract.runtime.kafka.records import record_of
from perennial_operator.api.spec import Spec
from perennial_predictor.scoring.dead_letters import DeadLetters
from tests.fakes.brokers import Brokers, brokers
from tests.support.examples.builders import LOANS

FILE: Final = Path(example.__file__)
SPEC: Final = Spec.model_validate(yaml.safe_load(LOANS.read_text())["spec"])
assert SPEC.labels
READER: Final = LabelReader(SPEC.labels, SPEC.events)
PRODUCE: Final = 0  # a request's number in Kafka's protocol
LIMIT: Final = 60.0  # seconds: ends a test that would wait for ever


@pytest.fixture
def at() -> Iterator[Brokers]:
    with brokers() as at:
        for topic in (EVENTS, LABELS, ANSWERS, DEAD_LETTERS):
            at.make(topic, 3)
        yield at


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(FILE), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)


@contextmanager
def connected(at: Brokers, patience: float = LIMIT) -> Iterator[Client]:
    client = Client(at.address, patience)
    try:
        yield client
    finally:
        client.consumer.close()
        client.producer.close()


def reads(at: Brokers, topic: str) -> Consumer:
    consumer = Consumer(
        {"bootstrap.servers": at.address, "group.id": "reads", "fetch.wait.max.ms": 10}
    )
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(3)])
    return consumer


@contextmanager
def answering(at: Brokers) -> Iterator[None]:
    """Stands in for the predictor: reads and writes as it does, with a model of one opinion."""
    stop = Event()

    def answer() -> None:
        consumer, producer = reads(at, EVENTS), Producer({"bootstrap.servers": at.address})
        reader = EventReader(SPEC.events, None)
        classes = BinaryLabel(positive="A", negative="B")
        writer = AnswerWriter(SPEC.events, classes, 0.5, "v1-3fa9c1d2")
        dead_letters = DeadLetters(Provenance("default.loans"))
        while not stop.is_set():
            message = consumer.poll(0.05)
            if message is None or message.error():
                continue
            record = record_of(message)
            read = reader.read(record.value, record.key, record.headers, record.source)
            assert not isinstance(read, Filtered)
            if isinstance(read, Rejection):
                out = dead_letters.write(record, read)
                producer.produce(DEAD_LETTERS, out.value, out.key, headers=out.headers)
            else:
                for name in ("somebody else's", read.id):
                    producer.produce(ANSWERS, writer.write(name, 0.75), str(name))
        consumer.close()
        producer.flush(LIMIT)

    thread = Thread(target=answer)
    thread.start()
    yield
    stop.set()
    thread.join(LIMIT)


def test_it_prints_the_answer_and_sends_a_label_that_is_joined_to_the_event(at: Brokers) -> None:
    with answering(at):
        ran = run(at.address)
    events, labels = (reads(at, topic).consume(1, LIMIT) for topic in (EVENTS, LABELS))
    event, label = record_of(events[0]), record_of(labels[0])
    name = json.loads(event.value or b"")["request_id"]
    given = READER.read(label.value, label.key, label.headers, label.source)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == (
        f"{{'request_id': '{name}', 'prediction': 1.0, 'label': 'A', 'probability': 0.75, "
        "'model': 'v1-3fa9c1d2'}\n"
    )
    assert given == LabelMessage(name, "A")
    assert event.key == label.key == name.encode()


def test_an_answer_is_not_missed_nor_taken_for_another(at: Brokers) -> None:
    with answering(at), connected(at) as client:
        answers = [client.ask(str(number), {"age": number}) for number in range(3)]

    assert [answer["request_id"] for answer in answers] == ["0", "1", "2"]


def test_an_event_that_cannot_be_answered_is_told_with_its_reason(at: Brokers) -> None:
    no_record: Any = None  # what a caller may do
    told = pytest.raises(ValueError, match=r"event 7 cannot be answered: .*NoRecord")
    with answering(at), connected(at) as client, told:
        client.ask("7", no_record)


def test_without_an_answer_it_ends_in_time(at: Brokers) -> None:
    told = pytest.raises(TimeoutError, match=r"no answer to event 7 within 0\.5 s")
    with connected(at, 0.5) as client, told:
        client.ask("7", {})


def test_a_right_that_is_missing_is_told(at: Brokers) -> None:
    with connected(at) as client:
        at.refuse(PRODUCE, KafkaError.TOPIC_AUTHORIZATION_FAILED)
        with pytest.raises(KafkaException, match="Topic authorization failed"):
            client.tell("7", "A")


def test_a_topic_that_is_missing_is_told_in_one_line() -> None:
    with brokers() as at:
        ran = run(at.address)

    assert (ran.returncode, ran.stdout) == (1, "")
    assert re.fullmatch("client.py: .*UNKNOWN_TOPIC_OR_PART.*\n", ran.stderr)


@pytest.mark.parametrize("arguments", [[], ["--help"]], ids=str)
def test_without_an_address_it_says_how_it_is_called(arguments: list[str]) -> None:
    ran = run(*arguments)

    assert (ran.returncode, ran.stderr) == (1, f"{example.__doc__}\n")


def test_its_topics_and_fields_are_those_of_the_manifest() -> None:
    assert SPEC.labels
    assert (SPEC.events.topic, SPEC.labels.topic) == (EVENTS, LABELS)
    assert (SPEC.predictions.topic, SPEC.dead_letters.topic) == (ANSWERS, DEAD_LETTERS)
