from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from examples.table.__main__ import file_of, main
from tests.support.examples.builders import a_table

HOW = (
    "  the first 200 rows are the dataset, the others the stream, 20 a second; 300 labels start an"
    " attempt"
)


def test_check_says_how_a_table_is_streamed(
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
