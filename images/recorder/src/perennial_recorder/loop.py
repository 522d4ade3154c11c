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
from perennial_recorder import recovery
from perennial_recorder.intake import Intake
from perennial_recorder.join.reading import Reader
from perennial_recorder.join.stream_time import ahead
from perennial_recorder.metrics import Metrics
from perennial_recorder.ports import ObjectStore, Source, Waiting
from perennial_recorder.progress.progress import Life
from perennial_recorder.progress.replay import Restore
from perennial_recorder.records import Topic
from perennial_recorder.retrain_requests import Requests
from perennial_recorder.retries import Timetable
from perennial_recorder.session import Course
from perennial_recorder.status import LIFECYCLE, Reporter
from perennial_recorder.writer import AnotherWriter, Writer

_LOG: Final = logging.getLogger(__name__)
_BATCH: Final = 2000  # records read at once
_UNSENT: Final = 64 * 1024**2  # bytes that wait for S3 before reading stops


class TopicChanged(Exception):  # noqa: N818  what has been found out, not what went wrong
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

    def __init__(  # noqa: PLR0913  the ports, and what it is told
        self,
        settings: RecorderSettings,
        source: Source,
        store: ObjectStore,
        waiting: Waiting,
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
        self._waiting = waiting
        self._clock = clock
        self._pace = pace
        self._sleep = sleep
        self._delay = (
            round(settings.labels.max_delay.total_seconds() * 1000) if settings.labels else 0
        )
        self._reader = Reader(settings)
        self._beginning = recovery.Beginning(source, store, waiting, settings)
        self._metrics = metrics or Metrics()
        self._table = Timetable(clock, pace.retry, self._failed)
        self._requests = Requests(settings, requests, self._table, pace.topics)
        self._reporter = Reporter(settings, pod, self._table, self._requests)
        self._probed = False
        self._attempts = 0
        self._course: Course | None = None
        self._reported = self._report()

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
            self._metrics.restarts.labels("another_writer").inc()
            self._start_over()
        except TopicChanged as error:
            _LOG.warning("a topic was made again: starting over", extra={"topic": str(error)})
            self._metrics.restarts.labels("topic_remade").inc()
            if self._course:
                self._course.over = True
        finally:
            self._reported = self._report()
        return True

    def _next_turn(self) -> bool:
        # What is slow there is asked seldom: it must not hold back the joining.
        with self._table.watched(LIFECYCLE, LIFECYCLE, retry=self._pace.topics) as free:
            if free:
                self._requests.step()
        course = self._course
        if course is None:
            return self._begin()
        return self._end(course) if course.over else self._turn(course)

    def _start_over(self) -> None:
        self._course = None
        self._table.clear()

    def finish(self) -> bool:
        """Writes what is left, for a while; False when something stayed (it will be read again)."""
        end = self._clock() + self._pace.stop
        while (course := self._course) is not None and self._clock() < end:
            self._table.clear()
            try:
                with self._table.watched("store"):
                    course.writer.flush(self._clock(), 0.0, lambda: self._check(course.life))
                    self._save(course)
                    if not course.life.moved:
                        return True
            except (AnotherWriter, TopicChanged):
                return False
            self._sleep(self._pace.wait)
        return self._course is None

    def report(self) -> RecorderReport:
        """What /status says, as of the end of the last step; from any thread."""
        return self._reported

    def _report(self) -> RecorderReport:
        return self._reporter.report(self._course, self._waiting.events, self._attempts)

    def _failed(self, reason: Reason) -> None:
        self._metrics.failures.labels(reason).inc()

    def _begin(self) -> bool:
        with self._table.watched("start") as free:
            if not free:
                return False
            recovery.own(self._store, self._settings)
            if not self._probed:
                self._store.probe()
                self._probed = True
            self._attempts = recovery.attempts(self._store)
            found = recovery.newest(self._store)
            life = self._beginning.life(
                found.checkpoint, recovery.topics(self._source, self._settings)
            )
            self._metrics.begin(found.checkpoint.counts)
            self._source.assign({})
            self._start_over()
            self._course = Course(
                life,
                Intake(life, self._waiting, self._reader, self._delay),
                Writer(self._store, life, found.numbers, self._metrics),
                Restore(life),
            )
            return True
        return False

    def _turn(self, course: Course) -> bool:
        now, busy = self._clock(), False
        with self._table.watched("kafka", "topics", "ends") as free:
            if free:
                self._look(course, now)
                busy = self._read(course)
        with self._table.watched("store", "topics", "ends") as free:
            if free:
                interval = self._settings.flush_interval.total_seconds()
                course.writer.flush(self._clock(), interval, lambda: self._check(course.life))
                due = course.life.moved and self._table.due("checkpoint", self._pace.checkpoint)
                if due or course.writer.dirty():
                    self._save(course)
        return busy

    def _look(self, course: Course, now: float) -> None:
        """Whether the topics are the same, and how far each partition goes."""
        life = course.life
        if self._table.due("topics", self._pace.topics):
            current = self._check(life)
            if not course.restore:
                self._beginning.widen(life, current, life.topics)
        self._assign(course)
        if self._table.due("ends", self._pace.ends):
            ends = self._source.ends(life.inputs)
            course.reaches(ends, self._source.positions(), round(now * 1000))
        if self._reader.labels_topic and self._table.due("retention", self._pace.retention):
            self._look_at_retention(life)

    def _look_at_retention(self, life: Life) -> None:
        for topic, kept in self._source.retention(list(life.topics)).items():
            short = kept < self._delay
            self._metrics.retention_short.labels(topic).set(short)
            if short:
                told = {"topic": topic, "retention_ms": kept, "max_delay_ms": self._delay}
                _LOG.warning("retention.ms is shorter than labels.maxDelay", extra=told)

    def _read(self, course: Course) -> bool:
        life, intake = course.life, course.intake
        if life.unsent() >= _UNSENT:
            return False
        batch = self._source.read(_BATCH, self._pace.wait)
        now = round(self._clock() * 1000)
        if course.restore:
            course.read_again(batch, self._source.positions(), now)
            intake.shrink(self._settings.store_limit)
            self._rest(course)
            return True
        intake.take(batch, now)
        intake.forget(life.time(now))
        intake.shrink(self._settings.store_limit)
        self._source.pause(ahead({p: r.time for p, r in life.inputs.items()}, now))
        return bool(batch)

    def _rest(self, course: Course) -> None:
        """Nothing is read of what has nothing to give to this stage of reading again."""
        if course.restore:
            self._source.pause(course.restore.resting())
            return
        self._waiting.end_restore()
        self._table.now("topics")  # partitions that came meanwhile hold back time
        self._source.pause(())

    def _assign(self, course: Course) -> None:
        """A partition is read only after a checkpoint says from where."""
        life = course.life
        topics = course.restore.topics() if course.restore else set(life.topics)
        wanted = {p: r for p, r in life.inputs.items() if p.topic in topics}
        if wanted.keys() <= course.assigned:
            return
        while not wanted.keys() <= course.writer.saved:
            self._save(course)
        new = sorted(wanted.keys() - course.assigned)
        self._source.add({p: wanted[p].ledger.next for p in new})
        course.assigned.update(new)

    def _check(self, life: Life) -> dict[str, Topic]:
        """The topics as they are now; raises TopicChanged when one is not what it was."""
        current = recovery.topics(self._source, self._settings)
        for name, topic in current.items():
            if topic.id != life.topics[name].id:
                raise TopicChanged(name)
        return current

    def _save(self, course: Course) -> None:
        course.writer.save()
        self._table.later("checkpoint", self._pace.checkpoint)
        inputs = course.life.inputs
        self._source.commit({p: r.ledger.position for p, r in inputs.items()})
        course.writer.clean()

    def _end(self, course: Course) -> bool:
        """Writes what can be kept, and what has become of the rest; then it starts anew."""
        with self._table.watched("store") as free:
            if not free:
                return False
            current = self._source.topics(list(course.life.topics)).values()
            course.writer.flush_topics(self._clock(), {topic.id for topic in current})
            if course.writer.dirty():
                course.writer.save()
            course.writer.save()
            self._start_over()
            return True
        return False
