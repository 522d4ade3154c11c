"""Replay of what an earlier session had read, in three stages.

What the earlier session decided stands, in its checkpoint or on S3, and rests on what it knew. So
nothing new may be taken in before all of that is known again: first the events that the checkpoint
knows, then those beyond it that S3 holds, then the labels that the checkpoint knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perennial_contract.messages.record import Record
from perennial_recorder.progress.progress import Progress
from perennial_recorder.records import OutOfRange, Partition, partition_of


class Replay:
    """What is read too early waits for its stage."""

    def __init__(self, progress: Progress) -> None:
        events, labels = progress.inputs_of(progress.events), progress.inputs_of(progress.labels)
        self._progress = progress
        self._stages = [
            {p: r.ledger.read for p, r in events.items()},
            {p: max(r.written, r.ledger.read) for p, r in events.items()},
            {p: r.ledger.read for p, r in labels.items()},
        ]
        self._early: list[Record] = []

    def topics(self) -> set[str]:
        """The topics to read by now."""
        labels = len(self._stages) < 2 and self._progress.labels  # noqa: PLR2004  the third stage
        return {self._progress.events, labels} if labels else {self._progress.events}

    def admit(self, batch: Sequence[Record | OutOfRange]) -> list[Record | OutOfRange]:
        """Of a batch what belongs to this stage; all of it once the last stage is over."""
        if not self._stages:
            return list(batch)
        goals, admitted = self._stages[0], list[Record | OutOfRange]()
        for record in batch:
            if isinstance(record, OutOfRange) or record.offset < goals.get(partition_of(record), 0):
                admitted.append(record)
            else:
                self._early.append(record)
        return admitted

    def resting(self) -> set[Partition]:
        """The partitions that have nothing to give to this stage."""
        goals = self._stages[0] if self._stages else {}
        return {p for p, r in self._progress.inputs.items() if r.ledger.next >= goals.get(p, 0)}

    def passed(self, positions: Mapping[Partition, int]) -> dict[Partition, int]:
        """Up to where nothing is still to come in this stage, by the source's positions."""
        goals = self._stages[0] if self._stages else {}
        return {p: min(positions[p], goal) for p, goal in goals.items() if p in positions}

    def over(self) -> bool:
        return not self._stages

    def advance(self) -> list[Record | OutOfRange]:
        """Goes on to the next stage when this one has come to its goals.

        Returns:
            What was read early and belongs to the new stage; nothing while this one goes on.
        """
        while self._stages and self._reached():
            del self._stages[0]
            early, self._early = self._early, []
            if admitted := self.admit(early):
                return admitted
        return []

    def _reached(self) -> bool:
        inputs = self._progress.inputs
        return all(inputs[p].ledger.next >= goal for p, goal in self._stages[0].items())
