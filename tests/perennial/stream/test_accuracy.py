from dataclasses import replace

from perennial.stream.accuracy import (
    Accuracy,
    Answer,
    Grade,
    column_of,
    curve,
    first_answers,
)
from perennial.stream.traffic import Issue


def grade(at: float, sign: str, model: str = "v1-a", world: int = 0) -> Grade:
    return Grade(at, sign == "+", model, world)


def graded(signs: str, world: int = 0) -> Accuracy:
    """One answer for each sign, + for a right one."""
    accuracy = Accuracy()
    accuracy.grades = [grade(float(n), sign, world=world) for n, sign in enumerate(signs)]
    return accuracy


def test_an_answer_is_right_when_it_is_the_label_that_was_issued() -> None:
    accuracy = Accuracy()
    accuracy.issue(Issue("1", "A", 0))
    accuracy.issue(Issue("2", "A", 1))
    right, wrong = Answer("1", "A", "v1-a", 10.0, 0.9), Answer("2", "B", "v2-b", 11.0, 0.4)
    accuracy.answer(right)
    accuracy.answer(wrong)

    assert accuracy.grades == [
        replace(grade(10.0, "+"), answer=right, truth="A"),
        replace(grade(11.0, "-", "v2-b", 1), answer=wrong, truth="A"),
    ]


def test_a_second_answer_and_one_to_another_stream_are_not_graded() -> None:
    accuracy = Accuracy()
    accuracy.issue(Issue("1", "A", 0))
    accuracy.issue(Issue("2", "A", 0))
    accuracy.answer(Answer("1", "A", "v1-a", 10.0))
    accuracy.answer(Answer("1", "A", "v1-a", 11.0))
    accuracy.answer(Answer("x", "A", "v1-a", 12.0))

    assert len(accuracy.grades) == 1
    assert accuracy.waiting == 1


def test_the_mean_is_of_the_last_answers_once_there_are_enough() -> None:
    assert graded("+--++").mean(window=4) == 0.5
    assert graded("+++").mean(window=4) is None


def test_the_mean_of_one_world_leaves_the_others_out() -> None:
    accuracy = graded("---")
    accuracy.grades += graded("++", world=1).grades

    assert accuracy.mean(world=1, window=2) == 1.0
    assert accuracy.mean(world=1, window=3) is None


def test_what_is_shown_begins_with_the_first_answer() -> None:
    assert Accuracy().recent() is None
    assert graded("+---").recent() == 0.25


def test_the_curve_has_a_point_for_each_slice_of_time_with_answers() -> None:
    grades = [grade(0.0, "+"), grade(0.5, "-"), grade(2.9, "+")]

    assert curve(grades, 0.0, 3.0, 3) == [0.5, None, 1.0]


def test_a_time_at_or_beyond_the_edge_falls_into_the_outermost_column() -> None:
    assert [column_of(at, 10.0, 20.0, 5) for at in (9.0, 10.0, 15.0, 20.0, 25.0)] == [0, 0, 2, 4, 4]
    assert column_of(10.0, 10.0, 10.0, 5) == 0


def test_each_model_is_known_by_its_first_answer() -> None:
    grades = [grade(1, "+", "v1"), grade(2, "+", "v2"), grade(3, "+", "v1")]

    assert first_answers(grades) == {"v1": 1, "v2": 2}
