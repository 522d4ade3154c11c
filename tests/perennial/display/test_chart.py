from hypothesis import given
from hypothesis import strategies as st

from perennial.display.chart import mark_lines, sparkline


def test_a_line_rises_with_its_values() -> None:
    assert sparkline([0.0, 0.5, None, 1.0], 0.0, 1.0) == ["▁▄ █"]


def test_higher_curves_are_drawn_from_the_bottom_line_up() -> None:
    assert sparkline([0.0, 0.5, 0.75, 1.0], 0.0, 1.0, height=2) == ["  ▄█", "▁███"]


def test_what_lies_outside_the_range_is_drawn_at_its_edge() -> None:
    assert sparkline([-3.0, 7.0], 0.0, 1.0) == ["▁█"]


def test_marks_stand_at_their_columns() -> None:
    assert mark_lines([(10, "v2"), (2, "v1")], 20) == ["  ▲v1     ▲v2"]


def test_marks_that_would_touch_stand_on_lines_of_their_own() -> None:
    assert mark_lines([(2, "world changed"), (9, "v3"), (17, "v4")], 24) == [
        "  ▲world changed ▲v4",
        "         ▲v3",
    ]


def test_a_mark_near_the_right_edge_is_written_to_its_left() -> None:
    assert mark_lines([(18, "v12")], 20) == ["               v12▲"]


@given(
    st.lists(st.tuples(st.integers(0, 39), st.sampled_from(["v1", "v12", "world changed"]))),
    st.just(40),
)
def test_no_mark_is_lost_and_no_line_is_too_long(
    marks: list[tuple[int, str]], columns: int
) -> None:
    lines = mark_lines(marks, columns)

    assert sum(line.count("▲") for line in lines) == len(marks)
    assert all(len(line) <= columns for line in lines)
    arrows = sorted(at for line in lines for at, sign in enumerate(line) if sign == "▲")
    assert arrows == sorted(column for column, _ in marks)
