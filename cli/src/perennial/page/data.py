"""Data of the page: one JSON document, read by the script of `page.html`.

Times are ISO 8601 in UTC. Whatever is unknown is null, whatever does not apply is left out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import UNSET, UnsetType, json

from perennial.page.section import Level, Section
from perennial.page.traffic import Answer, DeadLetters, Lag, Mark, Points, Records

ANSWERS: Final = 12  # recent ones at most
ATTEMPTS: Final = 60  # the newest, at most
CANDIDATES_OF: Final = 12  # attempts at most with all their candidates
_BREAKS_OUT: Final = {b"<": b"\\u003c", b">": b"\\u003e", b"&": b"\\u0026"}


class State(Section, frozen=True):
    """Whole pipeline in one word and one sentence."""

    level: Level
    word: str
    """Such as Ready, Waiting or Needs you."""
    summary: str


class Concern(Section, frozen=True):
    """Condition that is not well."""

    type: str
    level: Level
    reason: str
    message: str
    remedy: str
    """What to do about it, in one sentence."""
    since: datetime


class Serving(Section, frozen=True):
    """What answers."""

    version: str
    since: datetime
    why: str
    """One sentence: the verdict that let it serve, or the pin."""
    loss: float | None
    """Its newest judged, out-of-sample loss."""
    metric: str


class Labels(Section, frozen=True):
    """Labelled observations since the last attempt."""

    new: int
    threshold: int
    total: int
    """All that storage has confirmed."""


class Next(Section, frozen=True):
    """What the pipeline does next about training."""

    text: str
    at: datetime | None
    """When, where time decides."""


class Candidate(Section, frozen=True):
    """One candidate on the rows that judged."""

    name: str
    loss: float
    gain: float | None
    """Mean gain over the champion, paired by row."""
    confidence: float | None
    """One-sided, that the gain is above `promotion.minImprovement`; from 0 to 1."""


class Attempt(Section, frozen=True):
    """One that has ended."""

    number: int
    trigger: str
    outcome: str
    reason: str
    why: str
    """The verdict in one sentence."""
    remedy: str
    """Empty where there is nothing to do."""
    level: Level
    champion: str
    version: str
    """What it published, if anything."""
    taken_back: bool
    """Whether that has failed since, through its own fault."""
    champion_loss: float | None
    """Of the champion, or of the base rate where there was none, on the same rows."""
    challenger_loss: float | None
    """Of what was published, else of the best challenger."""
    confidence: float | None
    metric: str
    judged: int
    """Rows that judged."""
    trained: int
    """New rows to learn from."""
    started: datetime
    ended: datetime
    candidates: list[Candidate]
    """All that competed, the best first; of older attempts none are listed."""


class Running(Section, frozen=True):
    """Attempt that has no verdict yet."""

    number: int
    trigger: str
    stage: str
    """Such as search 7/25."""
    started: datetime
    problem: str
    """Why it cannot go on, if it cannot."""


class Page(Section, frozen=True):
    """All that the page shows of one pipeline."""

    name: str
    namespace: str
    written: datetime | None
    """When the report was written; null on the page that is served live."""
    problem: str
    """Why this is not the newest state, such as an API server that is away; else empty."""
    state: State
    concerns: list[Concern]
    """Conditions that are not well, those that ask for somebody first."""
    serving: Serving | None
    labels: Labels | None
    """Null for a pipeline without labels."""
    next: Next
    running: Running | None
    attempts: list[Attempt]
    """The newest first, 60 at most."""
    earlier: int
    """How many attempts have ended that are not listed."""
    records: Records
    lag: list[Lag] | None
    dead_letters: list[DeadLetters] | None
    """The most frequent first."""
    points: Points
    marks: list[Mark]
    """Oldest first."""
    answers: list[Answer]
    """The newest first, 12 at most."""
    uncounted: int = 0
    """Dead letters that are older than those that were counted."""
    unread: str = ""
    """Why the topics are not read, in a sentence, where they cannot be: the picture is then of
    the attempts' losses."""
    wide: str | UnsetType = UNSET
    """The curve as SVG for a desk; the browser puts it in as it is."""
    narrow: str | UnsetType = UNSET
    """The same for a phone."""


def to_json(page: Page) -> bytes:
    """The document as JSON in UTF-8; a number that is none becomes null."""
    return json.encode(page)


def to_inline_json(page: Page) -> bytes:
    """The same, without a character that could end the script element it stands in."""
    text = to_json(page)
    for character, escape in _BREAKS_OUT.items():
        text = text.replace(character, escape)
    return text
