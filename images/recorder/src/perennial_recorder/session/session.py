"""Session of the loop: what it reads, what it writes, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from perennial_recorder.progress.progress import Progress
from perennial_recorder.progress.replay import Replay
from perennial_recorder.records import Arrival, Overtaken, Partition
from perennial_recorder.session.intake import Intake
from perennial_recorder.session.joiner import Joiner
from perennial_recorder.session.writer import Writer


@dataclass(slots=True)
class Session:
    """Gone as a whole when it has to start over."""

    progress: Progress
    intake: Intake
    joiner: Joiner
    writer: Writer
    replay: Replay | None
    """Until everything that an earlier session knew has been read again."""
    assigned: set[Partition] = field(default_factory=set)
    ends: dict[Partition, int] = field(default_factory=dict)
    lag: dict[str, int] = field(default_factory=dict)
    """By topic: records that are still to be read."""
    draining: bool = False
    """A topic was made again: only what can be kept is still to be written."""

    def note_ends(
        self, ends: Mapping[Partition, int], positions: Mapping[Partition, int], now: int
    ) -> None:
        """The broker was asked for its ends at `now`, in ms; time passes where one is reached."""
        self.ends, self.lag = dict(ends), dict.fromkeys(self.progress.topics, 0)
        for partition, end in ends.items():
            reading = self.progress.inputs[partition]
            position = max(positions.get(partition, 0), reading.ledger.next)
            self.lag[partition.topic] += max(0, end - position)
            if partition in positions and not self.replay:
                reading.time.ask(now, end, position)

    def read_again(
        self, batch: Sequence[Arrival | Overtaken], positions: Mapping[Partition, int], now: int
    ) -> None:
        """Takes what belongs to this stage of reading again; the rest waits for its own."""
        if (replay := self.replay) is None:
            return
        self.intake.take(replay.admit(batch), now)
        passed = {p for p, end in self.ends.items() if positions.get(p, -1) >= end}
        while early := replay.advance(passed):
            self.intake.take(early, now)
        if replay.over():
            self.replay = None
