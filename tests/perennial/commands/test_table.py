import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from perennial.__main__ import app
from perennial.commands.table import manifest_file
from tests.support.examples.builders import a_table

HOW = (
    "  the first 200 rows are the dataset, the others the stream, 20 a second for 40 s; 300 labels"
    " start an attempt"
)


def test_check_says_how_a_table_is_streamed(tmp_path: Path) -> None:
    path = tmp_path / "my table.csv"
    path.write_text("n,name,label\n" + "".join(f"{n},p{n},{n % 2}\n" for n in range(1_000)))

    done = CliRunner().invoke(app, ["table", "check", str(path), "label"])
    said = done.stdout.splitlines()
    assert done.exit_code == 0
    assert said[:2] == [
        "my table.csv: 1,000 rows, 2 columns and label, '1' or '0'",
        HOW,
    ]
    assert re.fullmatch(
        "  left out: name: column name holds [0-9]+ different texts in [0-9]+ rows, such as 'p0'",
        said[2],
    )


def test_the_manifest_is_written_where_its_path_says(tmp_path: Path) -> None:
    path = tmp_path / "my table.csv"
    path.write_text("n,label\n" + "".join(f"{n},{n % 2}\n" for n in range(300)))

    done = CliRunner(env={"XDG_CACHE_HOME": str(tmp_path)}).invoke(
        app, ["table", "manifest", str(path), "label"]
    )
    file = Path(done.stdout.strip())
    assert file == tmp_path / "perennial" / "demo" / "demo-my-table.yaml"
    assert file == manifest_file(replace(a_table("yn"), path=path), tmp_path)
    assert yaml.safe_load(file.read_text())["metadata"] == {"name": "demo-my-table"}


@pytest.mark.parametrize("arguments", [[], ["check"], ["nothing", "file", "label"]], ids=" ".join)
def test_what_is_no_command_is_refused_with_what_there_is(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, ["table", *arguments])
    assert done.exit_code == 2
    assert "Usage: " in done.output


def test_a_refused_table_is_said_in_one_line() -> None:
    done = CliRunner().invoke(app, ["table", "check", "/no/such file.csv", "label"])
    assert done.exit_code == 1
    assert done.stderr == "perennial: /no/such file.csv: No such file or directory\n"
