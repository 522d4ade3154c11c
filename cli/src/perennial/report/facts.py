"""Facts of a run, read back at its end from the topics and from S3."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from perennial.pipeline import Names
from perennial.sending import answer
from perennial.stream.record import Record
from perennial_contract.messages.answers import REASON_HEADER
from perennial_contract.status import Verdict
from perennial_operator.api.attempts import HistoryEntry


@dataclass(frozen=True, slots=True)
class Served:
    """An answer as it stands in its topic."""

    id: str
    model: str
    at: float
    """Kafka's timestamp in seconds."""


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt's end in the status, and its verdict on S3."""

    entry: HistoryEntry
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read back from the topics and from S3; times in seconds of the same clock."""

    events: Sequence[str]
    served: Sequence[Served]
    labels: Sequence[float]
    dead: int
    attempts: Sequence[Ended]
    threshold: int


def read_facts(
    pipeline: Names,
    entries: Sequence[HistoryEntry],
    read_back: Callable[[str], Iterator[Record]],
    verdict: Callable[[int], Verdict | None],
) -> Facts:
    """What stands in the topics and on S3 at the end; the events are on a topic of their own.

    `read_back` gives a topic's records, `verdict` that of an attempt.
    """
    found = [(entry, verdict(entry.number)) for entry in entries]
    replies = [answer(record, pipeline) for record in read_back(pipeline.predictions)]
    return Facts(
        events=[record.key for record in read_back(pipeline.events)],
        served=[Served(reply.id, reply.model, reply.at) for reply in replies if reply],
        labels=[record.at for record in read_back(pipeline.labels)],
        dead=sum(REASON_HEADER in record.headers for record in read_back(pipeline.dead_letters)),
        attempts=[Ended(entry, verdict) for entry, verdict in found if verdict is not None],
        threshold=pipeline.threshold,
    )
