import tracemalloc

import pytest

from perennial_contract.objects.observation import from_parquet
from perennial_recorder.progress.segment import MAX_BYTES, Buffer, Row


def row(offset: int, record: bytes = b"{}") -> Row:
    return Row(offset, 1, 2, 3, record, "yes", None)


def test_rows_are_numbered_without_a_hole_across_segments() -> None:
    buffer = Buffer("topic", 3, next=7)
    buffer.add(row(11), 0.0)
    buffer.add(row(10), 0.0)
    first = buffer.seal()
    buffer.add(row(12), 1.0)
    assert buffer.seal() is first
    assert first.key == "observations/topic/3/00000000000000000007.parquet"
    assert from_parquet(first.data) == [row(11).numbered(7), row(10).numbered(8)]
    assert buffer.confirm() == [row(11), row(10)]
    assert from_parquet(buffer.seal().data) == [row(12).numbered(9)]


def test_a_buffer_is_due_when_it_is_old_or_full_and_no_sooner() -> None:
    buffer = Buffer("topic", 0)
    assert not buffer.due(100.0, 10.0)
    buffer.add(row(1), 100.0)
    assert not buffer.due(109.9, 10.0)
    assert buffer.due(110.0, 10.0)
    buffer.add(row(2, b"x" * MAX_BYTES), 100.0)
    assert buffer.due(100.0, 10.0)


def test_a_sealed_segment_is_due_until_it_is_confirmed() -> None:
    buffer = Buffer("topic", 0)
    buffer.add(row(1), 0.0)
    buffer.seal()
    assert buffer.due(0.0, 10.0)
    buffer.confirm()
    assert not buffer.due(99.0, 10.0)
    assert buffer.size == 0


def test_the_segments_that_may_hold_a_position_are_needed() -> None:
    buffer = Buffer("topic", 0)
    for offsets in ([5, 20], [6, 7], [30]):
        for offset in offsets:
            buffer.add(row(offset), 0.0)
        buffer.seal()
        buffer.confirm()
    assert [buffer.first_needed(p) for p in (0, 20, 21, 30, 31)] == [0, 0, 4, 4, 5]


def test_a_segment_takes_no_more_than_its_share_and_the_rest_is_as_old_as_it_was() -> None:
    buffer = Buffer("topic", 0)
    for offset in range(5):
        buffer.add(row(offset, b"x" * (MAX_BYTES // 3)), 100.0)
    told = []
    while buffer.due(110.0, 10.0):
        told.append([r.offset for r in buffer.seal().rows])
        buffer.confirm()
    assert told == [[0, 1, 2], [3, 4]]
    assert buffer.size == 0


@pytest.mark.parametrize("length", [20, 2000])
def test_its_size_is_what_its_rows_take_of_memory_sealed_or_not(length: int) -> None:
    buffer = Buffer("topic", 0)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for i in range(3000):
        # As they come from Kafka and the state store: nothing of a row is another's as well.
        at, label = 1_790_000_000_000 + i, b"yes".decode()
        place, record = (1 << 48) + 10**6 + i, bytes([i % 251]) * length
        buffer.add(Row(10**6 + i, at, at + 1, at + 2, record, label, place), 0.0)
    taken = [(tracemalloc.get_traced_memory()[0] - before, buffer.size)]
    buffer.seal()
    taken.append((tracemalloc.get_traced_memory()[0] - before, buffer.size))
    tracemalloc.stop()
    assert [size / memory for memory, size in taken] == pytest.approx([1.0, 1.0], abs=0.1)
