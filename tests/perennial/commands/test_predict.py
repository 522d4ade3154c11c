import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from typer.testing import CliRunner, Result

from perennial.__main__ import app
from perennial.predict import BARE, Model, Outcome
from perennial_contract.messages.record import Record
from perennial_contract.objects.bundle import GOLDEN, MODEL, Bundle
from perennial_predictor.scoring.answers import Answerer
from perennial_predictor.scoring.binary import load
from tests.fakes.bundle import a_bundle, files, people, probabilities
from tests.support.perennial.running import a_manifest

PERSON = {"age": 41, "job": "nurse"}


def written(folder: Path, objects: dict[str, bytes]) -> None:
    for name, content in objects.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def a_folder(root: Path) -> tuple[Bundle, Path]:
    bundle, objects = a_bundle()
    written(root, objects)
    return bundle, root / "models" / bundle.version


def a_pipeline(root: Path, **sections: Any) -> Path:
    """One whose storage is a folder, with the fake bundle in it."""
    storage = {"endpoint": f"file://{root}", "bucket": "models-here"}
    file = root / "pipeline.yaml"
    file.write_text(yaml.safe_dump(a_manifest(storage=storage, **sections)))
    written(root / "models-here" / "default" / "income", a_bundle()[1])
    return file


def run(*arguments: object, typed: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["predict", *map(str, arguments)], input=typed)


def answer_to(identity: object, record: dict[str, Any], name: str = "id") -> bytes:
    (probability,) = probabilities([record])
    positive = probability >= 0.5
    return msgspec.json.encode(
        {
            name: identity,
            "prediction": float(positive),
            "label": ">50K" if positive else "<=50K",
            "probability": probability,
            "model": a_bundle()[0].version,
        }
    )


def test_a_folder_answers_with_the_bytes_that_the_predictor_would_send(tmp_path: Path) -> None:
    bundle, folder = a_folder(tmp_path)
    event = json.dumps(PERSON).encode()

    done = run(folder, event.decode(), "-o", "json")

    sent, _ = Answerer(BARE, load(bundle, BARE)).answer([Record("events", 0, 0, None, event)])
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout_bytes == (sent[0].value or b"") + b"\n"
    assert done.stdout_bytes == answer_to("events/0/0", PERSON) + b"\n"


def test_a_folder_of_another_name_is_called_by_the_version_that_its_manifest_makes_it(
    tmp_path: Path,
) -> None:
    bundle, folder = a_folder(tmp_path)
    done = run(folder.rename(tmp_path / "downloaded"), json.dumps(PERSON))
    assert done.stdout.endswith(f"is the positive class's probability by {bundle.version}\n")
    assert done.stdout.startswith("events/0/0: ")


def test_each_line_is_answered_and_what_cannot_be_is_named_by_its_line(tmp_path: Path) -> None:
    _, folder = a_folder(tmp_path)
    rows = people(3)
    lines = [json.dumps(rows[0]), "", "[1]", json.dumps(rows[1]), '{"job": "king"}']

    done = run(folder, "-", "-o", "json", typed="\n".join(lines).encode())

    assert done.exit_code == 1
    assert done.stdout_bytes.splitlines() == [
        answer_to("events/0/0", rows[0]),
        answer_to("events/0/3", rows[1]),
        answer_to("events/0/4", {"job": "king"}),
    ]
    assert done.stderr.splitlines() == [
        "line 3: dead letter, NotAnObject: the message is JSON, but no object: list",
        "line 5: job: a value that the model has never seen",
    ]


def test_a_version_is_looked_for_in_its_pipelines_storage_and_read_as_it_says(
    tmp_path: Path,
) -> None:
    events = {"topic": "people", "id": {"key": True}, "record": "data"}
    filtered = {**events, "filter": {"path": "data"}}
    file = a_pipeline(tmp_path, events=filtered)
    version, event = a_bundle()[0].version, json.dumps({"data": PERSON})
    options = ("--pipeline", file, "-o", "json")

    assert run(version, event, *options, "--key", "7").stdout_bytes == (
        answer_to("7", PERSON) + b"\n"
    )
    without = run(version, event, *options)
    assert (without.exit_code, without.stdout) == (1, "")
    assert (
        without.stderr
        == "dead letter, NoId: there is no id, a text or a number, at the message's key\n"
    )
    another = run(version, "{}", *options, "--key", "7")
    assert (another.exit_code, another.stdout) == (0, "")
    assert another.stderr == "no event, by events.filter\n"


def test_a_header_may_hold_the_id(tmp_path: Path) -> None:
    file = a_pipeline(tmp_path, events={"topic": "people", "id": {"header": "ce_id"}})
    options = ("--pipeline", file, "-o", "json")
    done = run(a_bundle()[0].version, json.dumps(PERSON), *options, "--header", "ce_id=a=b")
    assert done.stdout_bytes == answer_to("a=b", PERSON) + b"\n"
    assert run("v1", "{}", *options, "--header", "ce_id").exit_code == 2


def test_a_folder_of_keys_that_is_not_there_is_refused_by_its_option(tmp_path: Path) -> None:
    done = run("v1-00000000", "{}", "--pipeline", a_pipeline(tmp_path), "--secret", tmp_path / "no")
    assert done.exit_code == 2
    assert "--secret" in done.stderr


def test_a_namespace_says_where_versions_lie(tmp_path: Path) -> None:
    done = run("v1-00000000", "{}", "--pipeline", a_pipeline(tmp_path), "-n", "prod")
    assert done.exit_code == 1
    assert done.stderr == (
        f"perennial: file://{tmp_path}/models-here/prod/income:"
        " models/v1-00000000/manifest.json does not exist\n"
    )


def test_what_is_no_model_is_said_in_one_line(tmp_path: Path) -> None:
    bundle, folder = a_folder(tmp_path)
    no_yaml = tmp_path / "no.yaml"
    no_yaml.write_text("- a")
    for arguments, said in (
        (("nowhere", "{}"), "nowhere is neither a folder nor a version such as v7-3fa9c1d2"),
        ((tmp_path, "{}"), f"{tmp_path} is no bundle: it holds no manifest.json"),
        ((bundle.version, "{}"), f"version {bundle.version} of which pipeline? --pipeline FILE"),
        ((bundle.version, "{}", "--pipeline", tmp_path / "no"), f"{tmp_path}/no: No such file"),
        ((bundle.version, "{}", "--pipeline", no_yaml), f"{no_yaml}: apiVersion: None is not"),
    ):
        done = run(*arguments)
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.startswith(f"perennial: {said}")
        assert done.stderr.count("\n") == 1

    (folder / MODEL).write_bytes(b"tree")
    assert f"{MODEL} has 4 bytes instead of" in run(folder, "{}").stderr


@pytest.mark.parametrize("golden", [files(golden_off_by=1e-6)[GOLDEN], b""], ids=["off", "empty"])
def test_a_model_that_does_not_reproduce_its_golden_rows_answers_nothing(
    golden: bytes, tmp_path: Path
) -> None:
    bundle, objects = a_bundle(contents={GOLDEN: golden})
    written(tmp_path, objects)
    done = run(tmp_path / "models" / bundle.version, json.dumps(PERSON))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "golden" in done.stderr


def test_an_outcome_names_each_feature_that_holds_an_unknown_value_once() -> None:
    model = Model(a_bundle()[0], BARE)
    found = model.predict(b'{"age": "old", "job": "king"}', 3)
    record = {"age": "old", "job": "king"}
    assert found == Outcome(answer_to("events/0/3", record), unknown=("age", "job"))
