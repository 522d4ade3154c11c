import json
from collections.abc import Callable

import pytest

from perennial_operator.adapters.api import Api
from perennial_operator.adapters.kubernetes import path_of
from tests.support.e2e.kubectl import Json, kubectl, listed
from tests.support.e2e.pipeline import SLOW, Pipeline
from tests.support.e2e.rows import LOANS, loans
from tests.support.e2e.stream import Stream

pytestmark = pytest.mark.e2e
Prepared = Callable[[Pipeline], Pipeline]


def a_pipeline(name: str, **spec: Json) -> Pipeline:
    return Pipeline(name, LOANS, Stream(name), spec)


def ask_by_edits(pipeline: Pipeline, times: int) -> None:
    """Each edit is a patch of its own, as fast as the API server takes them."""
    merge = {"Content-Type": "application/merge-patch+json"}
    api, path = Api(), path_of("ModelPipeline", pipeline.name, pipeline.name)
    for number in range(times):
        edit = {"spec": {"retrain": {"request": f"edit {number}"}}}
        api.call("PATCH", path, edit, headers=merge)


def test_all_that_asks_while_a_job_runs_is_one_further_attempt(prepared: Prepared) -> None:
    pipeline = prepared(a_pipeline("e2e-asked", optimizer=SLOW))
    pipeline.prepare(loans(1_500))
    pipeline.apply()
    pipeline.wait_ready()
    # With rows to judge on the search lasts longer than the operator takes to hear of requests.
    pipeline.stream.send(loans(1_000, function=4, seed=3))
    pipeline.expect(60, "all observed", lambda: pipeline.observed() == 1_000)
    pipeline.edit({"retrain": {"request": "the first"}})
    pipeline.running(2)

    pipeline.stream.ask_to_retrain(100, reason="a program asks")
    ask_by_edits(pipeline, 100)
    assert pipeline.status()["history"][-1]["number"] == 1, "attempt 2 ended too early for the test"
    last = pipeline.wait_attempt(3)

    assert last["trigger"] in {"Request", "Lifecycle"}
    passes_go_on(pipeline)
    status = pipeline.status()
    assert [entry["number"] for entry in status["history"]] == [1, 2, 3]
    assert status["attempt"]["number"] == 3
    assert status["handled"]["request"] == "edit 99"
    assert end_of(status["handled"]["lifecycle"]) >= 100
    told_in_order(pipeline, status)


def passes_go_on(pipeline: Pipeline) -> None:
    """What a pass would begin it has begun once it shows another number of replicas."""
    kubectl("-n", pipeline.name, "scale", "mp", pipeline.name, "--replicas=2")
    pipeline.expect(60, "a later pass", lambda: pipeline.status()["replicas"] == 2)


def end_of(position: Json) -> int:
    return sum(sum(partitions.values()) for partitions in position.values())


def told_in_order(pipeline: Pipeline, status: Json) -> None:
    """A program that listens knows the attempts, their verdicts and what serves."""
    history = {entry["number"]: entry for entry in status["history"]}
    started = {m["attempt"]: m for m in pipeline.stream.lifecycle("started")}
    completed = {m["attempt"]: m for m in pipeline.stream.lifecycle("completed")}
    serving = pipeline.stream.lifecycle("serving")
    assert set(started) == set(completed) == {1, 2, 3}
    for number, message in completed.items():
        entry = history[number]
        assert message["pipeline"] == f"{pipeline.name}/{pipeline.name}"
        assert (message["verdict"], message["reason"]) == (entry["outcome"], entry["reason"])
        assert message.get("version", "") == entry.get("version", "")
        assert message["watermark"] == started[number]["watermark"]
    assert status["model"]["version"] in {message["version"] for message in serving}


def test_a_refused_attempt_is_not_run_again_and_another_request_is_answered(
    prepared: Prepared,
) -> None:
    wrong = {"uri": "s3://perennial-e2e/e2e-refused/train.csv", "label": "lable"}
    pipeline = prepared(a_pipeline("e2e-refused", dataset=wrong))
    pipeline.prepare(loans(1_500))
    pipeline.apply()
    entry = pipeline.wait_attempt(1)
    uid = pipeline.status()["attempt"]["jobUID"]

    assert (entry["outcome"], entry["reason"]) == ("Refused", "DataRefused")
    assert "lable" in entry["message"]
    jobs = [job["metadata"] for job in listed(pipeline.name, "jobs")]
    assert [(job["name"], job["uid"]) for job in jobs] == [("e2e-refused-train-1", uid)]
    pipeline.edit({"retrain": {"request": "again"}})
    again = pipeline.wait_attempt(2)
    assert again["reason"] == "DataRefused"
    pipeline.edit({"dataset": {"label": "label"}})
    mended = pipeline.wait_attempt(3)
    assert mended["outcome"] == "Promoted"
    assert len(listed(pipeline.name, "jobs")) == 3


def test_an_evicted_trainer_runs_again_as_the_same_attempt(prepared: Prepared) -> None:
    pipeline = prepared(a_pipeline("e2e-evicted", optimizer=SLOW))
    pipeline.prepare(loans(1_500))
    pipeline.apply()
    evict(pipeline.name, pipeline.running(1))
    entry = pipeline.wait_attempt(1)

    assert entry["outcome"] == "Promoted"
    assert pipeline.status()["attempt"]["number"] == 1
    retried = [e for e in listed(pipeline.name, "events") if e["reason"] == "AttemptRetried"]
    assert retried


def evict(namespace: str, pod: str) -> None:
    """As `kubectl drain` does."""
    meta = {"name": pod, "namespace": namespace}
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta}
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction"
    kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(body))


@pytest.mark.alone
def test_a_verdict_whose_pod_went_before_it_was_read_is_found_on_s3(
    prepared: Prepared, installed: str
) -> None:
    pipeline = prepared(a_pipeline("e2e-unread", optimizer=SLOW))
    pipeline.prepare(loans(1_500))
    pipeline.apply()
    pipeline.running(1)
    operator = ("-n", installed, "scale", "deployment", "--all")
    kubectl(*operator, "--replicas=0")
    try:
        kubectl(
            "-n",
            pipeline.name,
            "wait",
            "--for=condition=Complete",
            "--timeout=120s",
            "job/e2e-unread-train-1",
        )
        kubectl("-n", pipeline.name, "delete", "pod", "-l", "perennial.dev/component=trainer")
    finally:
        kubectl(*operator, "--replicas=1")
    entry = pipeline.wait_attempt(1)

    assert entry["outcome"] == "Promoted"
    assert entry["version"] == published(pipeline)
    pipeline.wait_serving(entry["version"])


def published(pipeline: Pipeline) -> str:
    """The only version on S3."""
    (version,) = pipeline.versions()
    return version
