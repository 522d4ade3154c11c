"""Steps after a verdict, against a real Kafka, MLflow and S3 server."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from perennial_contract.lifecycle import Completed, Started
from perennial_contract.objects.bundle import FILES, MANIFEST, key
from perennial_contract.status import Verdict, VerdictOutcome
from perennial_trainer.adapters.mlflow import ENVIRONMENT, track
from perennial_trainer.attempt.mlflow_run import MlflowRun
from tests.support.servers import KAFKA_SASL, MLFLOW, need, need_certificates
from tests.support.trainer.process import Bucket
from tests.support.trainer.process import bucket as a_bucket

if TYPE_CHECKING:
    from mlflow import MlflowClient

pytestmark = pytest.mark.integration
BEGUN = datetime(2026, 1, 2, tzinfo=UTC)
REFUSED = b"age,label\n39,maybe\n"  # an attempt of a second, whose verdict stands


@pytest.fixture
def bucket(s3: str, tmp_path: Path) -> Iterator[Bucket]:
    with a_bucket(s3, tmp_path) as made:
        yield made


@pytest.fixture
def quick(bucket: Bucket) -> Bucket:
    """A bucket whose dataset is refused."""
    bucket.store.delete("loans.csv")
    bucket.store.put_new("loans.csv", REFUSED)
    return bucket


@pytest.fixture
def topic(kafka: str) -> Iterator[str]:
    name = f"trainer-test-{uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.create_topics([NewTopic(name, 1, 1)])[name].result()
    yield name
    admin.delete_topics([name])[name].result()


@pytest.fixture
def mlflow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    need(request, "MLflow", MLFLOW)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    from mlflow import MlflowClient  # noqa: PLC0415  seconds

    return MlflowClient(tracking_uri=MLFLOW)


def read(kafka: str, topic: str) -> list[tuple[bytes, bytes]]:
    """Keys and values, from the topic's beginning to its end."""
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": topic})
    _, end = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)
    consumer.assign([TopicPartition(topic, 0, 0)])
    found = consumer.consume(end, 10)
    consumer.close()
    return [(m.key() or b"", m.value() or b"") for m in found]


def test_an_attempt_is_told_on_the_lifecycle_topic_and_its_end_again_by_a_second_run(
    bucket: Bucket, kafka: str, topic: str, tmp_path: Path
) -> None:
    settings = bucket.settings(
        optimizer={"maxEvals": 1},
        kafka={"bootstrapServers": kafka, "properties": {"compression.type": "lz4"}},
        lifecycle={"topic": topic},
    )

    for _ in range(2):
        assert bucket.run(settings, tmp_path / "log") == 0

    keys, values = zip(*read(kafka, topic), strict=True)
    verdict = Verdict.model_validate_json((tmp_path / "log").read_bytes())
    started, completed = (
        Started.model_validate_json(values[0]),
        Completed.model_validate_json(values[1]),
    )
    assert keys == (b"loans/income",) * 3
    assert json.loads(values[0])["type"] == "started"
    assert started == Started(pipeline="loans/income", at=started.at, attempt=1)
    assert completed == Completed(
        pipeline="loans/income",
        at=completed.at,
        attempt=1,
        verdict="Promoted",
        reason="FirstModel",
        version=verdict.version,
        score=verdict.score,
    )
    again = json.loads(values[2])
    assert {**again, "at": None} == {**json.loads(values[1]), "at": None}


def test_a_topic_that_is_missing_is_not_made_and_harms_nothing(
    quick: Bucket, kafka: str, tmp_path: Path
) -> None:
    topic = f"trainer-test-{uuid4().hex[:8]}"
    settings = quick.settings(kafka={"bootstrapServers": kafka}, lifecycle={"topic": topic})

    assert quick.run(settings, tmp_path / "log") == 42

    assert quick.left_out() == [("lifecycle", "TopicMissing")] * 2
    assert topic not in AdminClient({"bootstrap.servers": kafka}).list_topics(timeout=10).topics


def test_a_kafka_that_is_away_harms_nothing(quick: Bucket, tmp_path: Path) -> None:
    settings = quick.settings(
        kafka={"bootstrapServers": "127.0.0.1:1"}, lifecycle={"topic": "loans-lifecycle"}
    )

    assert quick.run(settings, tmp_path / "log") == 42

    assert quick.left_out() == [("lifecycle", "KafkaUnavailable")] * 2


