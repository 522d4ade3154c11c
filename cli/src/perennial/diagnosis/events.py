"""Newest events of a pipeline, read as predictor and recorder read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from perennial.diagnosis.defect import Defect, Path, warning
from perennial.diagnosis.facts import KafkaFacts, TopicFacts
from perennial.diagnosis.subject import Subject
from perennial.diagnosis.texts import quoted
from perennial_contract.messages.dead_letters import REPLAYED_HEADER
from perennial_contract.messages.events import Event, EventReader, Filtered
from perennial_contract.messages.paths import ABSENT, pick
from perennial_contract.messages.provenance import answerers
from perennial_contract.messages.record import Record
from perennial_contract.messages.references import Rejection
from perennial_contract.messages.scalars import to_number
from perennial_contract.reasons import DeadLetter
from perennial_contract.resource.schema import Feature, FeatureType

MOST: Final = 0.5  # share from which it is the field's fault
_FIELDS: Final[Mapping[DeadLetter, Path]] = dict.fromkeys(DeadLetter, ("events", "topic")) | {
    DeadLetter.NO_ID: ("events", "id"),
    DeadLetter.NO_RECORD: ("events", "record"),
}


def events(subject: Subject, facts: KafkaFacts, features: Sequence[Feature]) -> Iterator[Defect]:
    """`features` are those that a first model would have, as far as they are known."""
    spec = subject.spec
    records = newest_events(subject, facts)
    if not records:
        return
    read = read_events(subject, records)
    topic = f"of the newest {len(records)} records of topic {spec.events.topic}"
    if not read:
        said = f"none {topic} is an event by events.filter"
        yield warning(("spec", "events", "filter"), said, "Correct events.filter, or wait for one.")
    rejected = [each for each in read if isinstance(each, Rejection)]
    yield from unusable(rejected, len(read), _FIELDS, f"{topic} would be dead letters")
    usable = [each for each in read if isinstance(each, Event)]
    if usable:
        yield from _times(subject, usable, topic)
        first = [each for each in records if REPLAYED_HEADER not in dict(each.headers or ())]
        sent_once = [each for each in read_events(subject, first) if isinstance(each, Event)]
        yield from _keys(subject, sent_once, topic)
        yield from _features(subject, usable, features, topic)


def newest_events(subject: Subject, facts: KafkaFacts) -> Sequence[Record]:
    """Some of the newest records of the events topic that are no answers."""
    spec = subject.spec
    topic = facts.topics.get(spec.events.topic)
    newest = topic.newest if isinstance(topic, TopicFacts) else ()
    own = spec.predictions.topic == spec.events.topic
    return [record for record in newest if not (own and answerers(record))]


def read_events(subject: Subject, records: Sequence[Record]) -> list[Event | Rejection]:
    """Without those that events.filter leaves alone."""
    labels = subject.spec.labels
    reader = EventReader(subject.spec.events, labels.path if labels else None)
    read = (reader.read(r.value, r.key, r.headers, r.source) for r in records)
    return [each for each in read if not isinstance(each, Filtered)]


def unusable(
    rejected: Sequence[Rejection], read: int, fields: Mapping[DeadLetter, Path], said: str
) -> Iterator[Defect]:
    """A defect for each reason, the most frequent first; of most that were `read`, no warning."""
    detail = {each.reason: each.detail for each in rejected}
    for reason, count in Counter(each.reason for each in rejected).most_common():
        severe = Defect if count > MOST * read else warning
        yield severe(("spec", *fields[reason]), f"{count} {said}: {detail[reason]}", reason.remedy)


def _times(subject: Subject, events: Sequence[Event], topic: str) -> Iterator[Defect]:
    if subject.spec.events.time and all(event.time is None for event in events):
        yield warning(
            ("spec", "events", "time"),
            f"none {topic} has a time there",
            "Correct events.time: it takes ISO 8601 texts, seconds or milliseconds.",
        )


def _keys(subject: Subject, events: Sequence[Event], topic: str) -> Iterator[Defect]:
    """Keys that name no single event, where labels of a topic of their own do so by them."""
    labels, identity = subject.spec.labels, subject.spec.events.id
    if labels is None or not labels.topic or identity is None or not identity.key:
        return
    counts = Counter(event.id for event in events)
    if repeated := len(events) - len(counts):
        said = f"{repeated} {topic} have the key of another, such as"
        yield warning(
            ("spec", "events", "id"),
            f"{said} {quoted(counts.most_common(1)[0][0])}: they are answered, and taken for"
            " duplicates, of which nothing is learned",
            "Say in events.id and labels.id what identifies an event, or give each event a key.",
        )


def _features(
    subject: Subject, events: Sequence[Event], features: Sequence[Feature], topic: str
) -> Iterator[Defect]:
    absent = [each for each in features if not _values(each, events)]
    if features and len(absent) == len(features):
        yield Defect(
            ("spec", "events", "record"),
            f"none {topic} has any of the {len(features)} features, such as {_place(features[0])}",
            "Correct events.record: it is the path to the object that holds them.",
        )
        return
    for each in absent:
        yield warning(
            _declared(subject, each),
            f"none {topic} has anything at {_place(each)}, a feature: it would always be missing",
            "Send it, give its path in schema.features, or name it in schema.exclude.",
        )
    for each in features:
        values = _values(each, events)
        strange = [value for value in values if to_number(value) is None]
        if each.type is FeatureType.NUMBER and len(strange) > MOST * len(values):
            yield warning(
                _declared(subject, each),
                f"{len(strange)} {topic} have no number at {_place(each)} but, such as,"
                f" {quoted(strange[0])}",
                "Send numbers, or declare the feature as a Category.",
            )


def _values(feature: Feature, events: Sequence[Event]) -> list[object]:
    found = (pick(event.record, _place(feature)) for event in events)
    return [value for value in found if value is not ABSENT]


def _place(feature: Feature) -> str:
    return feature.path or feature.name


def _declared(subject: Subject, feature: Feature) -> Path:
    for number, each in enumerate(subject.spec.label_schema.features):
        if each.name == feature.name:
            return ("spec", "schema", "features", number)
    return ("spec", "schema")
