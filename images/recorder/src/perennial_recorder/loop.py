"""Loop of the recorder: read, join, flush, checkpoint; and what it does when something is away.

Nothing that fails loses anything: positions move only with a checkpoint, and a checkpoint never
passes what S3 has not confirmed.
"""

from __future__ import annotations

import logging
from functools import partial
from threading import Event
from typing import Final

from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.settings import RecorderSettings
from perennial_contract.status import RecorderReport
from perennial_recorder.due_times import DueTimes
from perennial_recorder.intervals import INTERVALS, Intervals
from perennial_recorder.join.stream_clock import StreamClock
from perennial_recorder.metrics import Metrics, Restart
from perennial_recorder.ports import DiskFailed, Ports
from perennial_recorder.records import LogTruncated
from perennial_recorder.retrain_requests import LIFECYCLE, RetrainRequests
from perennial_recorder.retries import Retries
from perennial_recorder.session.checkpointer import Checkpointer
from perennial_recorder.session.feed import Feed
from perennial_recorder.session.intake import TimeTold
from perennial_recorder.session.open_transactions import TRANSACTIONS, OpenTransactions
from perennial_recorder.session.opening import Opener
from perennial_recorder.session.session import Session
from perennial_recorder.session.topic_watch import TopicWatch
from perennial_recorder.session.topics import TopicRecreated, Topics
from perennial_recorder.session.writer import AnotherWriter
from perennial_recorder.status import ReportBuilder

_LOG: Final = logging.getLogger(__name__)
_STALE: Final = ("topics", "ends")  # asked for anew after Kafka or S3 was away


class Recorder:
    """One step at a time; the states it goes through are drawn in `session.session`."""

    def __init__(
        self,
        settings: RecorderSettings,
        ports: Ports,
        *,
        pod: str = "",
        intervals: Intervals = INTERVALS,
        metrics: Metrics | None = None,
    ) -> None:
        self._ports = ports
        self._intervals = intervals
        self._interval = settings.flush_interval.total_seconds()
        self._metrics = metrics or Metrics()
        self._due_times = DueTimes(ports.monotonic)
        self._retries = Retries(self._due_times, intervals.retry, self._metrics.count_failure)
        self._topics = Topics(ports.source, settings)
        self._clock = StreamClock(ports.clock, ports.monotonic, self._topics.created)
        self._opener = Opener(settings, ports, self._topics, self._metrics, self._clock)
        self._watch = TopicWatch(
            ports.source, self._topics, self._due_times, intervals, self._metrics
        )
        self._transactions = OpenTransactions(ports.source, self._due_times, intervals)
        self._checkpointer = Checkpointer(ports.source, self._due_times, intervals.checkpoint)
        self._feed = Feed(ports, self._due_times, self._checkpointer, intervals, self._clock)
        self._requests = RetrainRequests(
            settings, ports.requests, self._due_times, intervals.topics
        )
        self._reports = ReportBuilder(settings, pod, self._retries, self._requests, self._clock)
        self._session: Session | None = None
        self._reported = self._report()

    def run(self, stop: Event) -> None:
        """Steps until `stop` is set, then writes what is left."""
        while not stop.is_set():
            self._ports.beat()
            if not self.step():
                stop.wait(self._intervals.wait)
        self.finish()

    def step(self) -> bool:
        """One turn of the loop; False when there is nothing to do for the moment."""
        try:
            return self._advance()
        except AnotherWriter as error:
            _LOG.warning("another writer's object: starting over", extra={"key": str(error)})
            self._metrics.count_restart(Restart.ANOTHER_WRITER)
            self._discard_session()
        except TopicRecreated as error:
            _LOG.warning("a topic was made again: starting over", extra={"topic": str(error)})
            self._metrics.count_restart(Restart.TOPIC_RECREATED)
            if self._session:
                self._session.draining = True
        except LogTruncated as error:
            _LOG.warning("the end of a log moved back: starting over", extra={"log": str(error)})
            self._metrics.count_restart(Restart.LOG_TRUNCATED)
            if self._session:
                self._session.draining = True
                self._session.truncated[error.partition] = error.end
        except TimeTold:
            _LOG.info("a timestamp tells the time: what was read before is read again")
            self._metrics.count_restart(Restart.TIME_TOLD)
            self._discard_session()
        except DiskFailed as error:
            self._metrics.count_restart(Restart.DISK_FAILED)
            self._discard_session()
            failed = Trouble(ProgramReason.DISK_FAILED, str(error))
            self._retries.fail("start", failed, self._intervals.disk)
        finally:
            self._reported = self._report()
        return True

    def finish(self) -> bool:
        """Writes what is left, for a while; False when something stayed (it will be read again)."""
        end = self._ports.monotonic() + self._intervals.stop
        while (session := self._session) is not None and self._ports.monotonic() < end:
            self._due_times.clear()
            write = self._drain if session.draining else self._write_rest
            try:
                if self._retries.attempt("store", partial(write, session)):
                    return True
            except AnotherWriter:
                return False
            except TopicRecreated:
                session.draining = True
            else:
                self._ports.sleep(self._intervals.wait)
        return self._session is None

    def report(self) -> RecorderReport:
        """What /status says, as of the end of the last step; from any thread."""
        return self._reported

    def _report(self) -> RecorderReport:
        self._metrics.clock_behind.set(self._clock.behind() / 1000)
        return self._reports.build(self._session, self._ports.state.events, self._opener.attempts)

    def _advance(self) -> bool:
        # What is slow there is asked seldom: it must not hold back the joining.
        self._retries.attempt(LIFECYCLE, self._requests.read, [LIFECYCLE], self._intervals.topics)
        session = self._session
        if session is None:
            longest = self._intervals.start
            return self._retries.attempt("start", self._open_session, longest=longest)
        if session.draining:
            return self._retries.attempt("store", partial(self._drain, session))
        busy = self._retries.attempt("kafka", partial(self._read, session), _STALE)
        self._retries.attempt("store", partial(self._write, session), _STALE)
        look = partial(self._transactions.look, session)
        self._retries.attempt(TRANSACTIONS, look, [TRANSACTIONS], self._intervals.topics)
        return busy

    def _open_session(self) -> bool:
        session = self._opener.open()
        self._due_times.clear()
        self._session = session
        return True

    def _discard_session(self) -> None:
        self._session = None
        self._due_times.clear()

    def _read(self, session: Session) -> bool:
        moment = self._clock.moment()
        self._watch.look_for_partitions(session)
        self._feed.assign(session)
        self._watch.ask_for_ends(session, moment)
        self._watch.ask_for_retention(session)
        return self._feed.read(session)

    def _write(self, session: Session) -> bool:
        self._flush(session, self._interval)
        self._checkpointer.save_if_due(session)
        return True

    def _write_rest(self, session: Session) -> bool:
        """Whether everything is written; what comes of the writing itself needs another turn."""
        self._flush(session, 0.0)
        self._checkpointer.save(session)
        return not session.progress.moved

    def _flush(self, session: Session, interval: float) -> None:
        check = partial(self._topics.check, session.progress)
        session.writer.flush(self._ports.monotonic(), interval, check)

    def _drain(self, session: Session) -> bool:
        """Writes what can be kept, and what has become of the rest; the session ends with it."""
        current = self._ports.source.topics(list(session.progress.topics)).values()
        session.writer.drain(self._ports.monotonic(), {topic.id for topic in current})
        for partition, end in session.truncated.items():
            session.progress.truncate(partition, end)
        if session.truncated:
            session.writer.save()
        self._discard_session()
        return True
