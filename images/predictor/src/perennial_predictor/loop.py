"""Loop of one membership in the group: read, answer, confirm, commit.

An offset is committed only after delivery of the answers before it is confirmed; a failed delivery
goes back to where delivery was confirmed last (`commits`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Final

from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_predictor.commits import Commits
from perennial_predictor.delivery import Delivery
from perennial_predictor.ports import Positions, Sink, Source, Waiting
from perennial_predictor.scoring.answers import Answerer
from perennial_predictor.status import Part, State
from perennial_predictor.topic_watch import TopicWatch

BATCH: Final = 1000  # records that are scored together at most
PATIENCE: Final = 0.1  # seconds that an idle stream is waited for
LAG_INTERVAL: Final = 1.0  # seconds between two looks at what is left to be read
BACK_OFF: Final = 1.0  # seconds after a failed delivery
_LOG: Final = logging.getLogger(__name__)


class Loop:
    """One membership in the group, from joining to leaving."""

    def __init__(  # noqa: PLR0913, PLR0917  the parts of the loop
        self,
        source: Source,
        sink: Sink,
        answerer: Answerer,
        state: State,
        waiting: Waiting,
        joined: Callable[[], None] = lambda: None,
    ) -> None:
        """`joined` is called with every assignment."""
        self._source = source
        self._sink = sink
        self._delivery = Delivery(sink, answerer.dead_letters, state, waiting)
        self._answerer = answerer
        self._state = state
        self._waiting = waiting
        self._joined = joined
        self._lag_at = now = waiting.now()
        self._topics = TopicWatch(source, sink, state, waiting, now)
        self._commits = Commits(source, self._delivery, now)

    def run(self) -> None:
        """Answers until told to stop, and commits what was answered before it leaves the group.

        Raises:
            ClientFailed: The Kafka client cannot go on.
            Trouble: A topic is missing or was made again, Kafka refuses us, or nothing answers at
                the start.
        """
        try:
            self._source.join(self._topics.open(), self)
            self._stay()
        finally:
            self._sink.close()

    def _stay(self) -> None:
        try:
            while not self._waiting.over():
                self._process_batch()
            self._checkpoint(wait=True)
        except Trouble:  # what has arrived need not be answered again by the next member
            if self._commits.pending:
                self._commits.settle(wait=True)
            raise
        finally:
            self._drop([*self._commits.following])  # leaving revokes: it is too late to commit
            self._source.leave()
            self._state.joined = False

    def _process_batch(self) -> None:
        """Answers one batch of records, and looks, confirms and commits where that is due."""
        now = self._waiting.now()
        self._state.heartbeat.beat(now)
        self._topics.look_when_due(now)
        if now >= self._lag_at + LAG_INTERVAL:
            self._lag_at = now
            following = self._commits.following
            self._state.metrics.group.set_lag(following, self._source.ends(following))
        batch = self._source.batch(BATCH, PATIENCE)
        read = self._waiting.now()
        mine = [record for record in batch if record.partition in self._commits.following]
        if mine:
            outgoing, tally = self._answerer.answer(mine)
            self._delivery.send(outgoing, tally)
            self._commits.advance(mine)
        sent = self._waiting.now()
        if mine:
            self._state.metrics.batches.add(len(mine), sent - read)
        if self._commits.due(sent):
            self._checkpoint(wait=False)

    def _checkpoint(self, *, wait: bool) -> None:
        """Commits what has arrived, or answers again what has not."""
        self._state.metrics.events.read.inc(self._state.metrics.batches.count())
        if not (self._commits.pending or wait) or self._commits.settle(wait=wait):
            return
        self._commits.go_back()
        self._waiting.pause(BACK_OFF)
        self._topics.look_soon()

    def assigned(self, positions: Positions) -> None:
        """The group has given us these partitions, perhaps none.

        A topic that still takes nothing says so again, but only to who has something to send.
        """
        self._commits.assign(positions)
        self._state.clear(Part.TOPICS)
        self._state.clear(Part.DELIVERY)
        self._state.joined = True
        self._state.partitions = len(self._commits.following)
        self._state.metrics.group.rebalances.labels("assigned").inc()
        _LOG.info("partitions assigned", extra={"positions": dict(positions)})
        self._joined()

    def revoked(self, partitions: Iterable[int]) -> None:
        """Partitions go to another member: what was answered is committed, the rest is dropped."""
        gone = set(partitions)
        if self._commits.following:
            self._commits.settle(wait=True)
        self._drop(gone)
        self._state.metrics.group.rebalances.labels("revoked").inc()
        _LOG.info("partitions revoked", extra={"partitions": sorted(gone)})

    def lost(self, partitions: Iterable[int]) -> None:
        """Partitions are another member's already, which answers again what was not committed."""
        gone = set(partitions)
        self._drop(gone)
        self._state.metrics.group.rebalances.labels("lost").inc()
        _LOG.warning("partitions lost", extra={"partitions": sorted(gone)})

    def out_of_range(self, partition: int, earliest: int, end: int) -> None:
        """The next position is out of range: retention removed it, or the log lost its end."""
        before = self._commits.following.get(partition)
        if before is None:
            return
        skipped = max(0, earliest - before)
        self._state.skip(skipped)
        self._commits.seek(partition, max(earliest, min(before, end)))
        what = {"partition": partition, "position": before}
        if before > end:
            _LOG.warning("the log ends before the position", extra={**what, "end": end})
        else:
            _LOG.warning("events skipped", extra={**what, "events": skipped})

    def noticed(self, message: str) -> None:
        """The client complains, and recovers by itself."""
        _LOG.warning("kafka", extra={"detail": message})
        self._topics.look_soon()

    def committed(self, refused: str) -> None:
        """A commit that the group refuses is no loss: the records are answered again."""
        self._state.metrics.group.commits.labels("refused" if refused else "done").inc()
        if refused:
            _LOG.warning("commit refused", extra={"detail": refused})

    def _drop(self, partitions: Iterable[int]) -> None:
        self._commits.drop(partitions)
        self._state.partitions = len(self._commits.following)
        self._state.metrics.group.set_lag({}, {})
