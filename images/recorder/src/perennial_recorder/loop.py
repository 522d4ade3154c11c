"""The recorder's loop: read, join, flush, checkpoint; and what it does when something is away.

Nothing that fails loses anything: positions move only with a checkpoint, and a checkpoint never
passes what S3 has not confirmed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Final

from perennial_contract.reasons import Reason
from perennial_contract.settings import RecorderSettings
from perennial_contract.status import RecorderReport
from perennial_recorder.join.reading import Reader
from perennial_recorder.join.stream_time import ahead
from perennial_recorder.metrics import Metrics
from perennial_recorder.ports import ObjectStore, Source, StateStore
from perennial_recorder.progress.progress import Progress
from perennial_recorder.progress.replay import Replay
from perennial_recorder.records import Topic
from perennial_recorder.retrain_requests import RetrainRequests
from perennial_recorder.retries import Timetable
from perennial_recorder.session import recovery
from perennial_recorder.session.intake import Intake
from perennial_recorder.session.session import Session
from perennial_recorder.session.writer import AnotherWriter, Writer
from perennial_recorder.status import LIFECYCLE, ReportBuilder

_LOG: Final = logging.getLogger(__name__)
_BATCH: Final = 2000  # records read at once
_UNSENT: Final = 64 * 1024**2  # bytes that wait for S3 before reading stops


class TopicRecreated(Exception):  # noqa: N818  what has been found out, not what went wrong
    """A topic was deleted and made again under its name."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often things are done; in seconds."""

    checkpoint: float = 60.0
    topics: float = 10.0  # look for new partitions and topics that were made again
    ends: float = 1.0  # ask how far each partition goes
    retention: float = 3600.0  # ask how long the topics keep their records
    retry: float = 1.0  # after a failure
    wait: float = 0.2  # for records
    stop: float = 20.0  # to write what is left at the end


PACE: Final = Pace()


