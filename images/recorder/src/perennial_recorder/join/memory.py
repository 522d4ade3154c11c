"""Memory of one batch: the known records under its ids, and what the batch changes in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from perennial_recorder.join.known import KnownRecord


@dataclass(slots=True)
class Memory:
    """To be saved as `changed` once the batch is through."""

    known: dict[bytes, dict[int, KnownRecord]] = field(default_factory=dict)
    changed: dict[tuple[bytes, int], KnownRecord | None] = field(default_factory=dict)
    """None where it is forgotten."""

    @classmethod
    def of(cls, known: Iterable[KnownRecord]) -> Memory:
        memory = cls()
        for k in known:
            memory.known.setdefault(k.id, {})[k.place] = k
        return memory

    def under(self, id: bytes) -> list[KnownRecord]:  # noqa: A002  the field's name
        return list(self.known.get(id, {}).values())

    def keep(self, known: KnownRecord) -> None:
        self.known.setdefault(known.id, {})[known.place] = known
        self.changed[known.id, known.place] = known

    def forget(self, known: KnownRecord) -> None:
        del self.known[known.id][known.place]
        self.changed[known.id, known.place] = None
