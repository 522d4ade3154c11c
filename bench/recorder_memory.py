"""Benchmark of the recorder with a million events that wait for their label: memory, disk, seconds.

Run it as `.venv/bin/python bench/recorder_memory.py [events]`. All of it is the recorder's code
but for Kafka and S3, which are in this process: the events are made as they are read.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from perennial_contract.messages.record import Record
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.streams import Events, Labels, Reference
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.objects import Put
from perennial_contract.settings import RecorderSettings
from perennial_recorder.adapters.sqlite import SqliteStateStore
from perennial_recorder.intervals import Intervals
from perennial_recorder.loop import Recorder
from perennial_recorder.ports import Ports
from perennial_recorder.records import OutOfRange, Partition, Topic

LIMIT_MB = 300
BEGIN = 1_790_000_000_000  # ms
EVENTS, LABELS = Partition("events", 0), Partition("labels", 0)


class MadeUp:
    """Kafka: events of about 350 bytes, 1 ms apart; every fourth gets its label at the end."""

    def __init__(self, events: int) -> None:
        self._ends = {EVENTS: events, LABELS: 0}
        self._at: dict[Partition, int] = {}
        self._padding = {f"feature_{i}": round(random.Random(i).random(), 6) for i in range(12)}

    def label_some(self) -> None:
        self._ends[LABELS] = self._ends[EVENTS] // 4

    def topics(self, names: Collection[str]) -> dict[str, Topic]:
        return {name: Topic(f"id-{name}", 1) for name in names}

    def earliest(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        return dict.fromkeys(partitions, 0)

    def ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        return {p: self._ends[p] for p in partitions}

    def stable_ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        return self.ends(partitions)

    def since(self, partitions: Collection[Partition], timestamp: int) -> dict[Partition, int]:
        del timestamp
        return self.earliest(partitions)

    def retention(self, names: Collection[str]) -> dict[str, int]:
        del names  # for ever
        return {}

    def assign(self, positions: Mapping[Partition, int]) -> None:
        self._at = dict(positions)

    def add(self, positions: Mapping[Partition, int]) -> None:
        self._at |= positions

    def pause(self, partitions: Collection[Partition]) -> None:
        del partitions  # all events are to wait at once

    def positions(self) -> dict[Partition, int]:
        return dict(self._at)

    def read(self, limit: int, seconds: float) -> list[Record | OutOfRange]:
        del seconds
        for partition, at in self._at.items():
            if end := min(at + limit, self._ends[partition]) - at:
                self._at[partition] = at + end
                make = self._event if partition == EVENTS else self._label
                return [make(offset) for offset in range(at, at + end)]
        return []

    def commit(self, positions: Mapping[Partition, int]) -> None:
        del positions

    def close(self) -> None:
        pass

    def _event(self, offset: int) -> Record:
        value = json.dumps({"id": f"event-{offset}", **self._padding, "n": offset}).encode()
        return Record(*EVENTS, offset, None, value, timestamp=BEGIN + offset)

    def _label(self, offset: int) -> Record:
        value = json.dumps({"id": f"event-{4 * offset}", "label": "yes"}).encode()
        return Record(*LABELS, offset, None, value, timestamp=BEGIN + 4 * offset + 1)


class Kept:
    """S3: objects in memory, the larger ones only by their length."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.bytes = 0

    def get(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def get_many(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        return ((key, self.get(key)) for key in keys)

    def put_new(self, key: str, data: bytes, patience: float = 20.0) -> Put:
        del patience
        self.bytes += len(data)
        self.objects[key] = data if key == "owner.json" else b""
        return Put.WRITTEN

    def list(self, prefix: str, start_after: str = "") -> Iterator[str]:
        del prefix, start_after
        return iter(())

    def folders(self, prefix: str) -> Iterator[str]:
        del prefix
        return iter(())

    def delete(self, key: str) -> None:
        del self.objects[key]

    def probe(self) -> None:
        pass


def main() -> int:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    source, store = MadeUp(events), Kept()
    with tempfile.TemporaryDirectory() as folder:
        state = SqliteStateStore(Path(folder) / "waiting.db")
        clock = lambda: (BEGIN + events) / 1000  # noqa: E731
        intervals = Intervals(checkpoint=1e9)
        ports = Ports(source, source, store, state, clock, time.monotonic, time.sleep)
        recorder = Recorder(_settings(), ports, intervals=intervals)
        began = time.perf_counter()
        while recorder.report().pending < events:
            recorder.step()
        read = time.perf_counter() - began
        _say("waiting", events, read, state.size())
        source.label_some()
        began = time.perf_counter()
        while recorder.report().pending > events - events // 4:
            recorder.step()
        _say("joined", events // 4, time.perf_counter() - began, state.size())
        began = time.perf_counter()
        recorder.finish()
        _say("written", events // 4, time.perf_counter() - began, state.size())
        print(f"S3 got {store.bytes / 1e6:.1f} MB, the last checkpoint among them")
        state.close()
    return 0 if _peak() < LIMIT_MB else 1


def _say(what: str, records: int, seconds: float, disk: int) -> None:
    print(
        f"{what:>8}: {records} in {seconds:.1f} s ({seconds / records * 1e6:.1f} us each),"
        f" RSS {_now():.0f} MB (peak {_peak():.0f}), disk {disk / 1e6:.0f} MB",
        flush=True,
    )


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def _now() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def _settings() -> RecorderSettings:
    return RecorderSettings(
        uid="uid",
        namespace="default",
        name="bench",
        created=datetime.fromtimestamp(BEGIN / 1000, UTC),
        storage=Storage(bucket="bucket", secret_ref=SecretReference(name="s3")),
        kafka=Kafka(bootstrap_servers="kafka:9092"),
        events=Events(topic="events", id=Reference(path="id")),
        labels=Labels(topic="labels", max_delay=timedelta(hours=1)),
        label={"yes": "yes", "no": "no"},
    )


if __name__ == "__main__":
    sys.exit(main())
