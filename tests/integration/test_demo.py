"""The demo's adapters against the real servers."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
import urllib3
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # it does

from perennial.adapters import tracking
from perennial.adapters.kafka import (
    Answers,
    KafkaTrouble,
    Sender,
    delete_topics,
    read_back,
)
from perennial.adapters.store import Buckets
from perennial.pipeline import Message
from perennial_contract.status import Verdict, VerdictOutcome

pytestmark = pytest.mark.integration


@pytest.fixture
def topic(kafka: str) -> Iterator[str]:
    name = f"demo-test-{uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": kafka})
    for future in admin.create_topics([NewTopic(name, 2, 1)]).values():
        future.result()
    yield name
    delete_topics(kafka, [name])


@pytest.fixture
def buckets(s3: str) -> Buckets:
    return Buckets(s3)


@pytest.fixture
def bucket(buckets: Buckets) -> Iterator[str]:
    name = f"demo-test-{uuid4().hex[:8]}"
    buckets.client.create_bucket(Bucket=name)
    yield name
    buckets.client.delete_bucket(Bucket=name)


def test_what_is_sent_is_read_back_and_seen_by_who_follows(kafka: str, topic: str) -> None:
    messages = [Message(topic, str(number), b"{}") for number in range(200)]
    answers = Answers(kafka, topic)
    sender = Sender(kafka)
    sender.send(messages)
    sender.flush()

    assert sorted(record.key for record in read_back(kafka, topic)) == sorted(
        m.key for m in messages
    )
    seen: list[str] = []
    for _ in range(60):
        seen += [record.key for record in answers.poll(0.5)]
        if len(seen) == len(messages):
            break
    assert sorted(seen) == sorted(m.key for m in messages)


def test_an_empty_topic_is_read_back_as_nothing(kafka: str, topic: str) -> None:
    assert list(read_back(kafka, topic)) == []


def test_a_topic_that_is_not_there_is_named(kafka: str) -> None:
    with pytest.raises(KafkaTrouble, match="demo-test-nowhere"):
        list(read_back(kafka, "demo-test-nowhere"))


def test_deleted_topics_are_gone_and_absent_ones_are_no_trouble(kafka: str, topic: str) -> None:
    assert delete_topics(kafka, [topic, "demo-test-nowhere"]) == [topic]
    assert delete_topics(kafka, [topic]) == []


def test_what_lies_below_a_prefix_is_cleared_and_nothing_else(
    buckets: Buckets, bucket: str
) -> None:
    buckets.put(f"s3://{bucket}/default/loans/owner.json", b"{}")
    buckets.put(f"s3://{bucket}/default/loans-2/owner.json", b"{}")

    assert buckets.clear(bucket, "default/loans") == 1
    assert buckets.clear(bucket, "default/loans") == 0
    assert buckets.clear(bucket, "default/loans-2") == 1
    assert buckets.clear("demo-test-nowhere", "default/loans") == 0


def test_a_verdict_is_read_and_an_absent_one_is_none(buckets: Buckets, bucket: str) -> None:
    told = Verdict(uid="u", number=2, outcome=VerdictOutcome.REJECTED, reason="NoGain", message="m")
    buckets.put(f"s3://{bucket}/p/attempts/2/verdict.json", told.model_dump_json().encode())

    assert buckets.verdict(bucket, "p", 2) == told
    assert buckets.verdict(bucket, "p", 3) is None
    buckets.clear(bucket, "p")


def test_the_runs_of_an_experiment_are_counted_with_where_to_see_them(mlflow: str) -> None:
    name = f"demo-test-{uuid4().hex[:8]}"
    assert tracking.describe_runs(name) == f"{mlflow} holds no experiment {name} yet"

    number = call(mlflow, "experiments/create", name=name)["experiment_id"]
    for _ in range(2):
        call(mlflow, "runs/create", experiment_id=number)

    assert tracking.describe_runs(name) == f"{mlflow}/#/experiments/{number} ({name}: 2 runs)"
    call(mlflow, "experiments/delete", experiment_id=number)


def call(server: str, path: str, **content: str) -> dict[str, str]:
    answer = urllib3.request("POST", f"{server}/api/2.0/mlflow/{path}", json=content)
    assert answer.status == 200, answer.data
    read: dict[str, str] = answer.json()
    return read
