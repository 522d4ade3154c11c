import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests.support.e2e.altered import altered
from tests.support.e2e.kubectl import Refused, kubectl
from tests.support.e2e.pipeline import BUCKET, Pipeline, empty, s3
from tests.support.e2e.rows import LOANS, loans
from tests.support.e2e.stream import Stream

pytestmark = pytest.mark.e2e
LATER = "e2e-later"
NO_IMAGE = "localhost/perennial-predictor:none"
READY = ("modelpipeline", "--all", "--for=condition=Ready")
Prepared = Callable[[Pipeline], Pipeline]


def a_pipeline(name: str) -> Pipeline:
    return Pipeline(name, LOANS, Stream(name))


def test_a_bundle_that_was_altered_is_refused_with_its_reason_while_the_old_model_answers(
    prepared: Prepared,
) -> None:
    pipeline = prepared(a_pipeline("e2e-altered"))
    pipeline.spec = {"retrain": {"threshold": 1_000_000}}  # no later model, which could be better
    pipeline.prepare(loans(1_500))
    pipeline.apply()
    pipeline.wait_ready()
    good = pipeline.status()["model"]["version"]
    sending = pipeline.stream.start(loans(12_000, seed=2), rate=100)

    for what, (version, files) in altered(good, pipeline.model(good), 90).items():
        pipeline.put_model(version, files)
        pipeline.edit({"model": {"pin": version}})
        refused(pipeline, version, what)
    pipeline.edit({"model": {"pin": ""}})
    pipeline.wait_ready(60)
    sending.join()
    pipeline.wait_answered()

    assert pipeline.status()["model"]["version"] == good
    assert {answer["model"] for answer in pipeline.stream.answers()} == {good}


def refused(pipeline: Pipeline, version: str, what: str) -> None:
    """Until the pinned version is known as bad, and Ready says why it does not serve."""

    def look() -> bool:
        ready = pipeline.condition("Ready")
        bad = version in pipeline.status().get("badVersions", [])
        return bad and ready["reason"] == "PinUnavailable" and version in ready["message"]

    pipeline.expect(90, f"{version} is refused: {what}", look)


def test_an_edit_to_an_image_that_does_not_exist_is_waited_for_and_told_while_old_pods_answer(
    prepared: Prepared,
) -> None:
    pipeline = prepared(a_pipeline("e2e-no-image"))
    pipeline.prepare(loans(1_500))
    pipeline.apply()
    pipeline.wait_ready()

    pipeline.edit({"predictor": {"image": NO_IMAGE}})
    with pytest.raises(Refused, match="timed out"):
        kubectl("-n", pipeline.name, "wait", *READY, "--timeout=15s")
    pipeline.expect(
        60, "it is told", lambda: NO_IMAGE in pipeline.condition("Reconciling")["message"]
    )
    pipeline.stream.send(loans(300, seed=5))
    pipeline.wait_answered()
    assert pipeline.condition("Ready")["status"] == "True"

    let_ten_minutes_pass(pipeline)
    # The operator looks again within a minute: a status that changes wakes nobody.
    stalled = pipeline.expect(120, "it stalls", lambda: pipeline.condition("Stalled"))
    assert stalled["status"] == "True"
    assert NO_IMAGE in stalled["message"]
    pipeline.edit({"predictor": {"image": None}})
    kubectl("-n", pipeline.name, "wait", *READY, "--timeout=120s")
    assert not pipeline.condition("Stalled")
    assert not pipeline.condition("Reconciling")


def let_ten_minutes_pass(pipeline: Pipeline) -> None:
    """In the status, where the operator keeps since when pods are on their way to an edit."""
    since = datetime.fromisoformat(pipeline.status()["edit"]["since"]) - timedelta(minutes=10)
    patch = json.dumps({"status": {"edit": {"since": since.isoformat()}}})
    where = ["-n", pipeline.name, "patch", "modelpipeline", pipeline.name, "--subresource=status"]
    kubectl(*where, "--type=merge", "-p", patch)


