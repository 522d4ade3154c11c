from collections.abc import Iterable

from confluent_kafka import Producer

from perennial_contract.messages.record import Record
from perennial_contract.resource.kafka import Kafka
from perennial_contract.runtime.kafka.records import record_of
from perennial_contract.settings import PredictorSettings
from perennial_predictor.adapters.events import EventsSource
from perennial_predictor.ports import Positions, Topics
from tests.fakes.brokers import Brokers, brokers
from tests.fakes.headers import unreadable
from tests.support.predictor.stream import until


class Listening:
    """Notes what it is given, and which positions were out of range."""

    def __init__(self) -> None:
        self.positions: dict[int, int] = {}
        self.told: list[tuple[int, int, int]] = []

    def assigned(self, positions: Positions) -> None:
        self.positions.update(positions)

    def revoked(self, partitions: Iterable[int]) -> None: ...
    def lost(self, partitions: Iterable[int]) -> None: ...
    def out_of_range(self, partition: int, earliest: int, end: int) -> None:
        self.told.append((partition, earliest, end))

    def noticed(self, message: str) -> None: ...
    def committed(self, refused: str) -> None: ...


def send(at: Brokers, topic: str, count: int) -> None:
    producer = Producer({"bootstrap.servers": at.address})
    for _ in range(count):
        producer.produce(topic, b"{}", partition=0)
    producer.flush()


def read(events: EventsSource, count: int, listening: Listening) -> list[int]:
    """Offsets of the next events, or none once a position is out of range."""
    found: list[Record] = []
    for _ in range(100):
        found += events.batch(count - len(found), 0.1)
        if len(found) == count or listening.told:
            break
    return [record.offset for record in found]


def test_a_log_that_was_cut_and_has_grown_again_is_told_by_the_epochs_of_its_leaders(
    settings: PredictorSettings,
) -> None:
    with brokers() as at:
        topic, listening = settings.events.topic, Listening()
        at.make(topic)
        kafka = Kafka(bootstrap_servers=at.address)
        events = EventsSource(settings.model_copy(update={"kafka": kafka}), {})
        events.join(Topics("id", 1, 1, 1), listening)
        until(lambda: events.batch(1, 0.1) or listening.positions)
        send(at, topic, 7)
        assert read(events, 7, listening) == [*range(7)]
        at.elect(topic)
        send(at, topic, 10)
        events.rewind({0: 12})  # as if the old leader had had five events more
        assert read(events, 1, listening) == []
        assert listening.told == [(0, 0, 7)]
        events.rewind({0: 7})
        listening.told.clear()
        assert read(events, 10, listening) == [*range(7, 17)]
        events.leave()
        assert listening.told == []


def test_a_header_whose_name_is_not_utf_8_costs_the_headers_and_not_the_process() -> None:
    messages = unreadable([b"value"] * 100)  # CPython calls differently once it is warm
    read = [record_of(message) for message in messages]
    assert [(each.key, each.value, each.headers) for each in read] == [
        (b"a key", b"value", None)
    ] * len(messages)
