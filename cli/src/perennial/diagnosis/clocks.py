"""Clocks that pipeline and servers go by: this machine's, the servers' and the records'."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from perennial.diagnosis.defect import Defect, Path, warning
from perennial.diagnosis.facts import Clock, KafkaFacts, TopicFacts
from perennial.diagnosis.subject import Subject, Use
from perennial.diagnosis.texts import roughly
from perennial_contract.messages.times import MILLISECONDS
from perennial_contract.reasons import ProgramReason
from perennial_recorder.join.stream_clock import FUTURE

APART: Final = timedelta(minutes=5)
"""From which two clocks count as apart: S3 refuses what is signed a quarter of an hour off."""


def servers_clocks(clocks: Iterable[tuple[Path, Clock]]) -> Iterator[Defect]:
    for path, clock in clocks:
        apart = clock.ours - clock.theirs
        if abs(apart) >= APART:
            yield warning(
                path,
                f"this machine's clock is {roughly(abs(apart))}"
                f" {'ahead of' if apart > timedelta(0) else 'behind'} that of {clock.whose}",
                "Set the clocks by NTP: S3 refuses requests from 15 minutes on.",
            )


def records_clocks(subject: Subject, facts: KafkaFacts, now: datetime) -> Iterator[Defect]:
    """`now` is the time by this machine, or by a server that says otherwise."""
    for use in subject.uses:
        topic = facts.topics.get(use.topic)
        if use.section in {"events", "labels"} and isinstance(topic, TopicFacts):
            yield from _records(use, topic, round(now.timestamp() * 1000))


def _records(use: Use, topic: TopicFacts, now: int) -> Iterator[Defect]:
    times = sorted(record.timestamp for record in topic.newest)
    if not times:
        return
    early = [time for time in times if time < MILLISECONDS]
    broker = (topic.config or {}).get("message.timestamp.type") == "LogAppendTime"
    whose = "the brokers' clocks" if broker else "the clocks of those who write it"
    if len(early) == len(times):
        yield Defect(
            use.path,
            f"the newest records of topic {use.topic} have timestamps of {_date(times[-1])}:"
            " retention may remove them, and no label comes within maxDelay of its event",
            "Write Kafka's timestamps in milliseconds since 1970.",
        )
    elif (ahead := times[-1] - now) > FUTURE:
        yield Defect(
            use.path,
            f"the newest record of topic {use.topic} is {roughly(timedelta(milliseconds=ahead))}"
            f" ahead of now: {whose} are wrong, or this machine's",
            ProgramReason.CLOCK_WRONG.remedy,
        )


def _date(timestamp: int) -> str:
    return "no time" if timestamp < 0 else f"{1970 + timestamp // (365 * 86_400_000)}"