def test_credentials_that_kafka_refuses_harm_nothing(
    quick: Bucket, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    need(request, "Kafka", KAFKA_SASL)
    authority = need_certificates(request) / "ca.crt"
    quick.kafka.mkdir()
    (quick.kafka / "ca.crt").write_bytes(authority.read_bytes())
    for name, text in {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "nobody",
        "sasl.password": "wrong",
    }.items():
        (quick.kafka / name).write_text(text)
    settings = quick.settings(
        kafka={"bootstrapServers": KAFKA_SASL}, lifecycle={"topic": "loans-lifecycle"}
    )

    assert quick.run(settings, tmp_path / "log") == 42

    assert quick.left_out() == [("lifecycle", "KafkaRefused")] * 2


def test_an_attempt_is_one_run_in_mlflow_whoever_reports_its_verdict(
    bucket: Bucket, mlflow: MlflowClient, tmp_path: Path
) -> None:
    name = f"trainer-test/{uuid4().hex[:8]}"
    settings = bucket.settings(tracking={"uri": MLFLOW, "experiment": name})

    for _ in range(2):
        assert bucket.run(settings, tmp_path / "log") == 0
    assert bucket.left_out() == []

    verdict = Verdict.model_validate_json((tmp_path / "log").read_bytes())
    experiment = mlflow.get_experiment_by_name(name)
    assert experiment
    runs = mlflow.search_runs([experiment.experiment_id])
    mlflow.delete_experiment(experiment.experiment_id)
    assert [(run.info.run_name, run.info.status) for run in runs] == [("attempt-1", "FINISHED")]
    assert (
        runs[0].data.tags.items()
        >= {
            "uid": "u-1",
            "attempt": "1",
            "pipeline": "loans/income",
            "outcome": "Promoted",
            "reason": "FirstModel",
            "version": verdict.version,
            "digest": verdict.digest,
        }.items()
    )
    assert runs[0].data.metrics["loss.search"] == verdict.score
    assert runs[0].data.params["candidate"] == "search"
    assert {"num_leaves", "learning_rate", "trees", "rows"} < set(runs[0].data.params)


def test_a_run_that_was_left_open_in_mlflow_is_completed(mlflow: MlflowClient) -> None:
    name = f"trainer-test/{uuid4().hex[:8]}"
    experiment = mlflow.create_experiment(name)
    left = mlflow.create_run(experiment, tags={"uid": "u-1", "attempt": "8"})
    other = mlflow.create_run(experiment, tags={"uid": "u-1", "attempt": "7"})
    tags = {"uid": "u-1", "attempt": "8", "outcome": "Refused", "mlflow.note.content": "x" * 9000}
    ours = MlflowRun("attempt-8", name, BEGUN, BEGUN, True, {}, {"score": 0.5}, tags)  # noqa: FBT003

    track(MLFLOW, ours)
    track(MLFLOW, replace(ours, metrics={"score": 0.6}))

    runs = {run.info.run_id: run for run in mlflow.search_runs([experiment])}
    mlflow.delete_experiment(experiment)
    assert set(runs) == {left.info.run_id, other.info.run_id}
    assert runs[left.info.run_id].info.status == "FAILED"
    assert runs[left.info.run_id].data.metrics == {"score": 0.5}
    assert runs[other.info.run_id].info.status == "RUNNING"


def test_an_mlflow_that_never_answers_costs_seconds_and_no_verdict(
    quick: Bucket, tmp_path: Path
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"

        assert quick.run(quick.settings(tracking={"uri": uri}), tmp_path / "log") == 42

    verdict = Verdict.model_validate_json((tmp_path / "log").read_bytes())
    assert verdict.outcome is VerdictOutcome.REFUSED
    assert [what for what, _ in quick.left_out()] == ["tracking"]


def test_old_models_go_after_the_verdict(quick: Bucket, tmp_path: Path) -> None:
    for number in (1, 2, 3, 4):
        for file in (*FILES, MANIFEST):
            quick.store.put_new(key(f"v{number}-0000abcd", file), b"")
    settings = quick.settings(5, keep=["v1-0000abcd"], storage={"retention": {"versions": 2}})

    assert quick.run(settings, tmp_path / "log") == 42

    left = {name.split("/")[1] for name in quick.store.list("models/")}
    assert left == {"v1-0000abcd", "v3-0000abcd", "v4-0000abcd"}
