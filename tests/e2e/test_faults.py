import json
from collections import Counter
from collections.abc import Callable

import pytest

from tests.e2e.kubectl import Refused, eventually, kubectl, listed
from tests.e2e.pipeline import BUCKET, Pipeline, empty, s3
from tests.e2e.rows import LOANS, loans
from tests.e2e.stream import Stream

pytestmark = pytest.mark.e2e
LATER = "e2e-later"
Prepared = Callable[[Pipeline], Pipeline]


def a_pipeline(name: str) -> Pipeline:
    return Pipeline(name, LOANS, Stream(name))


def test_a_bundle_that_cannot_be_loaded_is_taken_back_while_answers_go_on(
    prepared: Prepared,
) -> None:
    pipeline = prepared(a_pipeline("e2e-broken"))
    pipeline.prepare(loans(1_500))
    pipeline.apply()
    pipeline.wait_ready()
    good = pipeline.status()["model"]["version"]
    bad = publish_broken(pipeline, good)
    sending = pipeline.stream.start(loans(1_500, seed=2), rate=100)

    # What a promotion writes: the newest version. The status is ours to write as an admin.
    patch = json.dumps({"status": {"head": bad}})
    where = ["-n", pipeline.name, "patch", "modelpipeline", pipeline.name]
    kubectl(*where, "--subresource=status", "--type=merge", "-p", patch)
    pipeline.expect(180, "taken back", lambda: bad in pipeline.status().get("badVersions", []))
    sending.join()
    pipeline.wait_answered()
    pipeline.wait_ready(60)

    assert pipeline.status()["model"]["version"] == good
    assert {answer["model"] for answer in pipeline.stream.answers()} == {good}
    image = json.loads(kubectl("-n", pipeline.name, "get", "deployment", "-o", "json"))["items"][0]
    annotations = image["spec"]["template"]["metadata"]["annotations"]
    assert annotations["perennial.dev/model"] == good


def publish_broken(pipeline: Pipeline, good: str) -> str:
    """Copies a version under the name of a later one, one byte of its model changed."""
    client, models = s3(), f"{pipeline.name}/models/models"
    bad = "v99-" + good.split("-")[1]
    for file in ("model.txt", "encoder.json", "golden.jsonl", "manifest.json"):
        data = client.get_object(Bucket=BUCKET, Key=f"{models}/{good}/{file}")["Body"].read()
        if file == "model.txt":
            data = data.replace(b"leaf_value=", b"leaf_value=9", 1)
        client.put_object(Bucket=BUCKET, Key=f"{models}/{bad}/{file}", Body=data)
    return bad


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
    running = pipeline.expect(120, "attempt 2", lambda: trainer_pods(pipeline, 2))
    delete(pipeline, installed, victim)
    entry = pipeline.wait_attempt(2)
    sending.join()
    pipeline.wait_answered()
    pipeline.wait_ready()

    assert running
    assert entry["outcome"] == "Promoted"
    pipeline.wait_serving(entry["version"])
    assert pipeline.status()["attempt"]["number"] == 2
    answered = Counter(answer["request_id"] for answer in pipeline.stream.answers())
    assert set(answered) == set(pipeline.stream.sent)
    pipeline.expect(60, "all observed", lambda: observed(pipeline) == len(rows))


def trainer_pods(pipeline: Pipeline, number: int) -> list[str]:
    pods = listed(pipeline.name, "pods", "perennial.dev/component=trainer")
    names = [pod["metadata"]["name"] for pod in pods if pod["status"].get("phase") == "Running"]
    return [name for name in names if f"-train-{number}" in name]


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


def observed(pipeline: Pipeline) -> int:
    written = pipeline.status().get("written", {})
    return sum(sum(partitions.values()) for partitions in written.values())


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


def test_a_prefix_that_holds_the_attempts_of_another_is_refused(prepared: Prepared) -> None:
    pipeline = prepared(a_pipeline("e2e-taken"))
    pipeline.prepare(loans(1_500))
    pipeline.apply()
    pipeline.wait_ready()

    kubectl("-n", pipeline.name, "delete", "modelpipeline", pipeline.name)
    eventually(60, "its pods are gone", lambda: not listed(pipeline.name, "pods"))
    pipeline.apply()

    def refused() -> bool:
        ready = pipeline.condition("Ready")
        return ready.get("status") == "False" and ready["reason"] == "StorageTaken"

    pipeline.expect(120, "StorageTaken", refused)


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
