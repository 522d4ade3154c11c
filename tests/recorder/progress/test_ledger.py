from hypothesis import given
from hypothesis import strategies as st

from perennial_recorder.progress.ledger import Ledger, RecordState

GAPS = st.lists(st.integers(1, 5), max_size=60)
STATES = st.lists(st.sampled_from(RecordState), min_size=60, max_size=60)


def filled(
    start: int, gaps: list[int], states: list[RecordState]
) -> tuple[Ledger, dict[int, RecordState]]:
    ledger, model, offset = Ledger(start), dict[int, RecordState](), start - 1
    for gap, state in zip(gaps, states, strict=False):
        offset += gap
        assert ledger.take(offset) is RecordState.WAITING
        model[offset] = state
        if state is RecordState.HELD:
            ledger.hold(offset)
        elif state is RecordState.SETTLED:
            ledger.settle(offset)
    return ledger, model


@given(st.integers(0, 9), GAPS, STATES)
def test_the_position_is_the_lowest_that_is_not_settled(
    start: int, gaps: list[int], states: list[RecordState]
) -> None:
    ledger, model = filled(start, gaps, states)
    read = max(model, default=start - 1) + 1
    assert ledger.position == min((o for o, s in model.items() if s), default=read)
    assert ledger.waiting() == [o for o, s in model.items() if s is RecordState.WAITING]


@given(st.integers(0, 9), GAPS, STATES)
def test_a_restored_ledger_knows_what_had_become_of_each_record(
    start: int, gaps: list[int], states: list[RecordState]
) -> None:
    ledger, model = filled(start, gaps, states)
    again = Ledger.restored(ledger.marks())
    assert again.marks() == ledger.marks()
    for offset in range(ledger.position, ledger.read):
        assert again.take(offset) is model.get(offset, RecordState.SETTLED)
    assert again.take(ledger.read) is RecordState.WAITING


def test_a_record_that_comes_again_in_one_session_is_passed_by() -> None:
    ledger = Ledger(5)
    assert ledger.take(5) is RecordState.WAITING
    assert ledger.take(5) is RecordState.SETTLED
    assert ledger.take(4) is RecordState.SETTLED


def test_only_a_written_record_is_released() -> None:
    ledger = Ledger(0)
    ledger.take(0)
    ledger.release(0)
    assert ledger.position == 0
    ledger.hold(0)
    ledger.release(0)
    assert ledger.position == 1


def test_retention_settles_what_it_removed() -> None:
    before = Ledger(10)
    for offset in range(10, 20):
        before.take(offset)
    before.settle(12)
    ledger = Ledger.restored(before.marks())
    ledger.take(10)
    assert ledger.overtake(25) == ([11, *range(13, 20)], 5)
    assert ledger.position == 10
    assert ledger.take(25) is RecordState.WAITING


def test_memory_of_settled_records_is_given_back() -> None:
    ledger = Ledger(0)
    for offset in range(200_000):
        ledger.take(offset)
        ledger.settle(offset)
        if offset % 1000 == 0:
            assert ledger.position == offset + 1
    assert len(ledger._states) < 70_000  # noqa: SLF001  what it is about


@given(st.integers(0, 9), GAPS, STATES, st.sets(st.integers(0, 200)), st.integers(0, 250))
def test_what_a_second_reading_does_not_find_is_settled_and_told_once(
    start: int, gaps: list[int], states: list[RecordState], gone: set[int], end: int
) -> None:
    before, model = filled(start, gaps, states)
    ledger, lost = Ledger.restored(before.marks()), list[int]()
    end = max(start, min(end, before.read))
    for offset in sorted(model.keys() - gone):
        if offset < end:
            ledger.take(offset)
            lost += ledger.overtake(offset + 1)[0]
    lost += ledger.overtake(end)[0]
    below = {o: s for o, s in model.items() if o < end}
    assert lost == [o for o in sorted(below.keys() & gone) if below[o] is RecordState.WAITING]
    for offset in below.keys() - gone:
        ledger.settle(offset)
    assert ledger.position == min(
        (o for o, s in model.items() if s and o >= end), default=before.read
    )


@given(st.integers(0, 9), GAPS, STATES, st.integers(0, 320))
def test_a_log_that_was_cut_has_no_more_than_what_lies_before_its_end(
    start: int, gaps: list[int], states: list[RecordState], end: int
) -> None:
    ledger, model = filled(start, gaps, states)
    read = ledger.read
    assert ledger.position >= start
    lost = ledger.truncate(end)
    assert lost == [o for o, s in model.items() if o >= end and s is RecordState.WAITING]
    assert (ledger.read, ledger.next) == (min(read, end), min(read, end))
    still_open = [o for o, s in model.items() if o < end and s]
    assert ledger.position == min(still_open, default=min(read, end))
    assert ledger.take(min(read, end)) is RecordState.WAITING
