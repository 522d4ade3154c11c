from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from perennial.page.traffic import Answer, Records
from perennial.watching.readings import DEAD, NEWEST, Readings
from perennial_contract.messages.replays import receipt
from tests.support.perennial.pages import at
from tests.support.perennial.streams import (
    ANSWERS,
    CLASSES,
    DEAD_LETTERS,
    EVENTS,
    LABELS,
    answer,
    label,
    record,
    spec,
)

anything = st.one_of(st.binary(max_size=40), st.none())


def test_an_answer_and_its_late_label_are_a_grade_whichever_came_first() -> None:
    readings = Readings(spec(), CLASSES)
    for each in (
        answer(spec(), "x", 0.9),
        label("x", "A"),
        label("y", " B "),
        answer(spec(), "y", 0.8, 1),
    ):
        readings.take(each)

    assert [(each.id, each.right) for each in readings.grading.recent()] == [
        ("x", True),
        ("y", False),
    ]
    assert readings.grading.recent()[0] == Answer(
        at=at(0), id="x", label="A", probability=0.9, model="v1-c9d3d305", right=True
    )
    assert sum(each.answers for each in readings.grading.curve.slices.values()) == 2


def test_ids_meet_as_the_recorder_has_them_meet() -> None:
    readings = Readings(spec(), CLASSES)
    for each in (
        answer(spec(), 5.0, 0.9),
        label(5, "A"),
        answer(spec(), "007", 0.9),
        label(7, "A"),
    ):
        readings.take(each)

    assert [(each.id, each.right) for each in readings.grading.recent()] == [
        ("5", True),
        ("007", None),
    ]


def test_a_label_inside_the_event_grades_its_answer_by_where_the_event_stands() -> None:
    inside = spec(labels={"path": "group"}, events={"topic": EVENTS, "record": "data"})
    readings = Readings(inside, CLASSES)
    readings.take(record(EVENTS, {"group": "A", "data": {}}, 7))
    readings.take(answer(inside, f"{EVENTS}/0/7", 0.9))

    assert [each.right for each in readings.grading.recent()] == [True]
    assert readings.newest == {ANSWERS: NEWEST, EVENTS: NEWEST, DEAD_LETTERS: DEAD}


def test_on_a_topic_of_both_only_what_a_model_has_signed_is_an_answer() -> None:
    both = spec(predictions={"topic": EVENTS})
    readings = Readings(both, CLASSES)
    signed = answer(both, "x", 0.9)._replace(topic=EVENTS)
    readings.take(signed)
    readings.take(signed._replace(value=b'{"request_id": "y", "label": "A"}', headers=[]))

    assert [each.id for each in readings.grading.recent()] == ["x"]
    told = readings.records({EVENTS: 100}, Records(answered=3))
    assert told == Records(answered=3)


def test_dead_letters_are_counted_by_the_reason_that_came_last_and_few_are_told_apart() -> None:
    readings = Readings(spec(), CLASSES)
    twice = record(DEAD_LETTERS, b"{", perennial_reason="NotJson")
    forged = twice._replace(headers=[("perennial-reason", b"Forged"), *(twice.headers or ())])
    for each in (twice, forged):
        readings.take(each)
    for number in range(100):
        readings.take(record(DEAD_LETTERS, b"", perennial_reason=f"R{number}"))

    assert readings.dead_letters["NotJson"] == 2
    assert len(readings.dead_letters) == 51
    assert readings.dead_letters.total() == 102


def test_the_counts_are_those_of_the_topic() -> None:
    readings = Readings(spec(), CLASSES)
    readings.take(answer(spec(), "x", 0.9))
    readings.take(answer(spec(), "x", 0.9, 1))

    told = readings.records({ANSWERS: 1200}, Records(answered=3, skipped=2))

    assert told == Records(answered=1200, doubled=1, skipped=2)


@given(anything, st.sampled_from([EVENTS, LABELS, ANSWERS, DEAD_LETTERS, "another"]), st.integers())
def test_whatever_others_wrote_is_passed_over(value: bytes | None, topic: str, time: int) -> None:
    for of in (spec(), spec(labels={"path": "group"})):
        said = record(topic, value, perennial_model="v1")._replace(timestamp=time)
        Readings(of, CLASSES).take(said)


@given(
    st.dictionaries(
        st.sampled_from(["id", "label", "probability", "model"]),
        st.just("A") | st.floats() | st.none(),
    )
)
def test_answers_that_no_model_of_ours_gave_are_passed_over(said: dict[str, Any]) -> None:
    readings = Readings(spec(), CLASSES)
    readings.take(record(ANSWERS, said, perennial_model="v1"))
    readings.take(label("A", "A"))

    assert all(
        each.probability is None or 0 <= each.probability <= 1 for each in readings.grading.recent()
    )


def test_receipts_of_a_replay_are_no_dead_letters() -> None:
    sent = receipt([b"identity."], "uid")
    headers = [(name, str(value).encode()) for name, value in sent.headers]
    readings = Readings(spec(), CLASSES)
    readings.take(record(DEAD_LETTERS, sent.value)._replace(key=sent.key, headers=headers))

    assert readings.dead_letters.total() == 0


def test_ids_of_any_length_meet_and_little_of_them_is_kept() -> None:
    readings = Readings(spec(), CLASSES)
    for number in range(2):
        readings.take(answer(spec(), f"{number}{'x' * 100_000}", 0.9))
    readings.take(label(f"0{'x' * 100_000}", "A"))

    shown = readings.grading.recent()
    assert {each.right for each in shown} == {True, None}
    assert [len(each.id) for each in shown] == [32, 32]
