"""Checkpointer of a session: its progress on S3, and for display in the consumer group."""

from __future__ import annotations

from typing import Final

from perennial_recorder.due_times import DueTimes
from perennial_recorder.ports import Source
from perennial_recorder.session.session import Session

_TASK: Final = "checkpoint"


class Checkpointer:
    """`interval` in seconds; every method raises StoreError and AnotherWriter as Writer does."""

    def __init__(self, source: Source, due_times: DueTimes, interval: float) -> None:
        self._source = source
        self._due_times = due_times
        self._interval = interval

    def save_if_due(self, session: Session) -> None:
        """Saves what has moved since the last checkpoint, and one that S3 has not confirmed."""
        due = session.progress.moved and self._due_times.due_every(_TASK, self._interval)
        if due or session.writer.dirty():
            self.save(session)

    def save(self, session: Session) -> None:
        session.writer.save()
        self._due_times.postpone(_TASK, self._interval)
        inputs = session.progress.inputs
        self._source.commit({p: r.ledger.position for p, r in inputs.items()})
        session.writer.clean()
