from math import inf, nan

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.page.curve import SLICES, Curve, log_loss
from perennial.page.traffic import Points

WEEK = 7 * 24 * 3600
grades = st.tuples(
    st.floats(0, 250_000_000_000), st.booleans(), st.none() | st.floats(0, 40, width=32)
)


def test_a_point_is_the_mean_of_the_answers_of_its_slice() -> None:
    curve = Curve()
    curve.add(100.2, right=True, loss=0.1)
    curve.add(100.9, right=False, loss=0.3)
    curve.add(102.0, right=True)

    points = curve.points(window=1)

    assert points == Points(at=[101, 103], accuracy=[0.5, 1.0], loss=[0.2, None], answers=[2, 1])


def test_where_a_slice_holds_few_answers_those_before_count_too() -> None:
    curve = Curve()
    for second in range(10):
        curve.add(second, right=second >= 5, loss=float(second))

    points = curve.points(window=4)

    assert points.accuracy == [0, 0, 0, 0, 0, 0.25, 0.5, 0.75, 1, 1]
    assert points.loss == [0, 0.5, 1, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]


def test_a_week_is_as_few_points_as_an_hour() -> None:
    curve = Curve()
    for time in range(0, WEEK, 60):
        curve.add(time, right=True)

    points = curve.points()

    assert SLICES / 2 <= len(points.at) <= SLICES
    assert sum(points.answers) == WEEK // 60


@given(st.lists(grades, max_size=600))
def test_no_answer_is_lost_and_no_curve_is_long(
    given: list[tuple[float, bool, float | None]],
) -> None:
    curve = Curve()
    for at, right, loss in given:
        curve.add(at, right=right, loss=loss)

    points = curve.points()

    assert sum(points.answers) == len(given)
    assert len(points.at) <= SLICES
    assert points.at == sorted(points.at)
    assert all(0 <= share <= 1 for share in points.accuracy)


@given(st.lists(grades, max_size=20))
def test_a_curve_goes_on_from_its_file(given: list[tuple[float, bool, float | None]]) -> None:
    curve = Curve()
    for at, right, loss in given:
        curve.add(at, right=right, loss=loss)

    assert msgspec.json.decode(msgspec.json.encode(curve), type=Curve) == curve


@pytest.mark.parametrize(
    ("at", "loss"), [(nan, 0.1), (-1.0, 0.1), (inf, 0.1), (1.0, nan), (1, inf)]
)
def test_what_cannot_be_drawn_is_refused(at: float, loss: float) -> None:
    curve = Curve()
    with pytest.raises(ValueError, match="cannot be drawn"):
        curve.add(at, right=True, loss=loss)
    assert curve == Curve()


def test_the_loss_of_what_was_held_impossible_is_finite() -> None:
    assert log_loss(1.0) == 0
    assert log_loss(0.5) == pytest.approx(0.693147)
    assert 30 < log_loss(0.0) < 40
