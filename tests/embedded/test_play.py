"""`perennial play` as a user types it, in a folder of its own."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from perennial.world.dataset import as_csv
from perennial.world.rows import Applications

pytestmark = pytest.mark.embedded

ROWS, BASE = 1_100, 200


def runs_in(database: Path) -> tuple[tuple[str, str], list[tuple[str, str]]]:
    """The experiment that was made, and where its files go; its runs and how they ended."""
    with closing(sqlite3.connect(database)) as store:
        asked = "select name, artifact_location from experiments where name != 'Default'"
        (experiment,) = store.execute(asked).fetchall()
        return experiment, store.execute("select name, status from runs").fetchall()


def test_a_table_is_played_to_its_end_and_its_report_is_left(tmp_path: Path) -> None:
    (tmp_path / "loans.csv").write_bytes(as_csv(islice(Applications(seed=3), ROWS), "good"))

    arguments = ["loans.csv", "--label", "good", "--rate", "400", "--no-open", "--mlflow"]
    done = subprocess.run(
        [sys.executable, "-m", "perennial", "play", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    said = f"Records: {ROWS - BASE:,} sent, {ROWS - BASE:,} answered, 0 lost, 0 doubled; 0 dead"
    assert f"{said} letters" in done.stdout
    assert "attempt 1: promoted v1, " in done.stdout
    assert "attempt 2: " in done.stdout
    assert re.search(r"^The page: http://127\.0\.0\.1:\d+/$", done.stdout, re.MULTILINE)
    folder = tmp_path / "perennial-play"
    assert f"The report: {(folder / 'report.html').as_uri()}" in done.stdout
    assert "demo-loans" in (folder / "report.html").read_text()
    database = folder / "mlflow" / "mlflow.db"
    assert f" ui --backend-store-uri sqlite:///{database}\n" in done.stdout
    assert runs_in(database)[0] == (
        "default/demo-loans",
        (folder / "mlflow/artifacts").as_uri(),
    )
    assert {("attempt-1", "FINISHED"), ("attempt-2", "FINISHED")} <= {*runs_in(database)[1]}
    assert {each.name for each in tmp_path.iterdir()} == {"loans.csv", "perennial-play"}