@pytest.mark.parametrize("victim", ["deployment", "recorder", "job", "operator"])
def test_what_is_deleted_in_the_middle_of_an_attempt_comes_back_and_the_attempt_ends(
    prepared: Prepared, installed: str, victim: str
) -> None:
    pipeline = prepared(a_pipeline(f"e2e-without-{victim}"))
    pipeline.prepare(loans(1_500))
    pipeline.apply()
    pipeline.wait_ready()

    rows = loans(2_400, function=4, seed=3)
    sending = pipeline.stream.start(rows, rate=200)
    pipeline.running(2)
    delete(pipeline, installed, victim)
    entry = pipeline.wait_attempt(2)
    sending.join()
    pipeline.wait_answered()
    pipeline.wait_ready()

    assert entry["outcome"] == "Promoted"
    pipeline.wait_serving(entry["version"])
    assert pipeline.status()["attempt"]["number"] == 2
    answered = Counter(answer["request_id"] for answer in pipeline.stream.answers())
    assert set(answered) == set(pipeline.stream.sent)
    pipeline.expect(60, "all observed", lambda: pipeline.observed() == len(rows))


def delete(pipeline: Pipeline, system: str, victim: str) -> None:
    match victim:
        case "deployment":
            kubectl("-n", pipeline.name, "delete", "deployment", "--all", "--wait=true")
        case "recorder":
            gone = ["--grace-period=0", "--force"]
            recorder = "perennial.dev/component=recorder"
            kubectl("-n", pipeline.name, "delete", "pod", "-l", recorder, *gone)
        case "job":
            kubectl("-n", pipeline.name, "delete", "job", f"{pipeline.name}-train-2")
        case "operator":
            kubectl("-n", system, "delete", "pod", "--all", "--grace-period=0", "--force")
        case _:
            raise ValueError(victim)


def test_what_is_missing_is_named_and_the_pipeline_goes_on_when_it_appears(
    prepared: Prepared,
) -> None:
    pipeline = prepared(a_pipeline("e2e-missing"))
    pipeline.spec = {"storage": {**pipeline.resource()["spec"]["storage"], "bucket": LATER}}
    pipeline.spec["dataset"] = {"uri": f"s3://{LATER}/e2e-missing.csv", "label": "label"}
    forget_bucket()
    kubectl("create", "namespace", pipeline.name)
    pipeline.apply()

    named(pipeline, "s3-client")
    pipeline.create_secret()
    named(pipeline, LATER)
    s3().create_bucket(Bucket=LATER)
    named(pipeline, "e2e-missing.csv")
    pipeline.upload(loans(1_500))
    copy = {"Bucket": BUCKET, "Key": "e2e-missing/train.csv"}
    s3().copy_object(Bucket=LATER, Key="e2e-missing.csv", CopySource=copy)
    named(pipeline, pipeline.stream.topic("events"))
    pipeline.stream.create()
    pipeline.wait_ready()
    forget_bucket()


def named(pipeline: Pipeline, thing: str) -> None:
    """Until a condition that is False or Unknown names it."""

    def look() -> bool:
        conditions = pipeline.status().get("conditions", [])
        return any(c["status"] != "True" and thing in c["message"] for c in conditions)

    pipeline.expect(180, f"a condition names {thing}", look)


def forget_bucket() -> None:
    empty(LATER)
    if LATER in {b["Name"] for b in s3().list_buckets()["Buckets"]}:
        s3().delete_bucket(Bucket=LATER)


def test_an_edit_that_cannot_work_is_refused_and_the_old_spec_goes_on(prepared: Prepared) -> None:
    pipeline = prepared(a_pipeline("e2e-edit"))
    kubectl("create", "namespace", pipeline.name)
    pipeline.apply()
    before = json.loads(kubectl("-n", pipeline.name, "get", "mp", pipeline.name, "-o", "json"))
    edits = {
        "retrain.threshold": {"retrain": {"threshold": 500}},
        "maxEvals": {"optimizer": {"maxEvals": "many"}},
        "labels": {"labels": {**before["spec"]["labels"], "path": "data.label"}},
        "kafka.properties": {"kafka": {"properties": {"group.id": "mine"}}},
    }
    for field, edit in edits.items():
        patch = json.dumps({"spec": edit})
        with pytest.raises(Refused, match=field):
            kubectl("-n", pipeline.name, "patch", "mp", pipeline.name, "--type=merge", "-p", patch)
    pipeline.spec = {"retrian": {"threshold": 2000}}
    with pytest.raises(Refused, match="retrian"):
        pipeline.apply()
    after = json.loads(kubectl("-n", pipeline.name, "get", "mp", pipeline.name, "-o", "json"))
    assert after["spec"] == before["spec"]
