import csv
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from perennial.__main__ import app
from perennial.validation.check import check


def a_file(folder: Path, *lines: str, header: str = "n,city,label") -> Path:
    path = folder / "my table.csv"
    path.write_text("\n".join([header, *lines]))
    return path


def usable(rows: int = 300) -> list[str]:
    return [f"{number},c{number % 3},{number % 2}" for number in range(rows)]


def play(path: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["play", str(path), "--label", "label", *options])


def test_a_dry_run_says_what_would_be_played_and_makes_no_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run"

    done = play(a_file(tmp_path, *usable()), "--dry-run", "--rate", "50", "--folder", str(folder))

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "my table.csv: 300 rows, 2 columns and label, '1' or '0'",
        (
            "  the first 200 rows are the dataset, the others the stream, 50 a second for 2 s; 100"
            " labels start an attempt"
        ),
    ]
    assert not folder.exists()


def test_the_pipeline_is_written_with_its_dataset_beside_it(tmp_path: Path) -> None:
    file, dataset = tmp_path / "mine.yaml", tmp_path / "mine-train.csv"

    done = play(a_file(tmp_path, *usable()), "--dry-run", "--write", str(file))

    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == (
        f"{file}: the ModelPipeline; {dataset}: what lies at s3://datasets/demo-my-table/train.csv"
    )
    report = check(file.read_text())
    assert (report.pipelines, report.diagnostics) == (["default/demo-my-table"], [])
    with dataset.open(newline="") as text:
        rows = list(csv.DictReader(text))
    spec = yaml.safe_load(file.read_text())["spec"]
    assert (len(rows), rows[1]) == (200, {"row": "2", "n": "1", "city": "c1", "label": "1"})
    assert (spec["dataset"]["label"], spec["dataset"]["timeColumn"]) == ("label", "row")
    assert "tracking" not in spec  # whose MLflow would it be


@pytest.mark.parametrize("there", ["mine.yaml", "mine-train.csv"])
def test_no_file_is_written_over(there: str, tmp_path: Path) -> None:
    (tmp_path / there).write_text("years of work")

    done = play(a_file(tmp_path, *usable()), "--dry-run", "--write", str(tmp_path / "mine.yaml"))

    assert done.exit_code == 1
    assert done.stderr == (
        f"perennial: {tmp_path / there} is there already: name another file, or remove it\n"
    )
    assert (tmp_path / there).read_text() == "years of work"
    assert {each.name for each in tmp_path.iterdir()} == {"my table.csv", there}


@pytest.mark.parametrize(
    ("lines", "header", "said"),
    [
        (["1,a,x", "2,b,y", "3,c,z"], "n,city,label", "column 'label' of {} holds 3 values"),
        ([], "", "{} is empty"),
        ([], "n,city,label", "{} holds a header and no rows"),
        (usable(), "n,city,other", "{} has no column 'label'; its columns are n, city, other"),
        (["1,a,x", "2,b,"], "n,city,label", "{}, line 3: there is no label in column 'label'"),
        (usable(250), "n,city,label", "{} holds 250 rows; 300 are needed"),
    ],
)
def test_what_cannot_be_played_gets_one_line(
    lines: list[str], header: str, said: str, tmp_path: Path
) -> None:
    path = a_file(tmp_path, *lines, header=header)

    done = play(path)

    assert done.exit_code == 1
    assert done.stderr.startswith(f"perennial: {said.format(path)}")
    assert done.stderr.count("\n") == 1


def test_without_a_label_the_option_is_asked_for(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["play", str(a_file(tmp_path, *usable()))])

    assert done.exit_code == 2
    assert "--label" in done.stderr
