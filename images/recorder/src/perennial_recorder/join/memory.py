"""Memory of one batch: the known records under its ids, and what the batch changes in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from perennial_recorder.join.known import Kind, KnownRecord


@dataclass(slots=True)
class Memory:
    """To be saved as `changed` once the batch is through."""

    changed: dict[tuple[bytes, int], KnownRecord | None] = field(default_factory=dict)
    """None where it is forgotten."""
    _events: dict[bytes, dict[int, KnownRecord]] = field(default_factory=dict)
    _labels: dict[bytes, dict[int, KnownRecord]] = field(default_factory=dict)

    @classmethod
    def of(cls, known: Iterable[KnownRecord]) -> Memory:
        memory = cls()
        for k in known:
            memory._of(k).setdefault(k.id, {})[k.place] = k
        return memory

    def events(self, id: bytes) -> list[KnownRecord]:  # noqa: A002  the field's name
        return list(self._events.get(id, {}).values())

    def labels(self, id: bytes) -> list[KnownRecord]:  # noqa: A002
        """Those that wait: of earlier batches in the order of places, then of this one."""
        return list(self._labels.get(id, {}).values())

    def keep(self, known: KnownRecord) -> None:
        self._of(known).setdefault(known.id, {})[known.place] = known
        self.changed[known.id, known.place] = known

    def forget(self, known: KnownRecord) -> None:
        del self._of(known)[known.id][known.place]
        self.changed[known.id, known.place] = None

    def _of(self, known: KnownRecord) -> dict[bytes, dict[int, KnownRecord]]:
        return self._events if known.kind in (Kind.EVENT, Kind.DONE) else self._labels
