import json
from pathlib import Path

import yaml
from typer.testing import CliRunner

from perennial.__main__ import app
from tests.support.perennial.running import a_manifest


def test_diagnostics_are_lines_that_an_editor_can_follow(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("apiVersion: perennial.dev/v1alpha1\nkind: ModelPipeline\nspec: {}\n")

    done = CliRunner().invoke(app, ["validate", str(file)])

    assert done.exit_code == 1
    assert done.stdout.splitlines()[0] == (f"{file}:1:1: error: metadata: is needed, with a name")
    assert f"{file}:3:1: error: spec.kafka: Field required" in done.stdout


def test_a_file_that_would_be_accepted_is_said_to_be() -> None:
    text = yaml.safe_dump_all([a_manifest("a"), a_manifest("b")])
    done = CliRunner().invoke(app, ["validate", "-"], input=text)
    assert (done.exit_code, done.stdout) == (0, "-: default/a, default/b would be accepted\n")


def test_diagnostics_can_be_read_by_a_program() -> None:
    text = yaml.safe_dump(a_manifest("a", storage={"bucket": "UPPER"}), sort_keys=False)
    done = CliRunner().invoke(app, ["validate", "-", "--output", "json"], input=text)
    (line,) = (n for n, each in enumerate(text.splitlines(), 1) if "UPPER" in each)
    assert done.exit_code == 0
    assert json.loads(done.stdout) == {
        "file": "-",
        "accepted": True,
        "pipelines": ["default/a"],
        "diagnostics": [
            {
                "line": line,
                "column": 5,
                "level": "warning",
                "field": "spec.storage.bucket",
                "message": "S3 takes only a-z, 0-9, - and . in a bucket's name",
            }
        ],
    }


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["validate", str(tmp_path / "none")])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"perennial: {tmp_path}/none: No such file or directory\n"
    (tmp_path / "latin").write_bytes(b"\xe9")
    assert (
        "no text in UTF-8" in CliRunner().invoke(app, ["validate", str(tmp_path / "latin")]).stderr
    )
