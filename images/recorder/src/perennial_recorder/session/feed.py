"""Feed of a session: partitions are assigned, and batches of their records taken in."""

from __future__ import annotations

from typing import Final

from perennial_recorder.due_times import DueTimes
from perennial_recorder.intervals import Intervals
from perennial_recorder.join.stream_clock import StreamClock
from perennial_recorder.join.stream_time import ahead
from perennial_recorder.ports import Ports
from perennial_recorder.session.checkpointer import Checkpointer
from perennial_recorder.session.session import Session

_BATCH: Final = 2000  # records read at once
_UNSENT: Final = 64 * 1024**2  # bytes that wait for S3 before reading stops


class Feed:
    """Every method raises Trouble when Kafka gives no clear answer.

    `assign` saves a checkpoint first: it raises what the writer raises, too.
    """

    def __init__(
        self,
        ports: Ports,
        due_times: DueTimes,
        checkpointer: Checkpointer,
        intervals: Intervals,
        clock: StreamClock,
    ) -> None:
        self._source = ports.source
        self._clock = clock
        self._due_times = due_times
        self._checkpointer = checkpointer
        self._wait = intervals.wait

    def assign(self, session: Session) -> None:
        """Assigns what is not yet: a partition is read only after a checkpoint says from where."""
        progress, replay = session.progress, session.replay
        topics = replay.topics() if replay else set(progress.topics)
        wanted = {p: r for p, r in progress.inputs.items() if p.topic in topics}
        if wanted.keys() <= session.assigned:
            return
        while not wanted.keys() <= session.writer.saved:
            self._checkpointer.save(session)
        new = sorted(wanted.keys() - session.assigned)
        self._source.add({p: wanted[p].ledger.next for p in new})
        session.assigned.update(new)

    def read(self, session: Session) -> bool:
        """Takes one batch in; False when there is nothing to do, or too much waits for S3."""
        if session.progress.unsent() >= _UNSENT:
            return False
        batch = self._source.read(_BATCH, self._wait)
        if session.replay:
            session.take_replay(batch, self._source.positions())
            session.joiner.shrink()
            self._pause_replay(session)
            return True
        session.intake.take(batch)
        more = session.joiner.forget(session.progress.stream_time(self._clock))
        session.joiner.shrink()
        self._source.pause(
            ahead({p: r.time for p, r in session.progress.inputs.items()}, self._clock)
        )
        return bool(batch) or more

    def _pause_replay(self, session: Session) -> None:
        """Pauses what has nothing to give to this stage of the replay; nothing once it is over."""
        if session.replay:
            self._source.pause(session.replay.resting())
            return
        session.intake.end_replay()
        self._due_times.hasten("topics")  # partitions that came meanwhile hold back time
        self._source.pause(())
