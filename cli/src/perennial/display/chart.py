"""Chart in characters: a curve, and marks below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_STEPS: Final = len(_BLOCKS) - 1


@dataclass(frozen=True, slots=True)
class Mark:
    """A word at a time (seconds)."""

    at: float
    text: str


def sparkline(
    values: Sequence[float | None], low: float, high: float, height: int = 1
) -> list[str]:
    """Lines from top to bottom, a column for each value; nothing is drawn for None."""
    filled = [None if value is None else _filled(value, low, high, height) for value in values]
    return ["".join(_block(steps, row) for steps in filled) for row in reversed(range(height))]


def _filled(value: float, low: float, high: float, height: int) -> int:
    """Eighths of a line, at least one, so that the lowest value is seen as well."""
    share = (min(max(value, low), high) - low) / (high - low)
    return max(round(share * height * _STEPS), 1)


def _block(steps: int | None, row: int) -> str:
    return " " if steps is None else _BLOCKS[min(max(steps - row * _STEPS, 0), _STEPS)]


def mark_lines(marks: Sequence[tuple[int, str]], columns: int) -> list[str]:
    """Marks at their columns, "▲v2", on as few lines as hold them all without touching."""
    lines: list[str] = []
    for column, text in sorted(marks):
        word = f"▲{text}"[:columns]
        start = min(column, columns - len(word))
        if start < column:
            word = f"{text}▲"[-columns:]
            start = column - len(word) + 1
        for number, line in enumerate(lines):
            if not line[max(start - 1, 0) : start + len(word) + 1].strip():
                lines[number] = _write(line, start, word)
                break
        else:
            lines.append(_write(" " * columns, start, word))
    return [line.rstrip() for line in lines]


def _write(line: str, start: int, word: str) -> str:
    return line[:start] + word + line[start + len(word) :]
