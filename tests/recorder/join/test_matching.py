from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from perennial_recorder.join.fates import Fate
from perennial_recorder.join.known import Kind, KnownRecord
from perennial_recorder.join.matching import (
    MOST_WAITING,
    Match,
    Outcome,
    Settled,
    take_event,
    take_label,
    take_written,
)
from perennial_recorder.join.memory import Memory

DELAY = 100


def event(place: int, at: int) -> KnownRecord:
    return KnownRecord(b"id", place, at, Kind.EVENT)


def label(place: int, at: int, text: str = "yes") -> KnownRecord:
    return KnownRecord(b"id", place, at, Kind.LABEL, text)


def met(memory: Memory, *known: KnownRecord) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for k in known:
        take = take_event if k.kind is Kind.EVENT else take_label
        outcomes += take(memory, k, DELAY)
    return outcomes


def test_a_label_after_its_event_is_joined() -> None:
    assert met(Memory(), event(1, 0), label(2, 50)) == [Match(event(1, 0), label(2, 50))]


def test_a_label_before_its_event_is_joined() -> None:
    assert met(Memory(), label(2, 0), event(1, 50)) == [Match(event(1, 50), label(2, 0))]


def test_the_bound_itself_is_in_time_on_both_sides() -> None:
    assert met(Memory(), event(1, 0), label(2, 100)) == [Match(event(1, 0), label(2, 100))]
    assert met(Memory(), event(1, 0), label(2, -100)) == [Match(event(1, 0), label(2, -100))]


def test_a_label_beyond_the_bound_waits_and_is_known_to_be_late() -> None:
    memory = Memory()
    assert met(memory, event(1, 0), label(2, 101)) == []
    assert memory.events(b"id") == [event(1, 0)]
    assert memory.labels(b"id") == [replace(label(2, 101), kind=Kind.LATE)]


def test_a_label_that_comes_twice_is_counted_once() -> None:
    assert met(Memory(), event(1, 0), label(2, 1), label(3, 2)) == [
        Match(event(1, 0), label(2, 1)),
        Settled(3, Fate.DUPLICATE_LABEL),
    ]


def test_a_label_that_says_something_else_is_a_conflict_and_the_first_wins() -> None:
    assert met(Memory(), label(2, 1, "no"), label(3, 2, "yes"), event(1, 0)) == [
        Match(event(1, 0), label(2, 1, "no")),
        Settled(3, Fate.CONFLICTING_LABEL),
    ]


def test_of_two_events_with_one_id_the_first_takes_the_label() -> None:
    assert met(Memory(), event(1, 0), event(2, 50), label(3, 60)) == [
        Settled(2, Fate.DUPLICATE_EVENT),
        Match(event(1, 0), label(3, 60)),
    ]


def test_an_id_may_be_used_again_when_its_first_event_can_have_no_label_any_more() -> None:
    assert met(Memory(), event(1, 0), event(2, 101), label(3, 150), label(4, 90)) == [
        Match(event(2, 101), label(3, 150)),
        Match(event(1, 0), label(4, 90)),
    ]


def test_a_written_event_knows_its_label_when_that_is_read_again() -> None:
    memory = Memory()
    written = replace(event(1, 0), kind=Kind.DONE, label="yes", expects=50)
    assert list(take_written(memory, written, DELAY)) == []
    assert met(memory, label(3, 49), label(2, 50), label(4, 51, "no")) == [
        Settled(3, Fate.JOINED, event=1),
        Settled(2, Fate.DUPLICATE_LABEL),
        Settled(4, Fate.CONFLICTING_LABEL),
    ]


def test_a_written_event_puts_the_one_that_waits_in_its_place_right() -> None:
    memory = Memory()
    written = replace(event(1, 0), kind=Kind.DONE, label="yes", expects=50)
    met(memory, event(2, 10))
    assert list(take_written(memory, written, DELAY)) == [Settled(2, Fate.DUPLICATE_EVENT)]
    assert memory.events(b"id") == [written]


@given(st.permutations([event(1, 0), label(2, 40), label(3, 60), label(4, 101), label(5, -101)]))
def test_in_whatever_order_they_are_read_the_same_labels_are_in_time(
    order: list[KnownRecord],
) -> None:
    memory = Memory()
    outcomes = met(memory, *order)
    pairs = [outcome for outcome in outcomes if isinstance(outcome, Match)]
    assert len(pairs) == 1
    assert len(outcomes) == 2
    waiting = [k.place for k in memory.labels(b"id")]
    assert sorted(waiting) == [4, 5]


def test_of_the_labels_that_wait_for_one_id_the_first_stay() -> None:
    memory = Memory()
    labels = [label(i, i, "yes" if i else "no") for i in range(MOST_WAITING + 1)]
    assert met(memory, *labels) == [Settled(MOST_WAITING, Fate.EXCESS_LABEL)]
    assert memory.labels(b"id") == labels[:-1]
    assert met(memory, event(999, 0))[0] == Match(event(999, 0), label(0, 0, "no"))
    assert met(memory, label(1000, 500)) == []
