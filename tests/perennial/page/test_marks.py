import msgspec

from perennial.page.marks import KEPT as MOST
from perennial.page.marks import Marks
from perennial.page.traffic import Mark, MarkKind
from perennial_operator.api.attempts import AttemptOutcome
from perennial_operator.api.status import Model, Status
from tests.support.perennial.pages import FIRST, FOURTH, KEPT, V1, V4, V6, a_status, at, entry

NOW = at(500).timestamp()
PROMOTED = AttemptOutcome.PROMOTED


def serves(version: str, since: float, bad: tuple[str, ...] = ()) -> Status:
    model = Model(version=version, digest="d", since=at(since))
    return Status(model=model, bad_versions=list(bad))


def mark(seconds: float, kind: MarkKind, label: str, text: str) -> Mark:
    return Mark(at=at(seconds).timestamp(), kind=kind, label=label, text=text)


def test_each_model_that_takes_over_is_marked_when_it_did() -> None:
    marks = Marks()
    for status in (Status(), serves(V1, 30), serves(V1, 30), serves(V4, 110)):
        marks.look(status, NOW)

    assert marks.marks == [
        mark(30, MarkKind.PROMOTION, "v1", f"{V1} serves"),
        mark(110, MarkKind.PROMOTION, "v4", f"{V4} took over from {V1}"),
    ]


def test_a_version_taken_back_is_marked_when_it_is_seen_and_so_is_what_serves_again() -> None:
    marks = Marks()
    marks.look(serves(V4, 110), NOW)
    marks.look(serves(V6, 200), NOW)
    marks.look(serves(V4, 300, bad=(V6,)), NOW)

    assert marks.marks[2:] == [
        mark(300, MarkKind.ROLLBACK, "v4", f"{V4} serves again instead of {V6}"),
        mark(500, MarkKind.ROLLBACK, "✕ v6", f"{V6} failed and was taken back"),
    ]


def test_what_failed_before_the_first_look_is_old_news() -> None:
    marks = Marks()
    marks.look(serves(V4, 110, bad=(V1, V6)), NOW)

    assert [each.label for each in marks.marks] == ["v4"]


def test_who_looks_late_is_told_of_what_the_history_knows() -> None:
    status = a_status(V4, 118, [FIRST, *KEPT, FOURTH, entry(5, PROMOTED, 150, version=V6)])
    status = status.model_copy(update={"bad_versions": [V6]})

    marks = Marks()
    marks.remember(status)
    marks.look(status, NOW)

    assert marks.marks == [
        mark(28, MarkKind.PROMOTION, "v1", f"{V1} serves"),
        mark(118, MarkKind.PROMOTION, "v4", f"{V4} took over from {V1}"),
    ]


def test_marks_go_on_from_their_file_and_stay_few() -> None:
    marks = Marks()
    for number in range(1, 3 * MOST):
        marks.look(serves(f"v{number}-00000000", number), NOW)
    again = msgspec.json.decode(msgspec.json.encode(marks), type=Marks)

    again.look(serves(f"v{3 * MOST - 1}-00000000", 1), NOW)

    assert again == marks
    assert len(marks.marks) == MOST
