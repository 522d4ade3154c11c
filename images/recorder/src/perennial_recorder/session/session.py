"""Session of the recorder: what is discarded together when it starts over.

Its states, and those of the loop around it:

                  opened              everything is read again
    +------------+ ----> +-----------+ ----------------------> +---------+
    | no session |       | replaying |                         | reading |
    +------------+       +-----------+                         +---------+
       ^      ^                | a topic was made again, a log cut  |
       |      |                +-----------------+------------------+
       |      |                                  v
       |      |    what can be kept        +----------+
       |      +--------------------------- | draining |
       |           is written              +----------+
       |
       +--- from replaying, reading and draining: another writer's object is found; from the
            first two: a timestamp tells the time, and records have been taken without

SIGTERM: what is left, or can be kept, is written, and tried again for `Intervals.stop` seconds.
Then the process ends. Trouble and StoreError change no state: the part that failed is tried again.
DiskFailed ends any session at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from perennial_contract.messages.record import Record
from perennial_recorder.progress.progress import Progress
from perennial_recorder.progress.replay import Replay
from perennial_recorder.records import LogTruncated, OutOfRange, Partition
from perennial_recorder.session.intake import Intake
from perennial_recorder.session.joiner import Joiner
from perennial_recorder.session.writer import Writer


@dataclass(slots=True)
class Session:
    """One run from the newest checkpoint on."""

    progress: Progress
    intake: Intake
    joiner: Joiner
    writer: Writer
    replay: Replay | None
    """None once everything that an earlier session knew has been read again."""
    assigned: set[Partition] = field(default_factory=set)
    ends: dict[Partition, int] = field(default_factory=dict)
    """The offsets after the last records, when the brokers were last asked."""
    lag: dict[str, int] = field(default_factory=dict)
    """By topic: records that are still to be read."""
    held: dict[Partition, int] = field(default_factory=dict)
    """The offsets at which open transactions hold back what has been read up to them."""
    draining: bool = False
    """A topic was made again, or a log cut: only what can be kept is still to be written."""
    truncated: dict[Partition, int] = field(default_factory=dict)
    """The ends of logs that were cut."""

    def note_ends(
        self, ends: Mapping[Partition, int], positions: Mapping[Partition, int], moment: int
    ) -> None:
        """Notes the ends asked for at a moment: time has come so far where one is reached.

        Raises:
            LogTruncated: A log ends before what is still to be read again: that never comes.
        """
        self.ends, self.lag = dict(ends), dict.fromkeys(self.progress.topics, 0)
        for partition, end in ends.items():
            reading = self.progress.inputs[partition]
            if self.replay and end < max(reading.ledger.read, reading.written):
                raise LogTruncated(partition, end)
            position = max(positions.get(partition, 0), reading.ledger.next)
            self.lag[partition.topic] += max(0, end - position)
            if partition in positions and not self.replay:
                reading.time.ask(moment, end, position)

    def take_replay(
        self, batch: Sequence[Record | OutOfRange], positions: Mapping[Partition, int]
    ) -> None:
        """Takes in what belongs to this stage of the replay; the rest waits for its own.

        `positions` are the source's after the batch: what it went past without handing it out is no
        more.
        """
        if (replay := self.replay) is None:
            return
        early = replay.admit(batch)
        while True:
            self.intake.take(early)
            self.intake.pass_by(replay.passed(positions))
            if not (early := replay.advance()):
                break
        if replay.over():
            self.replay = None