class Recorder:
    """One step at a time; `clock` in seconds since 1970."""

    def __init__(  # noqa: PLR0913  the ports, and what it is fields
        self,
        settings: RecorderSettings,
        source: Source,
        store: ObjectStore,
        state: StateStore,
        clock: Callable[[], float],
        *,
        requests: Source,
        pod: str = "",
        pace: Pace = PACE,
        sleep: Callable[[float], None] = time.sleep,
        metrics: Metrics | None = None,
    ) -> None:
        self._settings = settings
        self._source = source
        self._store = store
        self._state = state
        self._clock = clock
        self._pace = pace
        self._sleep = sleep
        self._delay = (
            round(settings.labels.max_delay.total_seconds() * 1000) if settings.labels else 0
        )
        self._reader = Reader(settings)
        self._recovery = recovery.Recovery(source, store, state, settings)
        self._metrics = metrics or Metrics()
        self._table = Timetable(clock, pace.retry, self._failed)
        self._requests = RetrainRequests(settings, requests, self._table, pace.topics)
        self._reporter = ReportBuilder(settings, pod, self._table, self._requests)
        self._probed = False
        self._attempts = 0
        self._session: Session | None = None
        self._reported = self._report()

    def run(self, stop: Event, beat: Callable[[], None] = lambda: None) -> None:
        """Steps until it is fields to stop, then writes what is left; `beat` says that it lives."""
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
            self._metrics.restarts.labels("another_writer").inc()
            self._start_over()
        except TopicRecreated as error:
            _LOG.warning("a topic was made again: starting over", extra={"topic": str(error)})
            self._metrics.restarts.labels("topic_remade").inc()
            if self._session:
                self._session.over = True
        finally:
            self._reported = self._report()
        return True

    def _next_turn(self) -> bool:
        # What is slow there is asked seldom: it must not hold back the joining.
        with self._table.watched(LIFECYCLE, LIFECYCLE, retry=self._pace.topics) as free:
            if free:
                self._requests.step()
        session = self._session
        if session is None:
            return self._begin()
        return self._end(session) if session.over else self._turn(session)

    def _start_over(self) -> None:
        self._session = None
        self._table.clear()

    def finish(self) -> bool:
        """Writes what is left, for a while; False when something stayed (it will be read again)."""
        end = self._clock() + self._pace.stop
        while (session := self._session) is not None and self._clock() < end:
            self._table.clear()
            try:
                with self._table.watched("store"):
                    session.writer.flush(self._clock(), 0.0, lambda: self._check(session.progress))
                    self._save(session)
                    if not session.progress.moved:
                        return True
            except (AnotherWriter, TopicRecreated):
                return False
            self._sleep(self._pace.wait)
        return self._session is None

    def report(self) -> RecorderReport:
        """What /status says, as of the end of the last step; from any thread."""
        return self._reported

    def _report(self) -> RecorderReport:
        return self._reporter.report(self._session, self._state.events, self._attempts)

    def _failed(self, reason: Reason) -> None:
        self._metrics.failures.labels(reason).inc()

    def _begin(self) -> bool:
        with self._table.watched("start") as free:
            if not free:
                return False
            recovery.claim_prefix(self._store, self._settings)
            if not self._probed:
                self._store.probe()
                self._probed = True
            self._attempts = recovery.highest_attempt(self._store)
            found = recovery.newest_checkpoint(self._store)
            progress = self._recovery.progress(
                found.checkpoint, recovery.existing_topics(self._source, self._settings)
            )
            self._metrics.set_baseline(found.checkpoint.counts)
            self._source.assign({})
            self._start_over()
            self._session = Session(
                progress,
                Intake(progress, self._state, self._reader, self._delay),
                Writer(self._store, progress, found.numbers, self._metrics),
                Replay(progress),
            )
            return True
        return False

    def _turn(self, session: Session) -> bool:
        now, busy = self._clock(), False
        with self._table.watched("kafka", "topics", "ends") as free:
            if free:
                self._look(session, now)
                busy = self._read(session)
        with self._table.watched("store", "topics", "ends") as free:
            if free:
                interval = self._settings.flush_interval.total_seconds()
                session.writer.flush(self._clock(), interval, lambda: self._check(session.progress))
                due = session.progress.moved and self._table.due(
                    "checkpoint", self._pace.checkpoint
                )
                if due or session.writer.dirty():
                    self._save(session)
        return busy

    def _look(self, session: Session, now: float) -> None:
        """Whether the topics are the same, and how far each partition goes."""
        progress = session.progress
        if self._table.due("topics", self._pace.topics):
            current = self._check(progress)
            if not session.replay:
                self._recovery.add_partitions(progress, current, progress.topics)
        self._assign(session)
        if self._table.due("ends", self._pace.ends):
            ends = self._source.ends(progress.inputs)
            session.reaches(ends, self._source.positions(), round(now * 1000))
        if self._reader.labels_topic and self._table.due("retention", self._pace.retention):
            self._look_at_retention(progress)

    def _look_at_retention(self, progress: Progress) -> None:
        for topic, kept in self._source.retention(list(progress.topics)).items():
            short = kept < self._delay
            self._metrics.retention_short.labels(topic).set(short)
            if short:
                fields = {"topic": topic, "retention_ms": kept, "max_delay_ms": self._delay}
                _LOG.warning("retention.ms is shorter than labels.maxDelay", extra=fields)

    def _read(self, session: Session) -> bool:
        progress, intake = session.progress, session.intake
        if progress.unsent() >= _UNSENT:
            return False
        batch = self._source.read(_BATCH, self._pace.wait)
        now = round(self._clock() * 1000)
        if session.replay:
            session.read_again(batch, self._source.positions(), now)
            intake.shrink(self._settings.store_limit)
            self._rest(session)
            return True
        intake.take(batch, now)
        intake.forget(progress.stream_time(now))
        intake.shrink(self._settings.store_limit)
        self._source.pause(ahead({p: r.time for p, r in progress.inputs.items()}, now))
        return bool(batch)

    def _rest(self, session: Session) -> None:
        """Nothing is read of what has nothing to give to this stage of reading again."""
        if session.replay:
            self._source.pause(session.replay.resting())
            return
        self._state.forget_stored()
        self._table.now("topics")  # partitions that came meanwhile hold back time
        self._source.pause(())

    def _assign(self, session: Session) -> None:
        """A partition is read only after a checkpoint says from where."""
        progress = session.progress
        topics = session.replay.topics() if session.replay else set(progress.topics)
        wanted = {p: r for p, r in progress.inputs.items() if p.topic in topics}
        if wanted.keys() <= session.assigned:
            return
        while not wanted.keys() <= session.writer.saved:
            self._save(session)
        new = sorted(wanted.keys() - session.assigned)
        self._source.add({p: wanted[p].ledger.next for p in new})
        session.assigned.update(new)

    def _check(self, progress: Progress) -> dict[str, Topic]:
        """The topics as they are now; raises TopicRecreated when one is not what it was."""
        current = recovery.existing_topics(self._source, self._settings)
        for name, topic in current.items():
            if topic.id != progress.topics[name].id:
                raise TopicRecreated(name)
        return current

    def _save(self, session: Session) -> None:
        session.writer.save()
        self._table.later("checkpoint", self._pace.checkpoint)
        inputs = session.progress.inputs
        self._source.commit({p: r.ledger.position for p, r in inputs.items()})
        session.writer.clean()

    def _end(self, session: Session) -> bool:
        """Writes what can be kept, and what has become of the rest; then it starts anew."""
        with self._table.watched("store") as free:
            if not free:
                return False
            current = self._source.topics(list(session.progress.topics)).values()
            session.writer.flush_topics(self._clock(), {topic.id for topic in current})
            if session.writer.dirty():
                session.writer.save()
            session.writer.save()
            self._start_over()
            return True
        return False
