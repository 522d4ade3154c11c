"""Report at the end: what each model was worth, how long it took, and what was lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from perennial.report.facts import Ended, Facts
from perennial.report.timeline import Timeline
from perennial.report.view import sentence, short
from perennial.stream.accuracy import Grade
from perennial_contract.status import Score
from perennial_contract.watermark import total
from perennial_operator.api.attempts import AttemptOutcome

SEARCH_AND_FIT: Final = ("search", "judge", "refit")  # candidates are fitted while it judges


@dataclass(frozen=True, slots=True)
class Counts:
    """Records by their ids; `dead` are messages among the dead letters."""

    sent: int
    answered: int
    lost: int
    doubled: int
    dead: int

    @property
    def whole(self) -> bool:
        return self.sent > 0 and not self.lost and not self.doubled


@dataclass(frozen=True, slots=True)
class Handover:
    """From the label that made a threshold full to the new model's answers, in seconds."""

    attempt: int
    old: str
    new: str
    waited: float
    """How long the attempt before still ran when the threshold was full."""
    first: float
    """To the first answer of the new model."""
    last: float
    """To the last answer of the old model."""
    worked: float
    """Search and fit, of both."""


def count(facts: Facts) -> Counts:
    sent = set(facts.events)
    answers = Counter(answer.id for answer in facts.served)
    return Counts(
        sent=len(sent),
        answered=len(answers.keys() & sent),
        lost=len(sent - answers.keys()),
        doubled=sum(times - 1 for times in answers.values()),
        dead=facts.dead,
    )


def handovers(facts: Facts) -> Iterator[Handover]:
    """One for each model that took over from another."""
    labels = sorted(facts.labels)
    first = {a.model: a.at for a in sorted(facts.served, key=lambda a: a.at, reverse=True)}
    last = {a.model: a.at for a in sorted(facts.served, key=lambda a: a.at)}
    consumed = [end for end in facts.attempts if end.entry.outcome is not AttemptOutcome.SUPERSEDED]
    for before, end in pairwise(consumed):
        old, new = end.entry.champion, end.entry.version
        full = total(before.verdict.watermark) + facts.threshold
        if new not in first or old not in last or full > len(labels):
            continue
        complete = labels[full - 1]
        start = max(complete, before.entry.ended_at.timestamp())
        worked = sum(end.verdict.seconds.get(stage, 0.0) for stage in SEARCH_AND_FIT)
        yield Handover(
            attempt=end.entry.number,
            old=old,
            new=new,
            waited=start - complete,
            first=first[new] - start,
            last=last[old] - start,
            worked=worked,
        )


def report(facts: Facts, timeline: Timeline, grades: Sequence[Grade]) -> list[str]:
    changes = ["Changes of the world", *(f"  {line}" for line in _changes(timeline))]
    return report_with(changes, facts, grades)


def report_with(middle: Sequence[str], facts: Facts, grades: Sequence[Grade]) -> list[str]:
    """`middle` stands between the attempts and how long they took."""
    return [
        "Attempts",
        *(line for end in facts.attempts for line in _attempt(end, grades)),
        "",
        *middle,
        "",
        "From the label that made the threshold full to the new model",
        *(
            f"  {line}"
            for handover in handovers(facts)
            for line in _handover(handover, facts.threshold)
        ),
        "",
        _records(count(facts)),
    ]


def _records(counts: Counts) -> str:
    return (
        f"Records: {counts.sent:,} sent, {counts.answered:,} answered, {counts.lost:,} lost,"
        f" {counts.doubled:,} doubled; {counts.dead:,} dead letters"
        " (by their ids, read back from the topics)"
    )


def _attempt(end: Ended, grades: Iterable[Grade]) -> Iterator[str]:
    yield f"  {sentence(end.entry)}"
    if end.verdict.scores:
        yield "      " + ", ".join(_score(score) for score in end.verdict.scores)
    if end.entry.outcome is AttemptOutcome.PROMOTED:
        mine = [grade.right for grade in grades if grade.model == end.entry.version]
        if mine:
            share = sum(mine) / len(mine)
            yield f"      it answered {len(mine):,} events, {share:.1%} of them as labelled"


def _score(score: Score) -> str:
    sure = "" if score.confidence is None else f" ({score.confidence:.0%} sure)"
    return f"{score.candidate} {score.loss:.3f}{sure}"


def _changes(timeline: Timeline) -> Iterator[str]:
    for change in timeline.changes:
        if change.recovered is None or change.recovered_at is None:
            yield f"function {change.function}: {change.before:.1%} before, not recovered"
        else:
            yield (
                f"function {change.function}: {change.before:.1%} before, {change.recovered:.1%}"
                f" after {change.recovered_at - change.at:.0f} s"
            )


def _handover(handover: Handover, threshold: int) -> Iterator[str]:
    begin = f"label {threshold:,}"
    if handover.waited > 0:
        begin = f"the end of the attempt before ({handover.waited:.1f} s after {begin})"
    yield (
        f"{short(handover.new)}: {handover.first:.1f} s to its first answer,"
        f" {handover.last:.1f} s to the last of {short(handover.old)}, from {begin}"
    )
    yield (
        f"    search and fit {handover.worked:.1f} s; the rest"
        f" {handover.first - handover.worked:.1f} s and {handover.last - handover.worked:.1f} s"
    )
