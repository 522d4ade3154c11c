"""Picture of attempts alone: what each was judged to lose, where no answer can be graded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

from perennial.page.data import Attempt
from perennial.page.drawing import Frame, grid, head, times
from perennial.page.scales import Scale, loss_scale
from perennial.page.texts import short

_LEAST: Final = 2  # attempts that make a picture
_DOT: Final = 4.5  # pixels


def losses(attempts: Sequence[Attempt], frame: Frame) -> str:
    """A line through what served before and after each verdict, and a dot for each challenger.

    `attempts` come the newest first; empty where fewer than two were judged.
    """
    judged = [each for each in reversed(attempts) if _kept(each) is not None]
    if len(judged) < _LEAST:
        return ""
    at = [each.ended.timestamp() for each in judged]
    across = Scale(at[0], max(at[-1], at[0] + 1.0), frame.left + 24, frame.width - frame.right - 24)
    all_losses = [each.champion_loss for each in judged] + [e.challenger_loss for e in judged]
    up = loss_scale(all_losses, frame.floor, frame.top)
    line = "L".join(
        f"{across(each.ended.timestamp()):.1f} {up(loss):.1f}"
        for each in judged
        for loss in _served(each, first=each is judged[0])
    )
    parts = [
        f"<title>{escape(_summary(judged))}</title>",
        *grid(up, frame, "log loss when judged", percent=False),
        *times(across, frame),
        f'<path class="line loss" d="M{line}"/>',
        *(
            dot
            for time, each in zip(at, judged, strict=True)
            for dot in _dots(each, across(time), up)
        ),
    ]
    return head(frame, across) + "".join(parts) + "</svg>"


def _kept(attempt: Attempt) -> float | None:
    """Loss of what served after the verdict."""
    return attempt.challenger_loss if attempt.version else attempt.champion_loss


def _served(attempt: Attempt, *, first: bool) -> list[float]:
    """Losses of what served when it was judged and after that; nothing served before the first."""
    before = None if first else attempt.champion_loss
    return [loss for loss in dict.fromkeys((before, _kept(attempt))) if loss is not None]


def _dots(attempt: Attempt, x: float, up: Scale) -> Iterator[str]:
    if attempt.challenger_loss is None:
        return
    y, kind = up(attempt.challenger_loss), "won" if attempt.version else "lost"
    yield f'<circle class="dot {kind}" cx="{x:.1f}" cy="{y:.1f}" r="{_DOT}"/>'
    if attempt.version:
        name = escape(short(attempt.version))
        yield f'<text class="version" x="{x - 9:.1f}" y="{y + 4:.1f}">{name}</text>'


def _summary(judged: Sequence[Attempt]) -> str:
    """The picture in words."""
    first, last = _kept(judged[0]) or 0.0, _kept(judged[-1]) or 0.0
    published = sum(bool(each.version) for each in judged)
    said = f"Log loss of what served, over {len(judged)} attempts: {first:.3f} after the first,"
    return f"{said} {last:.3f} after the last; {published} of them published a model."
