from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from perennial_recorder.adapters.sqlite import SqliteStateStore
from perennial_recorder.join.known import Kind, KnownRecord
from perennial_recorder.records import Body, StoredLabel


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[SqliteStateStore]:
    waiting = SqliteStateStore(tmp_path / "deep" / "waiting.db")
    waiting.clear()
    yield waiting
    waiting.close()


def event(place: int, id: bytes = b"a") -> KnownRecord:  # noqa: A002  the field's name
    return KnownRecord(id, place, 1000 + place, Kind.EVENT)


def keep(waiting: SqliteStateStore, *events: KnownRecord) -> None:
    bodies = {e.place: Body(e.place, b"{}") for e in events}
    waiting.save({(e.id, e.place): e for e in events}, bodies)


def test_what_is_kept_is_found_under_its_id_in_the_order_of_places(
    waiting: SqliteStateStore,
) -> None:
    keep(waiting, event(3), event(1), event(2, b"b"))
    assert waiting.known([b"a", b"c"]) == [event(1), event(3)]
    assert waiting.bodies([3, 9]) == {3: Body(3, b"{}")}
    assert waiting.events == 3


def test_an_event_that_has_its_label_keeps_no_body(waiting: SqliteStateStore) -> None:
    keep(waiting, event(1))
    done = replace(event(1), kind=Kind.DONE, label="yes")
    waiting.save({(b"a", 1): done}, {})
    assert waiting.known([b"a"]) == [done]
    assert waiting.bodies([1]) == {}
    assert waiting.events == 0


def test_what_is_forgotten_is_gone(waiting: SqliteStateStore) -> None:
    keep(waiting, event(1), event(2))
    waiting.save({(b"a", 1): None}, {})
    assert waiting.known([b"a"]) == [event(2)]
    assert waiting.events == 1


def test_the_oldest_come_first(waiting: SqliteStateStore) -> None:
    keep(waiting, event(3), event(1), event(2))
    assert waiting.oldest(2) == [event(1), event(2)]
    assert waiting.oldest(9, before=1002) == [event(1)]


def test_thousands_are_found_at_once(waiting: SqliteStateStore) -> None:
    events = [event(i, str(i).encode()) for i in range(3500)]
    keep(waiting, *events)
    assert len(waiting.known([e.id for e in events])) == 3500


def test_a_new_process_begins_with_nothing(tmp_path: Path) -> None:
    first = SqliteStateStore(tmp_path / "waiting.db")
    first.clear()
    keep(first, event(1))
    first.close()
    second = SqliteStateStore(tmp_path / "waiting.db")
    second.clear()
    assert second.known([b"a"]) == []
    keep(second, event(1))
    second.clear()
    assert second.known([b"a"]) == []
    assert second.events == 0
    second.close()


def test_what_s3_holds_is_known_until_everything_has_been_read_again(
    waiting: SqliteStateStore,
) -> None:
    waiting.keep_stored([StoredLabel(1, "yes", 50), StoredLabel(2, "no", 60)])
    assert waiting.take_stored([2, 3]) == {2: StoredLabel(2, "no", 60)}
    assert waiting.take_stored([2]) == {}
    waiting.forget_stored()
    assert waiting.take_stored([1]) == {}


def test_its_size_falls_when_things_go(waiting: SqliteStateStore) -> None:
    events = [event(i, str(i).encode()) for i in range(2000)]
    waiting.save(
        {(e.id, e.place): e for e in events}, {e.place: Body(1, b"x" * 500) for e in events}
    )
    full = waiting.size()
    waiting.save({(e.id, e.place): None for e in events}, {})
    assert waiting.size() < full / 5
