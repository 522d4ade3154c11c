"""State store in one SQLite file: what waits, and ids that must not be recorded twice.

Nothing in it needs to survive: it is deleted at start, and never synced to disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from perennial_recorder.join.known import Kind, KnownRecord
from perennial_recorder.ports import DiskFailed
from perennial_recorder.records import Body, StoredLabel

T = TypeVar("T")
_MANY: Final = 1000  # rows in one statement
_TABLES: Final = """
pragma journal_mode = wal;
pragma synchronous = off;
pragma cache_size = -16384;
pragma journal_size_limit = 16777216;
create table known (
    id blob, place integer, timestamp integer, kind integer, label text, expects integer,
    primary key (id, place)
) without rowid;
create index known_timestamp on known (timestamp);
create table body (place integer primary key, time integer, record blob);
create table written (place integer primary key, label text, label_timestamp integer);
"""


@contextmanager
def _disk_failures() -> Iterator[None]:
    """SQLite's and the system's errors as DiskFailed."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        raise DiskFailed(f"what waits cannot be kept: {error}") from error


class SqliteStateStore:
    """Implements ports.StateStore."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.events = 0
        self._restoring = False
        self._db = sqlite3.connect(":memory:")  # nothing is on disk before `clear`

    @_disk_failures()
    def clear(self) -> None:
        self._db.close()
        self._db = self._open()

    def close(self) -> None:
        self._db.close()

    @_disk_failures()
    def known(self, ids: Collection[bytes]) -> list[KnownRecord]:
        found: list[KnownRecord] = []
        for some in _parts(ids):
            found += self._select(f"where id in ({_marks(some)}) order by id, place", some)
        return found

    @_disk_failures()
    def bodies(self, places: Collection[int]) -> dict[int, Body]:
        found: dict[int, Body] = {}
        for some in _parts(places):
            rows = self._db.execute(f"select * from body where place in ({_marks(some)})", some)  # noqa: S608  question marks only
            found.update((place, Body(time, record)) for place, time, record in rows)
        return found

    @_disk_failures()
    def save(
        self, changed: Mapping[tuple[bytes, int], KnownRecord | None], bodies: Mapping[int, Body]
    ) -> None:
        kept = [k for k in changed.values() if k is not None]
        waiting = {k.place for k in kept if k.kind is Kind.EVENT}
        new = [(p, *body) for p, body in bodies.items() if p in waiting]
        old = [(place,) for _, place in changed if place not in waiting]
        db = self._db
        db.execute("begin")
        db.executemany(
            "insert or replace into known values (?, ?, ?, ?, ?, ?)",
            [(k.id, k.place, k.timestamp, int(k.kind), k.label, k.expects) for k in kept],
        )
        db.executemany(
            "delete from known where id = ? and place = ?", [i for i, k in changed.items() if not k]
        )
        removed = db.executemany("delete from body where place = ?", old).rowcount if old else 0
        db.executemany("insert into body values (?, ?, ?)", new)
        db.execute("commit")
        self.events += len(new) - removed

    @_disk_failures()
    def oldest(self, limit: int, before: int | None = None) -> list[KnownRecord]:
        if before is None:
            return self._select("order by timestamp limit ?", [limit])
        return self._select("where timestamp < ? order by timestamp limit ?", [before, limit])

    @_disk_failures()
    def size(self) -> int:
        pages, free, bytes_each = (
            self._db.execute(f"pragma {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * bytes_each)

    @_disk_failures()
    def keep_stored(self, labels: Iterable[StoredLabel]) -> None:
        self._restoring = True
        self._db.execute("begin")
        self._db.executemany("insert or replace into written values (?, ?, ?)", labels)
        self._db.execute("commit")

    @_disk_failures()
    def take_stored(self, places: Collection[int]) -> dict[int, StoredLabel]:
        if not self._restoring:
            return {}
        found: dict[int, StoredLabel] = {}
        for some in _parts(places):
            which = f"from written where place in ({_marks(some)})"
            rows = self._db.execute(f"select * {which}", some)
            found.update((row[0], StoredLabel(*row)) for row in rows)
            self._db.execute(f"delete {which}", some)  # the room is the known records' again
        return found

    @_disk_failures()
    def forget_stored(self, places: range | None = None) -> None:
        if places is None:
            self._restoring = False
            self._db.execute("delete from written")
        else:
            which = "where place >= ? and place < ?"
            self._db.execute(f"delete from written {which}", [places.start, places.stop])  # noqa: S608  question marks only

    def _open(self) -> sqlite3.Connection:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self.events, self._restoring = 0, False
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        db.executescript(_TABLES)
        return db

    def _select(self, where: str, values: Sequence[object]) -> list[KnownRecord]:
        return [
            KnownRecord(id, place, timestamp, Kind(kind), label, expects)
            for id, place, timestamp, kind, label, expects in self._db.execute(  # noqa: A001  the column's name
                f"select * from known {where}",  # noqa: S608  constants and question marks only
                values,
            )
        ]


def _parts(values: Collection[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while part := list(islice(rest, _MANY)):
        yield part


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
