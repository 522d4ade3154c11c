from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from examples.demo.accuracy import Accuracy, Answer, Grade
from examples.demo.follow import Failed
from examples.demo.pipeline import parse
from examples.demo.rows import Row
from examples.demo.traffic import Traffic
from examples.demo.view import View
from examples.table.__main__ import file_of, main
from examples.table.csv_lines import TableRefused
from examples.table.manifest import base, manifest, name_of, text, unusable
from examples.table.report import along, report
from examples.table.run import SETTLE, TableRun
from examples.table.sizes import FASTEST, Sizes, sizes
from examples.table.table import MOST, Table
from perennial_contract.resource.schema import BinaryLabel
from perennial_operator.api.spec import Spec
from perennial_operator.api.status import Outcome
from tests.examples.demo.test_report import FACTS
from tests.fakes.loans import FakeClock, FakeScreen, entry


def a_table(labels: str, **columns: list[Any]) -> Table:
    """A letter is a label: y is the positive class."""
    rows = [
        Row({"n": n, **{name: values[n] for name, values in columns.items()}}, label)
        for n, label in enumerate(labels)
    ]
    classes = BinaryLabel(positive="y", negative="n")
    path = Path("/data/My table (2).csv.gz")
    return Table(path, "bought", classes, ("n", *columns), rows, cut=False)


