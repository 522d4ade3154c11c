"""Oracle of what must stand on S3 in the end, computed from the logs alone.

It follows the rules, not the code: nothing of the recorder is imported.
"""

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.fakes.broker import Log
from tests.support.recorder.histories import AHEAD, LABEL_SPELLINGS

Identity = tuple[int, int]  # partition and offset of an event


@dataclass(frozen=True)
class Read:
    partition: int
    offset: int
    timestamp: int
    label: str = ""


@dataclass
class Id:
    """All records of one id, in the order of each partition."""

    events: list[Read] = field(default_factory=list)
    labels: list[Read] = field(default_factory=list)


@dataclass
class Expected:
    """Records by id, what is counted beside them, and maxDelay in ms."""

    delay: int
    ids: dict[str, Id]
    counts: Counter[str]
    records: int
    """Records in all, with those of a wrong clock counted twice."""

    def check(self, observed: dict[Identity, str]) -> Counter[str]:
        """The exact counts, given what was observed; AssertionError where that is impossible."""
        counts = Counter(self.counts)
        seen = 0
        for name, id in self.ids.items():  # noqa: A001
            mine = {(e.partition, e.offset) for e in id.events}
            got = {identity: observed[identity] for identity in mine & observed.keys()}
            seen += len(got)
            fits = [
                f
                for f in (_outcome(o, id.labels, got, self.delay) for o in _orders(id.events))
                if f is not None
            ]
            assert fits, f"{name}: {got} is no outcome of {id}"
            counts += fits[0]
        assert seen == len(observed), "observations of events that are none"
        counts["observations"] = len(observed)
        return counts


def expect(events: Sequence[Log], labels: Sequence[Log], delay: int, needed: str = "") -> Expected:
    """`needed` is the field that a message must have to be an event."""
    ids: dict[str, Id] = defaultdict(Id)
    counts: Counter[str] = Counter()
    for partition, offset, timestamp, value in _records(events):
        message = _object(value)
        if not message or "\\ud800" in str(value):
            counts["unreadable_event"] += 1
        elif needed and needed not in message:
            counts["filtered"] += 1
        elif "id" not in message:
            counts["unreadable_event"] += 1
        elif timestamp > AHEAD:
            counts["ahead"] += 1
            counts["given_up"] += 1
        else:
            ids[str(message["id"])].events.append(Read(partition, offset, timestamp))
    for partition, offset, timestamp, value in _records(labels):
        message = _object(value)
        if not message or "id" not in message or "\\ud800" in str(value):
            counts["unreadable_label"] += 1
        elif message.get("label") is None:
            counts["null_label"] += 1
        elif str(message["label"]).strip() not in LABEL_SPELLINGS:
            counts["rejected_label"] += 1
        else:
            label = LABEL_SPELLINGS[str(message["label"]).strip()]
            ids[str(message["id"])].labels.append(Read(partition, offset, timestamp, label))
    records = sum(1 for _ in _records([*events, *labels])) + counts["ahead"]
    return Expected(delay, ids, counts, records)


def _outcome(
    events: Sequence[Read], labels: Sequence[Read], got: dict[Identity, str], delay: int
) -> Counter[str] | None:
    """What is counted when events are met in this order; None when `got` cannot come of it."""
    counts: Counter[str] = Counter()
    firsts: list[Read] = []
    for event in events:
        if any(abs(f.timestamp - event.timestamp) <= delay for f in firsts):
            counts["duplicate_event"] += 1
        else:
            firsts.append(event)
    firsts.sort(key=lambda e: e.timestamp)
    labels_of: dict[Identity, list[Read]] = {(e.partition, e.offset): [] for e in firsts}
    for label in labels:
        near = [e for e in firsts if abs(e.timestamp - label.timestamp) <= delay]
        if near:
            labels_of[near[0].partition, near[0].offset].append(label)
        else:
            counts["late or orphan"] += 1
    if {identity for identity, taken in labels_of.items() if taken} != got.keys():
        return None
    for identity, taken in labels_of.items():
        if not taken:
            counts["given_up"] += 1
            continue
        values = [label.label for label in taken]
        one_partition = len({label.partition for label in taken}) == 1
        if got[identity] not in (values[:1] if one_partition else values):
            return None
        counts["joined"] += 1
        counts["duplicate_label"] += values.count(got[identity]) - 1
        counts["conflicting_label"] += len(values) - values.count(got[identity])
    return counts


def _orders(events: Sequence[Read]) -> Iterable[Sequence[Read]]:
    """Every order in which partitions may be read."""
    for order in itertools.permutations(events):
        if all(
            a.offset < b.offset
            for a, b in itertools.combinations(order, 2)
            if a.partition == b.partition
        ):
            yield order


def _records(logs: Sequence[Log]) -> Iterable[tuple[int, int, int, bytes | None]]:
    for partition, log in enumerate(logs):
        for offset, record in enumerate(log.records):
            if record is not None:
                yield partition, offset, record.timestamp, record.value


def _object(value: bytes | None) -> dict[str, object] | None:
    try:
        read = json.loads(value or b"")
    except ValueError:
        return None
    return read if isinstance(read, dict) else None
