"""Open transactions: what they hold back is handed out to no reader, and time waits for it."""

from __future__ import annotations

from typing import Final

from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_recorder.due_times import DueTimes
from perennial_recorder.intervals import Intervals
from perennial_recorder.ports import Source
from perennial_recorder.records import Partition
from perennial_recorder.session.session import Session

TRANSACTIONS: Final = "transactions"  # a part and a task; it says why nothing comes


class OpenTransactions:
    """Asks the brokers where something is to be read and does not come."""

    def __init__(self, source: Source, due_times: DueTimes, intervals: Intervals) -> None:
        self._source = source
        self._due_times = due_times
        self._pause = intervals.topics
        self._patience = intervals.transaction

    def look(self, session: Session) -> bool:
        """False: there is nothing to be done about it.

        Raises:
            Trouble: A transaction has been open for long (TransactionOpen, with topic and
                partition), or Kafka gives no clear answer.
        """
        if self._due_times.due_every(TRANSACTIONS, self._pause):
            held = self._held(session)
            for partition, offset in held.items():
                if session.held.get(partition) != offset:
                    self._due_times.postpone(_task(partition), self._patience)
            session.held = held
        long = sorted(p for p in session.held if self._due_times.is_due(_task(p)))
        if long:
            raise Trouble(ProgramReason.TRANSACTION_OPEN, self._message(session, long))
        return False

    def _held(self, session: Session) -> dict[Partition, int]:
        """Where all that is handed out has been read, and there is more."""
        positions = self._source.positions()
        behind = [p for p, end in session.ends.items() if positions.get(p, end) < end]
        stable = self._source.stable_ends(behind) if behind else {}
        return {p: offset for p, offset in stable.items() if positions[p] >= offset}

    def _message(self, session: Session, long: list[Partition]) -> str:
        first, more = long[0], len(long) - 1
        what = "transactions have" if more else "a transaction has"
        others = f" and of {more} more partitions," if more else ""
        return (
            f"{what} been open for {self._patience / 60:.0f} minutes: nothing from offset"
            f" {session.held[first]} of {first.topic}, partition {first.number},{others} on can be"
            " read, and the join waits for it"
        )


def _task(partition: Partition) -> str:
    return f"{TRANSACTIONS} {partition.topic} {partition.number}"