@given(st.integers(300, 3_000))
def test_every_table_of_300_rows_has_a_threshold_that_its_stream_reaches(rows: int) -> None:
    found = sizes(a_table("yn" * (rows // 2) + "y" * (rows % 2)))

    assert found.base >= 200
    assert 100 <= found.threshold <= rows - found.base
    assert 50 <= found.min_judged <= found.threshold / 2
    assert (rows - found.base) / found.rate <= 150


def test_a_table_of_some_length_makes_six_attempts_in_two_and_a_half_minutes() -> None:
    assert sizes(a_table("yn" * 15_000)) == Sizes(5_000, 4_166, 300, 25_000 / 150)
    assert sizes(a_table("yn" * (MOST // 2))).rate < FASTEST


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("yn" * 149, "holds 298 rows; 300 are needed"),
        ("n" * 600 + "y" * 140, "the first 640 rows hold 'bought' 'y' only 40 times"),
    ],
)
def test_a_table_that_is_too_short_or_sorted_is_refused(labels: str, said: str) -> None:
    with pytest.raises(TableRefused, match=said):
        sizes(a_table(labels))


def test_the_first_rows_hold_enough_of_both_classes() -> None:
    assert sizes(a_table("n" * 600 + "yn" * 1_000)).base == 600 + 2 * 50 - 1


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("elec2.csv.gz", "demo-elec2"),
        ("My table (2).CSV", "demo-my-table-2"),
        ("+.csv", "demo-table"),
        ("a" * 60 + ".csv", "demo-" + "a" * 35),
        ("a" * 34 + " b.csv", "demo-" + "a" * 34),
    ],
)
def test_a_pipeline_is_named_as_its_file(file: str, name: str) -> None:
    assert name_of(Path("/some where") / file) == name


def test_the_manifest_of_a_table_is_what_the_operator_accepts_and_the_demo_follows() -> None:
    table = a_table("yn" * 1_000)
    made = yaml.safe_load(text(manifest(table, sizes(table), {"n": "why"}), table))

    spec = Spec.model_validate(made["spec"])
    assert (spec.retrain.threshold, spec.label_schema.exclude) == (300, ["n"])
    assert parse(made).topics == (
        "demo-my-table-2-events",
        "demo-my-table-2-labels",
        "demo-my-table-2-predictions",
        "demo-my-table-2-dead-letters",
    )


def test_the_dataset_says_the_order_of_its_rows_in_a_column_of_its_own() -> None:
    table = a_table("ynn", row=[7, 8, 9])

    assert manifest(table, Sizes(2, 100, 50, 1.0), {})["spec"]["dataset"] == {
        "uri": "s3://datasets/demo-my-table-2/train.csv",
        "label": "bought",
        "timeColumn": "row_",
    }
    assert base(table, 2) == b"row_,n,row,bought\n1,0,7,y\n2,1,8,n\n"


def test_columns_that_can_be_no_features_are_left_out() -> None:
    names = [f"person {number}" for number in range(400)]
    table = a_table("yn" * 200, name=names, empty=[None] * 400)

    left_out = unusable(table, 300)
    assert list(left_out) == ["name", "empty"]
    assert "300 different texts in 300 rows" in left_out["name"]
    only = replace(table, columns=("name",))
    with pytest.raises(TableRefused, match=r"no column of .* can be a feature; 'name': "):
        unusable(only, 300)


HOW = (
    "  the first 200 rows are the dataset, the others the stream, 20 a second; 300 labels start an"
    " attempt"
)


class Played:
    """A cluster and a stream: it answers at once, counts at once and judges after 10 s."""

    def __init__(self, clock: FakeClock, table: Table, *, judges: bool = True) -> None:
        pipeline = parse(manifest(table, Sizes(100, 100, 50, 50.0), {}))
        self.clock, self.judges = clock, judges
        self.traffic = Traffic(pipeline, "r", iter(table.rows[100:]), 50.0)
        self.labels, self.handled = 0, 0
        self.ended = [entry(1, Outcome.PROMOTED)]
        self.began: float | None = None

    @property
    def over(self) -> bool:
        return self.traffic.over

    def start(self) -> None: ...

    def drain(self, accuracy: Accuracy) -> None:
        due = self.traffic.due(self.clock.now())
        for issue in due.issues:
            accuracy.issue(issue)
            accuracy.answer(Answer(issue.id, "y", self.ended[-1].version, self.clock.now()))
        self.labels += sum(m.topic == self.traffic.pipeline.labels for m in due.messages)

    def finish(self) -> None:
        self.labels += len(self.traffic.owed())

    def look(self) -> View:
        now = self.clock.now()
        if self.began is not None and self.judges and now - self.began >= 10:
            self.ended.append(entry(len(self.ended) + 1, Outcome.PROMOTED))
            self.began = None
        if self.began is None and self.labels - self.handled >= 100:
            self.handled, self.began = self.labels, now
        return View(
            row=(("AGE", f"{now}s"),),
            ready=True,
            attempt=len(self.ended) + (self.began is not None),
            serving=self.ended[-1].version,
            written=self.labels,
            fresh=self.labels - self.handled,
            ended=tuple(self.ended),
        )


def a_run(played: Played) -> TableRun:
    return TableRun(played, played, FakeScreen(), played.clock, 1_000, 100)


def test_all_rows_are_played_and_the_last_attempt_is_waited_for() -> None:
    played = Played(FakeClock(), a_table("yn" * 550))
    run = a_run(played)

    run.run()

    assert (played.labels, len(run.accuracy.grades)) == (1_000, 1_000)
    assert list(run.ended) == [1, 2, 3, 4]
    assert played.labels - played.handled < 100


def test_an_attempt_that_never_ends_is_not_waited_for_without_end() -> None:
    played = Played(FakeClock(), a_table("yn" * 550), judges=False)

    a_run(played).run()

    assert played.clock.now() < 1_000 + 20 + SETTLE + 5


def test_a_first_model_that_cannot_be_is_the_end() -> None:
    class Refused(Played):
        def look(self) -> View:
            return View(ended=(entry(1, Outcome.REFUSED, message="column n"),))

    with pytest.raises(Failed, match="there is no first model: attempt 1: column n"):
        a_run(Refused(FakeClock(), a_table("yn" * 550))).run()


def test_accuracy_is_told_along_the_stream() -> None:
    grades = [Grade(n, n >= 10, f"v{1 + n // 15}-a", 0) for n in range(20)]

    lines = list(along(grades))
    assert len(lines) == 10
    assert lines[0] == "        1 to       2  0.0%  v1"
    assert lines[7] == "       15 to      16  100.0%  v1, v2"
    assert list(along(grades[:1])) == ["        1 to       1  0.0%  v1"]


def test_the_report_says_what_accuracy_is_to_be_compared_with() -> None:
    said = report(FACTS, [], a_table("n" * 100 + "yyyn"), 100)

    assert "Accuracy along the stream ('y' for all of it would be right in 75.0%)" in said
    assert said[0] == "Attempts"
    assert said[-1].startswith("Records: 4 sent, 4 answered, 0 lost, 0 doubled")


def test_check_says_how_a_table_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "my table.csv"
    path.write_text("n,name,label\n" + "".join(f"{n},p{n},{n % 2}\n" for n in range(1_000)))

    assert main(["check", str(path), "label"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [
        "my table.csv: 1,000 rows, 2 columns and label, '1' or '0'",
        HOW,
    ]
    assert said[2].startswith("  left out: name: ")


def test_the_manifest_is_written_where_its_path_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = tmp_path / "my table.csv"
    path.write_text("n,label\n" + "".join(f"{n},{n % 2}\n" for n in range(300)))

    assert main(["manifest", str(path), "label"]) == 0
    file = Path(capsys.readouterr().out.strip())
    assert file == tmp_path / "perennial" / "demo" / "demo-my-table.yaml"
    assert file == file_of(replace(a_table("yn"), path=path))
    assert yaml.safe_load(file.read_text())["metadata"] == {"name": "demo-my-table"}


@pytest.mark.parametrize("arguments", [[], ["check"], ["nothing", "file", "label"]])
def test_what_is_no_command_shows_what_there_is(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "examples.table COMMAND FILE COLUMN" in capsys.readouterr().out


def test_a_refused_table_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "/no/such file.csv", "label"]) == 1
    assert capsys.readouterr().err == "demo: /no/such file.csv: No such file or directory\n"
