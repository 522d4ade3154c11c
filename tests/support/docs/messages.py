"""Examples of docs/messages.md, as the page shows them, and the programs that they are run by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from confluent_kafka import Consumer, TopicPartition

from perennial_contract.lifecycle import Message
from perennial_contract.messages.record import Record
from perennial_contract.messages.spellings import spellings
from perennial_contract.objects.bundle import (
    GOLDEN,
    MODEL,
    Bundle,
    Golden,
    Manifest,
    describe,
    seal,
    to_golden,
)
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.schema import BinaryLabel
from perennial_contract.resource.streams import DERIVED, Events, Labels, TopicSection
from perennial_contract.runtime.kafka.lifecycle import LifecycleTopic
from perennial_contract.runtime.kafka.records import record_of
from perennial_contract.settings import PredictorSettings
from perennial_predictor.adapters.answers import AnswersSink
from perennial_predictor.adapters.client_settings import apart
from perennial_predictor.ports import Topics
from perennial_predictor.scoring.answers import Answerer
from perennial_predictor.scoring.binary import load
from perennial_predictor.scoring.records import Outgoing
from tests.fakes import broker
from tests.fakes.brokers import brokers
from tests.golden import bundle
from tests.support.recorder.harness import Stage
from tests.support.tree import ROOT

PAGE: Final = (ROOT / "docs" / "messages.md").read_text()
PARTITIONS: Final = 3
_LIMIT: Final = 30.0  # seconds: ends a test that would wait for ever
_BLOCK: Final = re.compile(r"^```(.+?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PLACE: Final = re.compile(
    r"(?P<topic>[^/\s]+)/(?P<partition>\d+)(/(?P<offset>\d+))?"
    r"(, key (?P<key>\S+))?(, (?P<at>\S+Z))?"
)
_NO_VALUE: Final = "(no value)"
_STARTS: Final = ("event", "request", "lifecycle")


@dataclass(frozen=True)
class Block:
    """A fenced block of the page: what it is of, and its text."""

    kind: str
    text: str
    line: int
    heading: int
    """Which of the page's headings it stands below."""


@dataclass(frozen=True)
class Example:
    """Messages that are sent, and what the page says that comes of them."""

    sections: dict[str, Any]
    """Of the ModelPipeline."""
    sent: list[Block]
    expected: list[Block]

    @property
    def blocks(self) -> list[Block]:
        return [*self.sent, *self.expected]


def blocks() -> list[Block]:
    return [
        Block(found[1], found[2], above.count("\n") + 1, above.count("\n#"))
        for found in _BLOCK.finditer(PAGE)
        for above in [PAGE[: found.start()]]
    ]


def examples(kind: str) -> list[Example]:
    """Those of one kind; YAML holds up to the next heading, and adds to the page's first."""
    found: list[Example] = []
    first: dict[str, Any] = {}
    sections, heading = first, 0
    for block in blocks():
        if block.heading != heading:
            sections, heading = first, block.heading
        if block.kind == "yaml":
            sections = first | yaml.safe_load(block.text)
            first = first or sections
        elif block.kind.startswith(_STARTS):
            found.append(Example(sections, [block], []))
        elif block.kind == "label":
            found[-1].sent.append(block)
        else:
            found[-1].expected.append(block)
    return [each for each in found if each.sent[0].kind == kind]


def table(head: str) -> list[list[str]]:
    """The cells of a table whose head begins with this cell."""
    below = PAGE.split(f"\n| {head} |", 1)[1].splitlines()[2:]
    rows = below[: next((i for i, line in enumerate(below) if not line.startswith("|")), None)]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def read(block: Block) -> Record:
    """The record that a block shows: its place, its headers, a blank line and its value."""
    head, _, value = block.text.partition("\n\n")
    place, *headers = head.splitlines()
    found = _PLACE.fullmatch(place)
    assert found, f"line {block.line}: no place: {place}"
    at = datetime.fromisoformat(found["at"]) if found["at"] else None
    return Record(
        found["topic"],
        int(found["partition"]),
        int(found["offset"] or 0),
        found["key"].encode() if found["key"] else None,
        None if value.strip() == _NO_VALUE else _bytes(value.removesuffix("\n")),
        [_header(line) for line in headers],
        -1 if at is None else int(at.timestamp() * 1000),
    )


def _header(line: str) -> tuple[str, bytes | None]:
    name, _, value = line.partition(": ")
    return name, value.encode()


