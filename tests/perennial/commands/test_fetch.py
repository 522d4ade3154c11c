from pathlib import Path

from typer.testing import CliRunner

from perennial.__main__ import app


def test_a_file_of_ones_own_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "income-train.csv").write_text("mine")

    done = CliRunner().invoke(app, ["fetch", "income", "--to", str(tmp_path)])

    assert (done.exit_code, done.stdout) == (1, "")
    assert "income-train.csv is another file than the published one: --to FOLDER" in done.stderr
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [
        ("income-train.csv", "mine")
    ]


def test_a_table_that_nobody_knows_is_refused_with_those_that_there_are() -> None:
    done = CliRunner().invoke(app, ["fetch", "outcome"])
    assert done.exit_code == 2
    assert "income" in done.stderr
