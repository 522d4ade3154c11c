"""Status of a pipeline on one screen: what serves and why, how its loss went, what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from textwrap import wrap
from typing import Final

from perennial.display.chart import mark_lines, sparkline
from perennial.page.data import Concern, Labels, Page
from perennial.page.texts import short
from perennial.report.columns import age
from perennial_operator.api.attempts import AttemptOutcome, HistoryEntry
from perennial_operator.api.status import Status

_NAMES: Final = 12  # characters of the column of names
_NARROWEST: Final = 20  # characters of a text
_LOSS: Final = "of what served after each attempt, judged on rows it had not seen"
_BAR: Final = 20  # characters of a full bar
_HEIGHT: Final = 3  # lines of the picture
_MOST: Final = 12  # attempts in the picture
_WIDEST: Final = 8  # characters of one
_LEAST: Final = 1e-9  # of the picture's range
_LET_SERVE: Final = frozenset({AttemptOutcome.PROMOTED, AttemptOutcome.ADOPTED})


def lines(page: Page, status: Status, now: datetime, width: int) -> list[str]:
    """Lines for a terminal of that width; longer texts go on below."""
    state = page.state
    return [
        *_wrapped("", f"{page.namespace}/{page.name}: {state.word}. {state.summary}", width),
        *(_wrapped("", page.problem, width) if page.problem else ()),
        "",
        *(line for name, text in _rows(page, now) for line in _wrapped(_name(name), text, width)),
        *_picture(status, width),
        *(line for each in page.concerns for line in _concern(each, now, width)),
    ]


def _name(name: str) -> str:
    return f"{name:<{_NAMES}}  "


def _wrapped(name: str, text: str, width: int) -> list[str]:
    """The text beside its name, and below itself where it is longer."""
    room = max(width - len(name), _NARROWEST)
    first, *rest = wrap(text, room, break_on_hyphens=False) or [""]
    return [name + first, *(" " * len(name) + line for line in rest)]


def _rows(page: Page, now: datetime) -> Iterator[tuple[str, str]]:
    """Names and texts."""
    serving, attempt = page.serving, page.running
    if serving:
        loss = "" if serving.loss is None else f", {serving.metric} {serving.loss:.4f}"
        yield "serves", f"{serving.version} for {age(now - serving.since)}{loss}"
        yield "", serving.why
    else:
        yield "serves", "nothing yet"
    if page.labels:
        yield "labels", _labels(page.labels)
    if attempt:
        stage = f" {attempt.stage}" if attempt.stage else ""
        began = f"{attempt.trigger}, {age(now - attempt.started)} ago"
        yield "attempt", f"#{attempt.number} runs{stage} ({began})"
        if attempt.problem:
            yield "", attempt.problem
    at = page.next.at
    yield "next", page.next.text + (f" At {at:%Y-%m-%d %H:%MZ}." if at else "")
    if page.lag is not None:
        behind = [f"{each.topic} {each.records:,}" for each in page.lag]
        yield "lag", ", ".join(behind) or "none"
    for each in page.dead_letters or ():
        yield "dead letters", f"{each.count:,} {each.reason}: {each.remedy}"


def _labels(labels: Labels) -> str:
    full = min(labels.new * _BAR // labels.threshold, _BAR)
    bar = "█" * full + "░" * (_BAR - full)
    return f"{bar} {labels.new:,} of {labels.threshold:,}, {labels.total:,} in all"


def _picture(status: Status, width: int) -> Iterator[str]:
    """The loss of what serves after each attempt, with the promotions below it."""
    shown = status.history[-_MOST:]
    losses = [_loss(entry) for entry in shown]
    known = [loss for loss in losses if loss is not None]
    if not known:
        return
    each = max(min((width - _NAMES - 2) // len(shown), _WIDEST), 1)
    columns = [loss for one in losses for loss in (*[one] * (each - 1), None)]
    drawn = sparkline(columns, 0.0, max(*known, _LEAST), _HEIGHT)
    axis = [f"{max(known):.3f}", *[""] * (_HEIGHT - 2), "0"]
    marks = [(n * each, _mark(entry, status)) for n, entry in enumerate(shown)]
    yield ""
    yield from _wrapped(_name("loss"), _LOSS, width)
    for name, line in zip(axis, drawn, strict=True):
        yield f"{name:>{_NAMES}}  {line}".rstrip()
    for line in mark_lines([mark for mark in marks if mark[1]], len(columns)):
        yield f"{'':{_NAMES}}  {line}"


def _loss(entry: HistoryEntry) -> float | None:
    """A candidate's is not of what serves."""
    return None if entry.outcome is AttemptOutcome.CANDIDATE else entry.score


def _mark(entry: HistoryEntry, status: Status) -> str:
    """Of an attempt that changed what serves."""
    if entry.outcome not in _LET_SERVE or not entry.version:
        return ""
    taken_back = " taken back" if entry.version in status.bad_versions else ""
    return short(entry.version) + taken_back


def _concern(concern: Concern, now: datetime, width: int) -> Iterator[str]:
    yield ""
    since = age(now - concern.since)
    said = f"{concern.reason} for {since}: {concern.message}"
    yield from _wrapped("", f"{concern.type}: {said}", width)
    if concern.remedy:
        yield from _wrapped("  → ", concern.remedy, width)
