"""Watch over the topics of a session: whether they are the same, their ends, their retention."""

from __future__ import annotations

import logging
from typing import Final

from perennial_recorder.due_times import DueTimes
from perennial_recorder.intervals import Intervals
from perennial_recorder.metrics import Metrics
from perennial_recorder.ports import Source
from perennial_recorder.session.session import Session
from perennial_recorder.session.topics import Topics

_LOG: Final = logging.getLogger(__name__)


class TopicWatch:
    """Asks the brokers when it is due; every method raises Trouble without a clear answer."""

    def __init__(
        self,
        source: Source,
        topics: Topics,
        due_times: DueTimes,
        intervals: Intervals,
        metrics: Metrics,
    ) -> None:
        self._source = source
        self._topics = topics
        self._due_times = due_times
        self._intervals = intervals
        self._metrics = metrics

    def look_for_partitions(self, session: Session) -> None:
        """Raises TopicRecreated when a topic is not what it was."""
        if self._due_times.due_every("topics", self._intervals.topics):
            progress = session.progress
            current = self._topics.check(progress)
            if not session.replay:
                self._topics.add_partitions(progress, current, progress.topics)

    def ask_for_ends(self, session: Session, moment: int) -> None:
        """`moment` is now, in monotonic ms; raises LogTruncated as `note_ends` does."""
        if self._due_times.due_every("ends", self._intervals.ends):
            ends = self._source.ends(session.progress.inputs)
            session.note_ends(ends, self._source.positions(), moment)

    def ask_for_retention(self, session: Session) -> None:
        """Warns where a topic keeps its records for less time than a label may take."""
        delay, pause = self._topics.max_delay, self._intervals.retention
        if not (self._topics.labels and self._due_times.due_every("retention", pause)):
            return
        for topic, kept in self._source.retention(list(session.progress.topics)).items():
            short = kept < delay
            self._metrics.retention_short.labels(topic).set(short)
            if short:
                fields = {"topic": topic, "retention_ms": kept, "max_delay_ms": delay}
                _LOG.warning("retention.ms is shorter than labels.maxDelay", extra=fields)
