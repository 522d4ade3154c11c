"""Picture of the curve as SVG: accuracy above loss over the same time, with marks through both.

It is drawn once, here: the page, the report and the README show the same picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final
from xml.sax.saxutils import escape

from perennial.page.scales import Scale, accuracy_scale, elapsed, loss_scale, time_ticks
from perennial.page.texts import plain
from perennial.page.traffic import Mark, Points

GAP: Final = 0.05  # of the whole time without an answer: the line breaks
_USUAL: Final = 3  # but never for so many times what lies between two points
_CSS: Final = Path(__file__).with_name("curve.css")
_WORDS: Final = 120  # characters of a mark's sentence
_LETTER: Final = 6.6  # width of a letter of a mark
_HALF: Final = 20  # half the width of a time, in pixels


@dataclass(frozen=True, slots=True)
class Frame:
    """Sizes of a picture, in pixels."""

    width: int
    accuracy: int
    """Height of the upper panel."""
    loss: int
    left: int = 44
    right: int = 12
    top: int = 30
    between: int = 30
    bottom: int = 26

    @property
    def height(self) -> int:
        return self.top + self.accuracy + self.between + self.loss + self.bottom

    @property
    def floor(self) -> int:
        """The lower edge of the lower panel."""
        return self.height - self.bottom


WIDE: Final = Frame(width=960, accuracy=190, loss=80)
NARROW: Final = Frame(width=360, accuracy=150, loss=64)


def picture(points: Points, marks: Sequence[Mark], frame: Frame = WIDE) -> str:
    """The picture as a file of its own, light or dark as the reader's system is."""
    return curve(points, marks, frame, f"<style>{escape(_CSS.read_text())}</style>")


def curve(points: Points, marks: Sequence[Mark], frame: Frame = WIDE, style: str = "") -> str:
    """The picture as an element; the page that it is put into brings the style."""
    if not points.at:
        return ""
    first, last = _span(points, marks)
    across = Scale(first, last, frame.left, frame.width - frame.right)
    middle = frame.top + frame.accuracy
    up = accuracy_scale(points.accuracy, middle, frame.top)
    down = loss_scale(points.loss, frame.floor, frame.floor - frame.loss)
    parts = [
        f"<title>{escape(summary(points, marks))}</title>",
        style,
        *grid(up, frame, "accuracy", percent=True),
        *grid(down, frame, "log loss", percent=False),
        *times(across, frame),
        *_marks(marks, across, frame),
        *_line(points.at, points.accuracy, across, up, "accuracy"),
        *_line(points.at, points.loss, across, down, "loss"),
    ]
    return head(frame, across) + "".join(parts) + "</svg>"


def head(frame: Frame, across: Scale) -> str:
    """The element's beginning; what points at the picture reads its times from it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="curve" role="img"'
        f' viewBox="0 0 {frame.width} {frame.height}"'
        f' data-from="{across.first:.3f}" data-to="{across.last:.3f}"'
        f' data-left="{across.start:g}" data-right="{across.end:g}">'
    )


def summary(points: Points, marks: Sequence[Mark]) -> str:
    """The curve in words, for who cannot see it."""
    low, now = min(points.accuracy), points.accuracy[-1]
    told = "; ".join(plain(mark.text, _WORDS) for mark in marks[-4:])
    span = elapsed(points.at[-1] - points.at[0], points.at[-1] - points.at[0])
    said = f"Accuracy over {span}: {points.accuracy[0]:.1%} at first, {low:.1%} at the lowest,"
    return f"{said} {now:.1%} at the end." + (f" {told}." if told else "")


def _span(points: Points, marks: Sequence[Mark]) -> tuple[float, float]:
    """From the first answer to the newest; the first model served a little before that."""
    first, last = points.at[0], points.at[-1]
    late = [mark.at for mark in marks if mark.at > last]
    last = max([last, *(at for at in late if at - last < max(last - first, 60.0) / 4)])
    return first, max(last, first + 1.0)


def grid(scale: Scale, frame: Frame, name: str, *, percent: bool) -> Iterator[str]:
    for value in scale.ticks:
        y = scale(value)
        shown = f"{value:.0%}" if percent else f"{value:.4g}"
        yield f'<path class="grid" d="M{frame.left} {y:.1f}H{frame.width - frame.right}"/>'
        yield f'<text class="tick" x="{frame.left - 6}" y="{y + 4:.1f}">{shown}</text>'
    yield f'<text class="name" x="4" y="{scale.end - 10:.1f}">{name}</text>'


def times(across: Scale, frame: Frame) -> Iterator[str]:
    whole = across.last - across.first
    for seconds in time_ticks(whole, 8 if frame.width > NARROW.width else 4):
        x = across(across.first + seconds)
        late = x > frame.width - frame.right - _HALF
        anchor = "start" if seconds == 0 else "end" if late else "middle"
        yield (
            f'<text class="time" x="{x:.1f}" y="{frame.height - 8}" text-anchor="{anchor}">'
            f"{elapsed(seconds, whole)}</text>"
        )


def _marks(marks: Sequence[Mark], across: Scale, frame: Frame) -> Iterator[str]:
    """A line for each; a label only where it does not run into the one before."""
    free = _LETTER * len("accuracy") + 14  # what stands at the left
    for mark in sorted(marks, key=lambda mark: mark.at):
        if not across.first <= mark.at <= across.last:
            continue
        x, label = across(mark.at), plain(mark.label, 24)
        width = _LETTER * len(label)
        start = min(max(x - width / 2, free), frame.width - width)
        named = free <= start <= x
        kind = mark.kind.value if named else f"{mark.kind.value} unnamed"
        yield f'<g class="mark {kind}"><title>{escape(plain(mark.text, _WORDS))}</title>'
        yield f'<path d="M{x:.1f} {frame.top - 4}V{frame.floor}"/>'
        if named:
            yield f'<text x="{start:.1f}" y="{frame.top - 10}">{escape(label)}</text>'
            free = start + width + 14
        yield "</g>"


def _line(
    at: Sequence[float], values: Sequence[float | None], across: Scale, scale: Scale, name: str
) -> Iterator[str]:
    """The line, what lies below it, and a dot at its end."""
    parts = _unbroken(at, values, _gap(at))
    lines = [[f"{across(time):.1f} {scale(value):.1f}" for time, value in part] for part in parts]
    if not lines:
        return
    floor = f"{scale.start:.1f}"
    below = "".join(
        f"M{part[0].split()[0]} {floor}L{'L'.join(part)}V{floor}Z" for part in lines if part[1:]
    )
    x, y = lines[-1][-1].split()
    yield f'<path class="area {name}" d="{below}"/>'
    yield f'<path class="line {name}" d="{"".join("M" + "L".join(part) for part in lines)}"/>'
    yield f'<circle class="end {name}" cx="{x}" cy="{y}" r="3.5"/>'


def _gap(at: Sequence[float]) -> float:
    """Seconds without an answer that break the line."""
    steps = [after - before for before, after in pairwise(at)] or [0.0]
    return max(GAP * (at[-1] - at[0]), _USUAL * median(steps))


def _unbroken(
    at: Sequence[float], values: Sequence[float | None], gap: float
) -> list[list[tuple[float, float]]]:
    """Stretches in which answers came without a gap."""
    parts: list[list[tuple[float, float]]] = []
    for time, value in zip(at, values, strict=True):
        if value is None:
            continue
        if not parts or time - parts[-1][-1][0] > gap:
            parts.append([])
        parts[-1].append((time, value))
    return parts
