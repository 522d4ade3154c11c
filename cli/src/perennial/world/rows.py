"""Rows of a stream: records with their labels, from a generator or from a file."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Self

from perennial.world.agrawal import application, label, other
from perennial.world.census import person

FUNCTION: Final = 7  # that is true at first
NOISE: Final = 0.05  # share of labels in the wrong group, in the dataset and on the stream


@dataclass(frozen=True, slots=True)
class Row:
    record: dict[str, Any]
    label: str | int | float
    world: int = 0
    """How often the world had changed."""


@dataclass
class Applications:
    """Loan applications without end, some labels wrong; the same ones for the same seed."""

    seed: int
    function: int = FUNCTION
    world: int = 0
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311  a stream that can be repeated

    def change(self, function: int) -> None:
        """From the next row on another function is true."""
        self.function = function
        self.world += 1

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Row:
        record = application(self._chance)
        group = label(self.function, record)
        if self._chance.random() < NOISE:
            group = other(group)
        return Row(dict(record), group, self.world)


def people(seed: int) -> Iterator[Row]:
    """People and their income bracket without end; the same ones for the same seed."""
    chance = random.Random(seed)  # noqa: S311  a stream that can be repeated, no secret
    while True:
        yield Row(*person(chance))
