"""Sections on topics: events, labels, predictions, dead letters, lifecycle."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from perennial_contract.resource.values import Duration, Name, Path, Section

TOPIC_PATTERN: Final = r"^[a-zA-Z0-9._-]+$"

Topic = Annotated[str, StringConstraints(min_length=1, max_length=249, pattern=TOPIC_PATTERN)]
NamedOrDerived = Annotated[str, StringConstraints(max_length=249, pattern=r"^[a-zA-Z0-9._-]*$")]
"""The name of a topic; in a resource empty, where it is derived from that of the events topic."""


class Reference(Section):
    """Where a value lies in a message: exactly one of `path`, `key` and `header`."""

    path: Path | None = None
    """Dotted path into the message's JSON value."""
    key: bool | None = None
    """`true`: the message's key, as text."""
    header: Name | None = None
    """Name of a message header."""

    @model_validator(mode="after")
    def exactly_one(self) -> Self:
        if sum((self.path is not None, self.key is True, self.header is not None)) != 1:
            raise ValueError("exactly one of path, key: true and header")
        return self


class Filter(Reference):
    values: Annotated[
        list[Annotated[str, StringConstraints(max_length=253)]], Field(max_length=64)
    ] = Field(default_factory=list)
    """Which values are accepted, as text; without any, every value is."""


class Events(Section):
    topic: Topic
    """The topic that holds the events."""
    id: Reference | None = None
    """What identifies an event. By default its key, where labels have a topic and no id of their
    own; else the event's place, topic/partition/offset."""
    record: Annotated[str, StringConstraints(max_length=253)] = ""
    """Dotted path to the object that holds the features; by default the whole message."""
    time: Reference | None = None
    """The event's own time (ISO 8601 text, seconds or milliseconds); it orders training rows."""
    filter: Filter | None = None
    """Which messages are events, on a topic that holds others too; the others are ignored."""


class Labels(Section):
    topic: Topic | None = None
    """The topic that holds the labels; not together with path."""
    path: Path | None = None
    """Dotted path to the label inside the event; not together with topic."""
    id: Reference | None = None
    """What identifies the labelled event in a label message; by default as in events."""
    value: Annotated[str, StringConstraints(max_length=253)] = "label"
    """Dotted path to the label in a label message."""
    max_delay: Duration = timedelta(hours=1)
    """How long after its event a label may arrive, by Kafka's timestamps."""
    maturity: Duration = timedelta(0)
    """How old a label must be before models are judged on it."""

    @model_validator(mode="after")
    def one_source(self) -> Self:
        if (self.topic is None) == (self.path is None):
            raise ValueError("exactly one label source: topic or path")
        return self


class TopicSection(Section):
    topic: Topic
    """The topic's name; it must exist."""


class Predictions(Section):
    topic: NamedOrDerived = ""
    """The topic's name; it must exist. By default that of events with `.predictions` added."""
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.5
    """The probability from which the positive class is answered."""


class DeadLetters(Section):
    topic: NamedOrDerived = ""
    """The topic's name; it must exist. By default that of events with `.dead-letters` added."""


DERIVED: Final = {"predictions": ".predictions", "deadLetters": ".dead-letters"}
"""By section: what its topic's name adds to that of the events topic."""
