"""The process around a run, as far as it goes without any server."""

import json
from pathlib import Path
from typing import Any

import pytest

from perennial_contract.runtime.mounts import Mounts
from perennial_trainer.__main__ import run_attempt
from tests.support.trainer.builders import a_settings


def run(tmp_path: Path, secret: Path, **storage: Any) -> tuple[int, dict[str, str]]:
    """The exit code, and the problem in the termination message."""
    log = tmp_path / "termination-log"
    storage = {"bucket": "perennial", "secretRef": {"name": "s3"}, **storage}
    mounts = Mounts(secret, tmp_path / "kafka", log)
    code = run_attempt(a_settings(storage=storage), "pod-1", mounts, 0)
    return code, json.loads(log.read_text())["problem"]


@pytest.mark.parametrize("endpoint", ["http://a b:9000", "http://[::1", "http://:x"])
def test_an_endpoint_that_is_no_address_is_told(tmp_path: Path, endpoint: str) -> None:
    code, problem = run(tmp_path, tmp_path, endpoint=endpoint)

    assert (code, problem["reason"]) == (75, "StorageRefused")
    assert f"storage.endpoint {endpoint}" in problem["message"]


def test_an_attempt_runs_in_a_folder_in_the_place_of_s3_and_again_with_the_same_verdict(
    tmp_path: Path, dataset: bytes
) -> None:
    (tmp_path / "loans.csv").write_bytes(dataset)
    bucket, log = tmp_path / "store/perennial", tmp_path / "termination-log"
    settings = a_settings(
        storage={"endpoint": (tmp_path / "store").as_uri(), "bucket": "perennial", "prefix": "p"},
        dataset={"uri": (tmp_path / "loans.csv").as_uri(), "label": "label"},
    )
    mounts = Mounts(tmp_path / "s3", tmp_path / "kafka", log)

    assert run_attempt(settings, "pod-1", mounts, 0) == 75
    missing = {"reason": "BucketMissing", "message": f"folder {bucket} does not exist"}
    assert json.loads(log.read_text())["problem"] == missing

    bucket.mkdir(parents=True)
    assert run_attempt(settings, "pod-1", mounts, 0) == 0
    told = json.loads(log.read_text())
    assert (told["outcome"], told["reason"]) == ("Promoted", "FirstModel")
    assert json.loads((bucket / "p/attempts/1/verdict.json").read_text()) == told
    assert (bucket / f"p/models/{told['version']}/manifest.json").is_file()

    (tmp_path / "loans.csv").unlink()
    assert run_attempt(settings, "pod-1", mounts, 0) == 0
    assert json.loads(log.read_text()) == told


def test_a_datasets_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "perennial").mkdir()
    log, missing = tmp_path / "termination-log", (tmp_path / "none.csv").as_uri()
    settings = a_settings(
        storage={"endpoint": tmp_path.as_uri(), "bucket": "perennial"},
        dataset={"uri": missing, "label": "label"},
    )

    assert run_attempt(settings, "", Mounts(tmp_path, tmp_path / "kafka", log), 0) == 75

    assert json.loads(log.read_text())["problem"] == {
        "reason": "DatasetMissing",
        "message": f"dataset {missing} does not exist",
    }


def test_credentials_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "AWS_ACCESS_KEY_ID").write_bytes(b"\xff")

    code, problem = run(tmp_path, tmp_path)

    assert (code, problem["reason"]) == (75, "StorageRefused")
    assert "UTF-8" in problem["message"]


def test_a_secret_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "AWS_ACCESS_KEY_ID").mkdir()

    code, problem = run(tmp_path, tmp_path)

    assert (code, problem["reason"]) == (75, "StorageRefused")
    assert "AWS_ACCESS_KEY_ID" in problem["message"]


def test_a_key_of_the_kafka_secret_that_cannot_be_set_is_refused(tmp_path: Path) -> None:
    log, secret = tmp_path / "termination-log", tmp_path / "kafka"
    secret.mkdir()
    (secret / "group.id").write_text("mine")
    kafka = {"bootstrapServers": "kafka:9092", "secretRef": {"name": "keys"}}
    settings = a_settings(lifecycle={"topic": "loans-lifecycle"}, kafka=kafka)

    code = run_attempt(settings, "pod-1", Mounts(tmp_path / "s3", secret, log), 0)

    assert code == 42
    assert json.loads(log.read_text()) == {
        "problem": {
            "reason": "SettingsRefused",
            "message": "kafka.secretRef keys: the key group.id cannot be set",
        }
    }
