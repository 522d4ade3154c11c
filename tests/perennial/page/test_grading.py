from math import inf, log, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.page import grading
from perennial.page.curve import Curve
from perennial.page.data import ANSWERS
from perennial.page.grading import Grading
from perennial.page.traffic import Answer, Points
from tests.support.perennial.pages import at

NOON = at(0).timestamp()
acts = st.lists(st.tuples(st.booleans(), st.sampled_from("abcdef"), st.sampled_from("AB")))
Acts = list[tuple[bool, str, str]]


def test_an_answer_is_graded_at_its_own_time_by_the_probability_of_what_came_true() -> None:
    graded = Grading("A")
    graded.answer(NOON + 0.5, "x", "A", 0.8, "v1")
    graded.answer(NOON + 2.5, "y", "A", 0.6, "v1")
    graded.label("y", "B")
    graded.label("x", "A")

    assert graded.curve.points(window=1) == Points(
        at=[NOON + 1, NOON + 3],
        accuracy=[1.0, 0.0],
        loss=[round(-log(0.8), 4), round(-log(0.4), 4)],
        answers=[1, 1],
    )


def test_the_newest_answers_are_shown_with_what_is_known_of_them() -> None:
    graded = Grading("A")
    for number in range(ANSWERS + 3):
        graded.answer(NOON + number, f"id-{number}", "B", 0.1, "v1")
    graded.label(f"id-{ANSWERS + 1}", "A")

    shown = graded.recent()

    assert len(shown) == ANSWERS
    assert shown[-2:] == [
        Answer(at=at(13), id="id-13", label="B", probability=0.1, model="v1", right=False),
        Answer(at=at(14), id="id-14", label="B", probability=0.1, model="v1", right=None),
    ]


def test_an_answer_is_seen_again_once_its_label_has_come() -> None:
    graded = Grading("A")
    for number in range(ANSWERS + 1):
        graded.answer(NOON + number, f"id-{number}", "B", 0.1, "v1")
    graded.label("id-0", "B")

    shown = [(each.id, each.right) for each in graded.recent()]

    assert shown[-2:] == [(f"id-{ANSWERS}", None), ("id-0", True)]


@given(acts)
def test_each_id_is_graded_once_whatever_comes_first_or_twice(
    given: list[tuple[bool, str, str]],
) -> None:
    graded = Grading("A")
    for is_answer, id_, label in given:
        if is_answer:
            graded.answer(NOON, id_, label, 0.7, "v1")
        else:
            graded.label(id_, label)

    first = [dict(reversed([(i, x) for kind, i, x in given if kind is k])) for k in (True, False)]
    both = first[0].keys() & first[1].keys()
    (curve,) = [graded.curve.slices.get(int(NOON))] if both else [None]
    assert (curve.answers if curve else 0) == len(both)
    assert (curve.right if curve else 0) == sum(first[0][i] == first[1][i] for i in both)
    assert graded.answered == len(first[0])
    assert graded.answered + graded.doubled == sum(kind for kind, *_ in given)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "REMEMBERED", 20)
    graded = Grading("A")
    for number in range(50):
        graded.answer(NOON, f"id-{number}", "A", 0.9, "v1")
    graded.label("id-0", "A")
    graded.label("id-49", "A")

    assert sum(each.answers for each in graded.curve.slices.values()) == 1


def test_it_goes_on_with_a_curve_that_was_kept() -> None:
    before = Curve()
    before.add(NOON, right=True)
    graded = Grading("A", before)
    graded.answer(NOON, "x", "A", 0.9, "v1")
    graded.label("x", "B")

    assert graded.curve.slices[int(NOON)].answers == 2


def test_an_answer_without_probability_counts_and_has_no_loss() -> None:
    graded = Grading("A")
    graded.answer(NOON, "x", "B", None, "v1")
    graded.label("x", "B")

    assert graded.curve.points(window=1).loss == [None]
    assert graded.curve.points(window=1).accuracy == [1.0]


@pytest.mark.parametrize(
    ("at_", "probability"), [(-0.001, 0.5), (NOON, nan), (NOON, 1.5), (inf, 0.5)]
)
def test_an_answer_that_is_none_is_refused(at_: float, probability: float) -> None:
    graded = Grading("A")
    with pytest.raises(ValueError, match="is none"):
        graded.answer(at_, "x", "A", probability, "v1")
    assert graded.recent() == []
