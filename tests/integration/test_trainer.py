"""The trainer as a process against a real S3 server."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from socket import socket
from typing import Any

import pytest

from perennial_contract.objects.observation import SegmentKey, to_parquet
from perennial_contract.status import TrainerReport, Verdict, VerdictOutcome
from perennial_trainer.models.published import load_published
from tests.support.trainer.agrawal import observations
from tests.support.trainer.process import BUCKET, Bucket
from tests.support.trainer.process import bucket as a_bucket

pytestmark = pytest.mark.integration
WATERMARK = {"t": {"0": 1200, "1": 800}}


@pytest.fixture
def bucket(s3: str, tmp_path: Path) -> Iterator[Bucket]:
    with a_bucket(s3, tmp_path) as made:
        yield made


def verdict_in(log: Path) -> Verdict:
    assert len(log.read_bytes()) <= 4096
    return Verdict.model_validate_json(log.read_bytes())


def test_a_first_model_then_a_better_one_after_the_world_changed(
    bucket: Bucket, tmp_path: Path
) -> None:
    log = tmp_path / "termination-log"

    assert bucket.run(bucket.settings(), log) == 0
    first = verdict_in(log)
    assert (first.outcome, first.reason) == (VerdictOutcome.PROMOTED, "FirstModel")
    assert bucket.store.get("attempts/1/verdict.json") is not None

    for partition, count in ((0, 1200), (1, 800)):
        rows = observations(4, count, partition)
        for start in range(0, count, 500):
            segment = SegmentKey("t", partition, start)
            bucket.store.put_new(str(segment), to_parquet(rows[start : start + 500]))
    second_settings = bucket.settings(2, champion=first.version, watermark=WATERMARK)
    assert bucket.run(second_settings, log) == 0
    second = verdict_in(log)
    assert (second.outcome, second.champion) == (VerdictOutcome.PROMOTED, first.version)
    assert second.score is not None
    assert second.score < 0.6 < second.scores[0].loss
    served = load_published(bucket.store, second.version, 1)
    assert served.manifest.watermark == WATERMARK
    assert served.model.predictions([{}]).shape == (1,)


def test_a_second_run_reports_the_same_verdict_without_training(
    bucket: Bucket, tmp_path: Path
) -> None:
    log, again = tmp_path / "first", tmp_path / "second"
    assert bucket.run(bucket.settings(), log) == 0
    bucket.store.delete("loans.csv")

    assert bucket.run(bucket.settings(), again) == 0

    assert again.read_text() == log.read_text()


def test_refused_data_ends_with_42_and_a_verdict(bucket: Bucket, tmp_path: Path) -> None:
    log = tmp_path / "termination-log"
    bucket.store.delete("loans.csv")
    bucket.store.put_new("loans.csv", b"age,label\n39,maybe\n")

    assert bucket.run(bucket.settings(), log) == 42

    assert verdict_in(log).reason == "DataRefused"
    assert bucket.store.get("attempts/1/verdict.json") is not None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"dataset": {"uri": f"s3://{BUCKET}/nowhere.csv", "label": "label"}}, "DatasetMissing"),
        ({"dataset": {"uri": "s3://no-such-bucket/a.csv", "label": "label"}}, "BucketMissing"),
        ({"watermark": WATERMARK}, "ObservationsIncomplete"),
        ({"deadline": "10ms"}, "DeadlineExceeded"),
    ],
)
def test_what_may_pass_ends_with_75_and_its_reason(
    bucket: Bucket, tmp_path: Path, changed: dict[str, Any], reason: str
) -> None:
    log = tmp_path / "termination-log"

    assert bucket.run(bucket.settings(**changed), log) == 75

    assert json.loads(log.read_text())["problem"]["reason"] == reason


def test_settings_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    log, broken = tmp_path / "termination-log", tmp_path / "settings.json"
    broken.write_text("{}")
    given = ["--termination-log", str(log), "--settings", str(broken)]
    arguments = [sys.executable, "-m", "perennial_trainer", *given]

    ended = subprocess.run(arguments, check=False, capture_output=True, timeout=60)

    assert ended.returncode == 42
    assert json.loads(log.read_text())["problem"]["reason"] == "SettingsRefused"


def test_inputs_of_a_newer_trainer_end_with_42_and_their_field(
    bucket: Bucket, tmp_path: Path
) -> None:
    log, key = tmp_path / "termination-log", "attempts/1/inputs.json"
    assert bucket.run(bucket.settings(), log) == 0
    inputs = json.loads(bucket.store.get(key) or b"")
    for each in (key, "attempts/1/verdict.json"):
        bucket.store.delete(each)
    bucket.store.put_new(key, json.dumps(inputs | {"weights": "recent"}).encode())

    assert bucket.run(bucket.settings(), log) == 42

    problem = json.loads(log.read_text())["problem"]
    assert problem["reason"] == "SettingsRefused"
    assert problem["message"].startswith(f"{key}: weights: ")


def test_a_running_attempt_tells_its_progress_and_ends_when_told_to(
    bucket: Bucket, tmp_path: Path
) -> None:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = bucket.settings(optimizer={"maxEvals": 1000})
    process = bucket.start(settings, tmp_path / "log", port)
    try:
        report = await_trials(f"http://127.0.0.1:{port}/status", process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

    assert (report.uid, report.pod, report.number) == ("u-1", "pod-1", 1)
    assert (report.stage, report.total) == ("search", 1000)
    assert report.best is not None
    assert process.returncode == 143
    assert bucket.store.get("attempts/1/verdict.json") is None


def await_trials(address: str, process: subprocess.Popen[bytes]) -> TrainerReport:
    """The first report that counts a trial; the process must still run."""
    while process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                report = TrainerReport.model_validate_json(answer.read())
        except OSError:
            time.sleep(0.1)
            continue
        if report.done:
            return report
    raise AssertionError("the trainer ended before its first trial")
