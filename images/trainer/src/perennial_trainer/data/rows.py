"""Rows of an attempt as one sequence, oldest first: the base, then observations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from perennial_contract.objects.observation import Observation
from perennial_contract.resource.schema import BinaryLabel
from perennial_contract.watermark import Watermark, position
from perennial_model.arrays import Floats, Index, Mask
from perennial_model.refusals import DataRefused
from perennial_model.tasks.task import Task
from perennial_model.tasks.tasks import task_of
from perennial_trainer.data.dataset import Base, Record

_Placed = tuple[int, str, int, int, Observation, float]


@dataclass(frozen=True, slots=True)
class Part:
    """Observations of one partition, in sequence."""

    topic_id: str
    partition: str
    observations: Sequence[Observation]


@dataclass(frozen=True, slots=True)
class Rows:
    """Column by column; all of one length n, ordered by event time, the base always first.

    The base has no clock: its rows count up to 0, and their labels come with them.
    """

    records: list[Record]
    labels: Floats
    event_timestamps: Index
    """Kafka's, ms: with the labels' on one clock."""
    label_timestamps: Index
    new: Mask
    """Beyond the champion's watermark; without a champion all."""
    task: Task
    """What the labels mean."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Observations whose label is no target, by it: they are no rows."""

    def __len__(self) -> int:
        return len(self.records)

    def pick(self, index: Index) -> list[Record]:
        return [self.records[i] for i in index]

    def suffice(self, index: Index) -> bool:
        """Whether a model can be fitted to the rows at `index`, or judged on them."""
        return self.task.suffice(self.labels[index])

    def arrived_before(self, part: Index, among: Index) -> Index:
        """Those `among` the rows whose label had arrived before the first event of `part`."""
        first: np.int64 = self.event_timestamps[part].min()
        arrived: Index = among[self.label_timestamps[among] < first]
        return arrived


def assemble(
    base: Base | None, parts: Iterable[Part], label: BinaryLabel, seen: Watermark | None
) -> Rows:
    """One sequence of base and observations; `seen` is the champion's watermark.

    Observations whose label is no target are left out.

    Raises:
        DataRefused: An observation's record is no JSON object.
    """
    task = task_of(label)
    stream, left_out = _stream(parts, task)
    observations = [row[4] for row in stream]
    labels = np.array([row[5] for row in stream], dtype=np.float64)
    count = len(base.records) if base else 0
    age = np.arange(-count, 0, dtype=np.int64)
    first = seen is None
    return Rows(
        [*(base.records if base else []), *map(_record, observations)],
        np.concatenate([base.labels if base else np.empty(0), labels]),
        np.concatenate([age, _column(o.event_timestamp for o in observations)]),
        np.concatenate([age, _column(o.label_timestamp for o in observations)]),
        np.array(
            [first] * count + [first or _is_new(row, seen or {}) for row in stream], dtype=np.bool_
        ),
        task,
        left_out,
    )


def _stream(parts: Iterable[Part], task: Task) -> tuple[list[_Placed], Counter[str]]:
    """Observations in order, each with its target; and those without one, by their label."""
    stream, left_out = list[_Placed](), Counter[str]()
    for p in parts:
        for o in p.observations:
            if (target := task.target(o.label)) is None:
                left_out[o.label] += 1
            else:
                at = (o.event_time, p.topic_id, int(p.partition), o.sequence)
                stream.append((*at, o, target))
    return sorted(stream), left_out


def _is_new(row: _Placed, seen: Watermark) -> bool:
    _, topic_id, partition, sequence, *_ = row
    return sequence >= position(seen, topic_id, partition)


def _column(values: Iterable[int]) -> Index:
    return np.fromiter(values, dtype=np.int64)


def _record(observation: Observation) -> Record:
    record: Any = msgspec.json.decode(observation.record)
    if not isinstance(record, dict):
        raise DataRefused(f"observation {observation.sequence} holds no JSON object")
    return record
