"""Newest labels of a pipeline, on a topic of their own or inside its events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from perennial.diagnosis.defect import Defect, warning
from perennial.diagnosis.events import MOST, newest_events, read_events, unusable
from perennial.diagnosis.facts import KafkaFacts, TopicFacts
from perennial.diagnosis.subject import Subject
from perennial.diagnosis.texts import quoted
from perennial_contract.messages.events import Event
from perennial_contract.messages.labels import LabelReader
from perennial_contract.messages.paths import ABSENT
from perennial_contract.messages.record import Record
from perennial_contract.messages.references import Rejection
from perennial_contract.messages.spellings import read_label, spellings
from perennial_contract.reasons import DeadLetter
from perennial_contract.resource.schema import BinaryLabel
from perennial_contract.resource.streams import Labels


def labels(subject: Subject, facts: KafkaFacts, label: BinaryLabel | None) -> Iterator[Defect]:
    """`label` holds the two classes, as far as they are known."""
    declared = subject.spec.labels
    if declared is None:
        return
    if declared.path is not None:
        yield from _inside(subject, declared, newest_events(subject, facts), label)
        return
    topic = facts.topics.get(declared.topic or "")
    if isinstance(topic, TopicFacts) and topic.newest:
        yield from _apart(subject, declared, topic.newest, label)


def _inside(
    subject: Subject, declared: Labels, records: Sequence[Record], label: BinaryLabel | None
) -> Iterator[Defect]:
    events = [each for each in read_events(subject, records) if isinstance(each, Event)]
    written = [e.label for e in events if e.label is not ABSENT and e.label is not None]
    topic = f"of the newest {len(records)} records of topic {subject.spec.events.topic}"
    if events and not written:
        said = f"none {topic} has a label at {declared.path}"
        remedy = "Correct labels.path; nothing is learned of an event without a label."
        yield warning(("spec", "labels", "path"), said, remedy)
    yield from _classes(written, label, topic)


def _apart(
    subject: Subject, declared: Labels, records: Sequence[Record], label: BinaryLabel | None
) -> Iterator[Defect]:
    reader = LabelReader(declared, subject.spec.events)
    read = [reader.read(r.value, r.key, r.headers, r.source) for r in records]
    topic = f"of the newest {len(records)} records of topic {declared.topic}"
    fields = dict.fromkeys(DeadLetter, ("labels", "topic")) | {
        DeadLetter.NO_ID: ("labels", "id") if declared.id else ("events", "id"),
        DeadLetter.NO_LABEL: ("labels", "value"),
    }
    rejected = [each for each in read if isinstance(each, Rejection)]
    yield from unusable(rejected, len(read), fields, f"{topic} cannot be used as labels")
    written = [each.value for each in read if not isinstance(each, Rejection)]
    yield from _classes(written, label, topic)


def _classes(written: Sequence[object], label: BinaryLabel | None, topic: str) -> Iterator[Defect]:
    if label is None:
        return
    known = spellings(label)
    strange = [value for value in written if read_label(value, known) is None]
    if strange:
        severe = Defect if len(strange) > MOST * len(written) else warning
        yield severe(
            ("spec", "schema", "label"),
            f"{len(strange)} {topic} have a label such as {quoted(strange[0])}, which is neither"
            f" {label.positive!r} nor {label.negative!r}",
            "Correct schema.label, or say in schema.label.aliases what it means.",
        )
