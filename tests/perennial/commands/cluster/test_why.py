import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from perennial.__main__ import app
from tests.support.perennial.api_server import ApiServer, refusal
from tests.support.perennial.pages import FIRST, FOURTH, KEPT, V1, V4, VERDICTS, a_status, resource


def held(store: Path, **storage: Any) -> dict[str, Any]:
    where = {"endpoint": store.as_uri(), "bucket": "models", **storage}
    found = resource(a_status(V4, 118, [FIRST, *KEPT, FOURTH]), storage=where)
    return {**found, "metadata": {"name": "loans", "namespace": "team"}}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    place = tmp_path / "store/models/team/loans/attempts/4"
    place.mkdir(parents=True)
    (place / "verdict.json").write_text(VERDICTS[4].model_dump_json())
    return tmp_path / "store"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["why", *arguments])


@pytest.mark.parametrize(
    "arguments", [(), ("v4",), (V4,), ("#4",), ("loans", "4"), ("loans",)], ids=" ".join
)
def test_an_attempt_is_meant_by_its_number_its_version_or_as_the_newest(
    arguments: tuple[str, ...], server: ApiServer, store: Path
) -> None:
    server.hold(held(store))
    done = run(*arguments)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(f"attempt 4: Promoted (Better)\n{FOURTH.message}\n")
    assert done.stdout.endswith(f"champion           1.5247                   {V1}\n")


def test_a_program_reads_entry_and_candidates(server: ApiServer, store: Path) -> None:
    server.hold(held(store))
    said = json.loads(run("v4", "--output", "json").stdout)
    assert said == {
        "attempt": FOURTH.model_dump(mode="json", exclude_none=True),
        "candidates": [each.model_dump(exclude_none=True) for each in VERDICTS[4].scores],
        "missing": "",
    }


def test_where_the_storage_is_not_reached_the_status_is_told_and_why(
    server: ApiServer, store: Path
) -> None:
    missing = {"endpoint": "http://127.0.0.1:1", "secretRef": {"name": "s3"}}
    server.hold(held(store, **missing))
    done = run("2")
    assert done.exit_code == 0
    assert done.stdout.startswith("attempt 2: Rejected (NoGain)\n")
    assert done.stdout.endswith(
        "\n\nwhat the candidates lost is not known here: http://127.0.0.1:1/models/team/loans/"
        "attempts/2/verdict.json: there is no Secret s3; --s3 names an address that this machine"
        " reaches\n"
    )


def test_an_attempt_that_the_status_does_not_hold_is_told_with_those_it_does(
    server: ApiServer, store: Path
) -> None:
    server.hold(held(store))
    done = run("v9")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        f"perennial: there is no attempt v9 in the status, which holds 1 ({V1}), 2, 3, 4 ({V4})\n"
    )


def test_the_folder_of_a_run_holds_its_verdicts_itself(tmp_path: Path, store: Path) -> None:
    (tmp_path / "objects").mkdir()
    file = tmp_path / "objects/ModelPipeline.team.loans.json"
    found = held(store)
    found["metadata"] |= {"uid": "uid", "resourceVersion": "1"}
    file.write_text(json.dumps({"kind": "ModelPipeline", **found}))
    assert "since-rise         0.3180" in run("v4", "--folder", str(tmp_path)).stdout


def test_who_may_not_read_the_secret_is_told_what_the_status_holds(
    server: ApiServer, store: Path
) -> None:
    server.hold(held(store, secretRef={"name": "s3"}))
    path = "/api/v1/namespaces/team/secrets/s3"
    server.answers["GET", path] = refusal(403, "Forbidden", "you cannot get secrets")
    done = run("v4")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("attempt 4: Promoted (Better)\n")
    assert "not known here: you cannot get secrets: a Role with that right" in done.stdout
