from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from perennial.page.curve import Curve
from perennial.page.drawing import NARROW, WIDE, curve, picture, summary
from perennial.page.traffic import Mark, MarkKind, Points
from tests.support.perennial import pages

SVG = "{http://www.w3.org/2000/svg}"
LINE = "line accuracy"
marks = st.builds(
    Mark,
    at=st.floats(0, 10_000),
    kind=st.sampled_from(MarkKind),
    label=st.text(max_size=40),
    text=st.text(max_size=60),
)
answers = st.lists(
    st.tuples(st.floats(0, 10_000), st.booleans(), st.none() | st.floats(0, 40)), min_size=1
)


def a_curve() -> Points:
    return pages.graded(120, [(0, 0.93), (40, 0.53), (80, 0.92)]).points()


def a_mark(at: float, label: str, kind: MarkKind = MarkKind.PROMOTION) -> Mark:
    return Mark(at=at, kind=kind, label=label, text=f"{label} took over")


def texts(svg: str) -> list[str]:
    return [text.text or "" for text in ET.fromstring(svg).iter(f"{SVG}text")]


def test_the_picture_shows_both_lines_and_each_mark_with_its_name() -> None:
    points = a_curve()
    given = [a_mark(points.at[40], "world changes", MarkKind.CHANGE), a_mark(points.at[80], "v4")]

    root = ET.fromstring(curve(points, given))

    kinds = [element.get("class") for element in root.iter() if element.get("class")]
    assert [kind for kind in kinds if kind not in {"grid", "tick", "time", "name"}] == [
        "curve",
        "mark change",
        "mark promotion",
        *("area accuracy", "line accuracy", "end accuracy"),
        *("area loss", "line loss", "end loss"),
    ]
    assert texts(curve(points, given)) == [
        *("25%", "50%", "75%", "100%", "accuracy"),
        *("0", "1", "2", "log loss"),
        *("0", "15 s", "30 s", "45 s", "60 s", "75 s", "90 s", "105 s"),
        *("world changes", "v4"),
    ]


def test_names_of_marks_do_not_run_into_each_other() -> None:
    points = a_curve()
    given = [a_mark(points.at[0] + n, f"v{n + 100}") for n in range(100)]

    narrow = [text for text in texts(curve(points, given, NARROW)) if text.startswith("v")]

    assert 2 < len(narrow) < 10
    assert curve(points, given, NARROW).count("<g ") == len(given)


def test_a_long_time_without_an_answer_breaks_the_line() -> None:
    at, six = [0.0, 1.0, 2.0, 98.0, 99.0, 100.0], [1] * 6
    points = Points(at=at, accuracy=[1.0] * 6, loss=[None] * 6, answers=six)

    root = ET.fromstring(curve(points, []))

    lines = [path.get("d", "") for path in root.iter(f"{SVG}path") if path.get("class") == LINE]
    assert [line.count("M") for line in lines] == [2]


def test_a_line_that_has_just_begun_is_one() -> None:
    points = Points(at=[0, 1, 2, 3], accuracy=[1] * 4, loss=[None] * 4, answers=[1] * 4)

    root = ET.fromstring(curve(points, []))

    lines = [path.get("d", "") for path in root.iter(f"{SVG}path") if path.get("class") == LINE]
    assert [line.count("M") for line in lines] == [1]


def test_nothing_is_drawn_of_nothing() -> None:
    assert curve(Curve().points(), [a_mark(3.0, "v1")]) == ""


def test_the_words_tell_what_the_eye_would_see() -> None:
    points = Points(at=[10, 130], accuracy=[0.93, 0.5], loss=[0.2, 1.5], answers=[80, 80])

    said = summary(points, [a_mark(60, "v4")])

    worth = "93.0% at first, 50.0% at the lowest, 50.0% at the end"
    assert said == f"Accuracy over 120 s: {worth}. v4 took over."


@given(answers, st.lists(marks, max_size=8))
def test_whatever_it_shows_is_xml_within_its_frame(
    given: list[tuple[float, bool, float | None]], told: list[Mark]
) -> None:
    measured = Curve()
    for at, right, loss in given:
        measured.add(at, right=right, loss=loss)

    for frame in (WIDE, NARROW):
        root = ET.fromstring(picture(measured.points(), told, frame))

        assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
            *("svg", "title", "style", "path", "circle", "text", "g")
        }
        for text in root.iter(f"{SVG}text"):
            assert 0 <= float(text.get("x", "")) <= frame.width
