"""The recorder's loop: read, join, flush, checkpoint; and what it does when something is away.

Nothing that fails loses anything: positions move only with a checkpoint, and a checkpoint never
passes what S3 has not confirmed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Final, NamedTuple

from perennial_contract.observation import total
from perennial_contract.settings import RecorderSettings
from perennial_contract.status import Problem, RecorderReport
from perennial_contract.store import Put, StoreError
from perennial_recorder import checkpoint as checkpoints
from perennial_recorder import start
from perennial_recorder.intake import Intake
from perennial_recorder.life import INCOMPLETE, Life
from perennial_recorder.partition_time import ahead
from perennial_recorder.ports import (
    Arrival,
    ObjectStore,
    Overtaken,
    Partition,
    Source,
    Topic,
    Trouble,
    Waiting,
)
from perennial_recorder.reading import Reader
from perennial_recorder.restore import Restore
from perennial_recorder.segment import Buffer

_LOG: Final = logging.getLogger(__name__)
_BATCH: Final = 2000  # records read at once
_UNSENT: Final = 64 * 1024**2  # bytes that wait for S3 before reading stops


class AnotherWriter(Exception):  # noqa: N818  what has been found out, not what went wrong
    """Somebody else wrote the key: what is in memory can no longer be trusted."""


class TopicChanged(Exception):  # noqa: N818  what has been found out, not what went wrong
    """A topic was deleted and made again under its name."""


class Unsaved(NamedTuple):
    """A checkpoint that S3 has not confirmed: the same bytes again until it has."""

    number: int
    data: bytes
    inputs: set[Partition]


@dataclass(frozen=True, slots=True)
class Pace:
    """How often things are done; in seconds."""

    checkpoint: float = 60.0
    topics: float = 10.0  # look for new partitions and topics that were made again
    ends: float = 1.0  # ask how far each partition goes
    retry: float = 1.0  # after a failure
    wait: float = 0.2  # for records
    stop: float = 20.0  # to write what is left at the end


PACE: Final = Pace()


class Recorder:
    """One step at a time; `clock` in seconds since 1970."""

    def __init__(  # noqa: PLR0913  the ports, and what it is told
        self,
        settings: RecorderSettings,
        source: Source,
        store: ObjectStore,
        waiting: Waiting,
        clock: Callable[[], float],
        *,
        pod: str = "",
        pace: Pace = PACE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._source = source
        self._store = store
        self._waiting = waiting
        self._clock = clock
        self._pod = pod
        self._pace = pace
        self._sleep = sleep
        self._delay = (
            round(settings.labels.max_delay.total_seconds() * 1000) if settings.labels else 0
        )
        self._reader = Reader(settings)
        self._beginning = start.Beginning(source, store, waiting, settings)
        self._problems: dict[str, Problem] = {}
        self._next: dict[str, float] = {}
        self._probed = False
        self._forget_all()
        self._reported = self._report()

    def _forget_all(self) -> None:
        self._life: Life | None = None
        self._intake: Intake | None = None
        self._numbers: list[int] = []
        self._unsaved: Unsaved | None = None
        self._saved: set[Partition] = set()
        self._assigned: set[Partition] = set()
        self._restore: Restore | None = None
        self._ends: dict[Partition, int] = {}
        self._over = False
        self._next.clear()

    def run(self, stop: Event, beat: Callable[[], None] = lambda: None) -> None:
        """Steps until it is told to stop, then writes what is left; `beat` says that it lives."""
        while not stop.is_set():
            beat()
            if not self.step():
                stop.wait(self._pace.wait)
        self.finish()

    def step(self) -> bool:
        """One turn of the loop; False when there is nothing to do for the moment."""
        try:
            return self._next_turn()
        except AnotherWriter as error:
            _LOG.warning("another writer's object: starting over", extra={"key": str(error)})
            self._forget_all()
        except TopicChanged as error:
            _LOG.warning("a topic was made again: starting over", extra={"topic": str(error)})
            self._over = True
        finally:
            self._reported = self._report()
        return True

    def _next_turn(self) -> bool:
        if self._life is None:
            return self._begin()
        return self._end_life(self._life) if self._over else self._turn(self._life)

    def finish(self) -> bool:
        """Writes what is left, for a while; False when something stayed (it will be read again)."""
        end = self._clock() + self._pace.stop
        while self._life is not None and self._clock() < end:
            self._next.clear()
            try:
                with self._watched("store"):
                    self._flush(self._life, everything=True)
                    self._save(self._life)
                    if not self._life.moved:
                        return True
            except (AnotherWriter, TopicChanged):
                return False
            self._sleep(self._pace.wait)
        return self._life is None

    def report(self) -> RecorderReport:
        """What /status says, as of the end of the last step; from any thread."""
        return self._reported

    def _report(self) -> RecorderReport:
        life, problem = self._life, next(iter(self._problems.values()), None)
        written = life.written() if life else {}
        counts = {str(name): count for name, count in sorted(life.counts.items())} if life else {}
        return RecorderReport(
            uid=self._settings.uid,
            pod=self._pod,
            ready=life is not None and problem is None,
            problem=problem,
            written=written,
            pending=self._waiting.events if life else 0,
            counts=counts | {"observations": total(written)},
            labels_complete=not any(counts.get(name) for name in INCOMPLETE),
        )

    def _begin(self) -> bool:
        with self._watched("start") as free:
            if not free:
                return False
            start.own(self._store, self._settings)
            if not self._probed:
                self._store.probe()
                self._probed = True
            found = start.newest(self._store)
            life = self._beginning.life(
                found.checkpoint, start.topics(self._source, self._settings)
            )
            self._forget_all()
            self._numbers = found.numbers
            self._saved = set(life.inputs) - life.unsaved
            self._intake = Intake(life, self._waiting, self._reader, self._delay)
            self._source.assign({})
            self._restore = Restore(life)
            self._life = life
            return True
        return False

    def _turn(self, life: Life) -> bool:
        now = self._clock()
        busy = False
        with self._watched("kafka") as free:
            if free:
                self._look(life, now)
                busy = self._intake is not None and self._read(life, self._intake)
        with self._watched("store") as free:
            if free:
                self._flush(life)
                if self._unsaved or (life.moved and self._due("checkpoint", self._pace.checkpoint)):
                    self._save(life)
        return busy

    def _look(self, life: Life, now: float) -> None:
        """Whether the topics are the same, and how far each partition goes."""
        if self._due("topics", self._pace.topics):
            current = self._same_topics(life)
            if not self._restore:
                self._beginning.widen(life, current, life.topics)
        self._assign(life)
        if self._due("ends", self._pace.ends):
            self._ends = self._source.ends(life.inputs)
            positions = {} if self._restore else self._source.positions()
            for partition in positions.keys() & self._ends.keys():
                reading = life.inputs[partition]
                position = max(positions[partition], reading.ledger.next)
                reading.time.ask(round(now * 1000), self._ends[partition], position)

    def _read(self, life: Life, intake: Intake) -> bool:
        if life.unsent() >= _UNSENT:
            return False
        batch = self._source.read(_BATCH, self._pace.wait)
        now = round(self._clock() * 1000)
        if self._restore:
            self._read_again(self._restore, intake, batch, now)
            return True
        intake.take(batch, now)
        intake.forget(life.time(now))
        intake.shrink(self._settings.store_limit)
        self._source.pause(ahead({p: r.time for p, r in life.inputs.items()}, now))
        return bool(batch)

    def _read_again(
        self, restore: Restore, intake: Intake, batch: Sequence[Arrival | Overtaken], now: int
    ) -> None:
        intake.take(restore.admit(batch), now)
        while early := restore.advance(self._passed()):
            intake.take(early, now)
        intake.shrink(self._settings.store_limit)
        if restore.over():
            self._waiting.end_restore()
            self._restore = None
            self._next.pop("topics", None)  # partitions that came meanwhile hold back time
            self._source.pause(())
        else:
            self._source.pause(restore.resting())

    def _passed(self) -> set[Partition]:
        """The partitions that have been handed out to their ends."""
        positions = self._source.positions()
        return {p for p, end in self._ends.items() if positions.get(p, -1) >= end}

    def _assign(self, life: Life) -> None:
        """A partition is read only after a checkpoint says from where."""
        topics = self._restore.topics() if self._restore else set(life.topics)
        wanted = {p: r for p, r in life.inputs.items() if p.topic in topics}
        if wanted.keys() <= self._assigned:
            return
        while any(p not in self._saved for p in wanted):
            self._save(life)
        new = sorted(wanted.keys() - self._assigned)
        self._source.add({p: wanted[p].ledger.next for p in new})
        self._assigned |= set(new)

    def _same_topics(self, life: Life) -> dict[str, Topic]:
        current = start.topics(self._source, self._settings)
        for name, topic in current.items():
            if topic.id != life.topics[name].id:
                raise TopicChanged(name)
        return current

    def _flush(self, life: Life, *, everything: bool = False) -> None:
        interval = 0.0 if everything else self._settings.flush_interval.total_seconds()
        for buffer in list(life.buffers()):
            while buffer.due(self._clock(), interval):
                if buffer.sealed is None:
                    self._same_topics(life)
                self._put(life, buffer)

    def _put(self, life: Life, buffer: Buffer) -> None:
        segment = buffer.seal()
        if self._store.put_new(segment.key, segment.data, patience=0) is Put.TAKEN:
            raise AnotherWriter(segment.key)
        life.confirm(buffer, self._clock())

    def _save(self, life: Life) -> None:
        """Writes a checkpoint; after an unclear answer the same bytes again."""
        if self._unsaved is None:
            number = self._numbers[-1] + 1 if self._numbers else 0
            data = checkpoints.to_json(life.checkpoint())
            self._unsaved = Unsaved(number, data, set(life.inputs))
            life.moved = False
        number, data, inputs = self._unsaved
        if self._store.put_new(checkpoints.key(number), data, patience=0) is Put.TAKEN:
            raise AnotherWriter(checkpoints.key(number))
        self._unsaved = None
        self._saved = inputs
        self._numbers.append(number)
        self._next["checkpoint"] = self._clock() + self._pace.checkpoint
        self._source.commit({p: r.ledger.position for p, r in life.inputs.items()})
        while len(self._numbers) > checkpoints.KEPT:
            self._store.delete(checkpoints.key(self._numbers[0]))
            self._numbers.pop(0)

    def _end_life(self, life: Life) -> bool:
        """A topic was made again: everything that can be kept is written, then it starts anew."""
        with self._watched("store") as free:
            if not free:
                return False
            current = {topic.id for topic in self._source.topics(list(life.topics)).values()}
            for buffer in list(life.buffers()):
                while buffer.sealed or (
                    buffer.topic_id in current and buffer.due(self._clock(), 0)
                ):
                    self._put(life, buffer)
            if self._unsaved:
                self._save(life)
            self._save(life)
            self._forget_all()
            return True
        return False

    def _due(self, what: str, every: float) -> bool:
        now = self._clock()
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + every
        return True

    @contextmanager
    def _watched(self, what: str) -> Iterator[bool]:
        """Keeps what failed as the problem until it works again; False while it is too early."""
        if self._clock() < self._next.get(f"retry {what}", 0.0):
            yield False
            return
        try:
            yield True
        except (Trouble, StoreError) as error:
            problem = Problem(reason=error.reason, message=str(error))
            if self._problems.get(what) != problem:
                _LOG.warning(
                    "waiting", extra={"reason": problem.reason, "problem": problem.message}
                )
            self._problems[what] = problem
            for again in ("topics", "ends"):
                self._next.pop(again, None)
            self._next[f"retry {what}"] = self._clock() + self._pace.retry
        else:
            self._problems.pop(what, None)