def _bytes(text: str) -> bytes:
    r"""A byte that is no text stands as \x00 on the page."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes.fromhex(m[1].decode()), text.encode())


def label_above(line: str) -> BinaryLabel:
    """The label that the block above a line declares."""
    above = PAGE.split(f"\n{line}\n")[0].rpartition("```yaml\n")[2].partition("```")[0]
    return BinaryLabel.model_validate(yaml.safe_load(above)["schema"]["label"])


def _settings(example: Example, address: str) -> PredictorSettings:
    told = {name: of for name, of in example.sections.items() if name != "schema"}
    for section, added in DERIVED.items():
        told.setdefault(section, {"topic": told["events"]["topic"] + added})
    usual = {"uid": "uid-1", "namespace": "default", "name": "income"}
    usual |= {"created": "2026-01-01T00:00:00Z"}
    storage = {"bucket": "models", "secretRef": {"name": "s3"}}
    return PredictorSettings.model_validate(
        usual | told | {"storage": storage, "kafka": {"bootstrapServers": address}}
    )


@cache
def _model() -> Bundle:
    """The golden bundle's tree, with scores whose probabilities look like some."""
    inside = dict(bundle.files())
    tree = inside[MODEL].replace(b"leaf_value=0 800 -800 0 800", b"leaf_value=0 2.5 -1.5 0 2.5")
    old: list[dict[str, Any]] = [{"age": 70}]
    inside |= {MODEL: tree, GOLDEN: to_golden([Golden(row, [2.5]) for row in old])}
    manifest = Manifest(
        uid="uid-1",
        number=4,
        created=datetime(2026, 1, 1, tzinfo=UTC),
        label=BinaryLabel(positive=">50K", negative="<=50K"),
        candidate="search",
        files=describe(inside),
        schema_digest="0" * 64,
        rows=400,
        score=0.25,
    )
    return seal(manifest, inside)[0]


def predicted(example: Example, refused: str = "") -> list[tuple[str, Record]]:
    """What a predictor sends for an example's event, read back from brokers, by kind of block.

    `refused` is what brokers say that take nothing but the last attempt at a dead letter.
    """
    with brokers() as at:
        settings = _settings(example, at.address)
        answerer = Answerer(settings, load(_model(), settings))
        out, _ = answerer.answer([read(example.sent[0])])
        if refused:
            *_, last = answerer.dead_letters.ladder(out[0], refused)
            out = [last]
        kinds = {settings.predictions.topic: "answer", settings.dead_letters.topic: "dead-letter"}
        for topic in kinds:
            at.make(topic, PARTITIONS)
        _send(settings, out)
        return [(kinds[each.topic], each) for each in _all(at.address, kinds, len(out))]


def answered_again(example: Example, record: Record) -> int:
    """How many answers and dead letters follow where the predictor reads this record."""
    settings = _settings(example, "nowhere:9092")
    return len(Answerer(settings, load(_model(), settings)).answer([record])[0])


def _send(settings: PredictorSettings, outgoing: Sequence[Outgoing]) -> None:
    sink = AnswersSink(settings, {}, apart)  # another producer waits half a second at first
    sink.route(Topics("id", PARTITIONS, PARTITIONS, PARTITIONS))
    for out in outgoing:
        sink.send(out)
    assert sink.flush() == []
    sink.close()


def _all(address: str, topics: Iterable[str], count: int) -> list[Record]:
    consumer = Consumer({"bootstrap.servers": address, "group.id": "reads"})
    there = consumer.list_topics(timeout=_LIMIT).topics
    consumer.assign([TopicPartition(t, p, 0) for t in topics for p in there[t].partitions])
    found = consumer.consume(count, _LIMIT) if count else []
    consumer.close()
    return [_shown(record_of(each)) for each in found]


def _shown(record: Record) -> Record:
    """What a page shows of a record that was sent."""
    return record._replace(offset=0, timestamp=-1, headers=record.headers or [])


def written(example: Example, message: Message) -> Record:
    """A message as the programs write it to the lifecycle topic."""
    topic = TopicSection.model_validate(example.sections["lifecycle"])
    with brokers() as at:
        at.make(topic.topic)
        kafka = Kafka(bootstrap_servers=at.address)
        text = message.model_dump_json().encode()
        LifecycleTopic(kafka, topic, {}).write(message.pipeline, text)
        return _all(at.address, [topic.topic], 1)[0]


def recorded(example: Example, folder: Path) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The observations that a recorder writes of an example's event and labels, and its counts."""
    events = Events.model_validate(example.sections["events"])
    labels = Labels.model_validate(example.sections["labels"])
    label = BinaryLabel.model_validate(example.sections["schema"]["label"])
    stage = Stage(folder, labels, events=events, label=spellings(label))
    for topic in filter(None, (events.topic, labels.topic)):
        stage.broker.create(topic, PARTITIONS)
    for block in example.sent:
        record = read(block)
        log = stage.broker.logs[record.topic][record.partition]
        log.records += [None] * (record.offset - log.end)
        sent = broker.Record(record.timestamp, record.value, record.key, record.headers)
        stage.broker.append(record.topic, record.partition, sent)
        stage.later(max(0.0, record.timestamp / 1000 - stage.now))
    rows = [asdict(row) for row in stage.rows(stage.broker.ids[events.topic])]
    return [row | {"record": json.loads(row["record"])} for row in rows], stage.counts()
