"""What is accepted is stored before it is acted on, and outlives an edit that cannot be read."""

import json
from datetime import timedelta
from typing import Any

import pytest

from perennial_operator.api.names import KIND, Manifest
from perennial_operator.api.status import Status
from perennial_operator.decide.versions.revisions import KEPT
from perennial_operator.manifests.config_map import named
from perennial_operator.observe.cache import PipelineCache
from perennial_operator.reconcile import Reconciler
from tests.fakes.cluster import FakeCluster, FakeReports
from tests.support.operator.builders import IMAGES, NOW, a_resource, a_spec, serving

Json = dict[str, Any]
TOO_LOW = {"threshold": 100}
WHY = "spec: retrain.threshold must be at least 2 * promotion.minJudged"


async def passes(cluster: FakeCluster, count: int = 3) -> None:
    """By an operator that has just been started."""
    reconciler, cache = Reconciler(cluster, FakeReports(), IMAGES), PipelineCache()
    for number in range(count):
        await reconciler.reconcile("team", "income", cache, NOW + timedelta(minutes=number))


def edit(cluster: FakeCluster, **sections: Any) -> None:
    resource = cluster.objects[KIND, "team", "income"]
    resource["spec"] = a_spec(**sections)
    resource["metadata"]["generation"] += 1


def said(cluster: FakeCluster, kind: str) -> tuple[str, str, str]:
    status = Status.model_validate(cluster.objects[KIND, "team", "income"]["status"])
    found = next(c for c in status.conditions if c.type == kind)
    return found.status, found.reason, found.message


def child(cluster: FakeCluster, kind: str, name: str) -> Manifest:
    return cluster.objects[kind, "team", name]


def image(made: Manifest) -> str:
    return str(made["spec"]["template"]["spec"]["containers"][0]["image"])


def revisions(cluster: FakeCluster) -> list[int]:
    kinds = [each for each in cluster.objects.values() if each["kind"] == "ControllerRevision"]
    return sorted(each["revision"] for each in kinds)


async def test_an_edit_that_cannot_be_read_leaves_what_was_valid_at_work() -> None:
    cluster = FakeCluster(a_resource(serving().to_json(), recorder={"image": "recorder:good"}))
    await passes(cluster)
    edit(cluster, retrain=TOO_LOW, recorder={"image": "recorder:other"})
    del cluster.objects["StatefulSet", "team", "income-recorder"]

    await passes(cluster)

    assert image(child(cluster, "StatefulSet", "income-recorder")) == "recorder:good"
    assert said(cluster, "Accepted") == ("False", "SpecInvalid", WHY)
    assert said(cluster, "Ready") == ("False", "SpecInvalid", WHY)
    assert revisions(cluster) == [1]


async def test_an_attempt_starts_and_is_made_again_although_the_newest_spec_is_invalid() -> None:
    cluster = FakeCluster(a_resource())
    await passes(cluster)
    made = child(cluster, "Job", "income-train-1")
    edit(cluster, retrain=TOO_LOW, optimizer={"maxEvals": 99})
    del cluster.objects["Job", "team", "income-train-1"]

    await passes(cluster)

    again = child(cluster, "Job", "income-train-1")
    assert again["spec"] == made["spec"]
    assert again["metadata"]["uid"] != made["metadata"]["uid"]


async def test_an_invalid_spec_scales_all_the_same() -> None:
    cluster = FakeCluster(a_resource(serving().to_json()))
    await passes(cluster)
    edit(cluster, retrain=TOO_LOW, predictor={"replicas": 4, "image": "predictor:9"})

    await passes(cluster)

    predictor = child(cluster, "Deployment", "income-predictor")
    assert (predictor["spec"]["replicas"], image(predictor)) == (4, "predictor:1")


async def test_a_mended_spec_is_accepted_again() -> None:
    cluster = FakeCluster(a_resource(serving().to_json()))
    await passes(cluster)
    edit(cluster, retrain=TOO_LOW)
    await passes(cluster)
    edit(cluster, retrain={"threshold": 2000})

    await passes(cluster)

    assert said(cluster, "Accepted") == ("True", "Accepted", "the spec is valid")
    assert revisions(cluster) == [1, 2]


async def test_a_new_image_of_the_operators_is_written_down_with_the_last_valid_spec() -> None:
    cluster = FakeCluster(a_resource(serving().to_json()))
    await passes(cluster)
    edit(cluster, retrain=TOO_LOW)
    reconciler = Reconciler(
        cluster, FakeReports(), type(IMAGES)("predictor:2", "recorder:2", "trainer:2")
    )

    await reconciler.reconcile("team", "income", PipelineCache(), NOW)

    assert image(child(cluster, "Deployment", "income-predictor")) == "predictor:2"
    assert revisions(cluster) == [1, 2]


async def test_a_revision_that_is_refused_is_told_and_nothing_waits_for_it() -> None:
    cluster = FakeCluster(a_resource(serving().to_json()))
    cluster.refuses = {"ControllerRevision": "exceeded quota"}

    await passes(cluster)

    status, reason, message = said(cluster, "Accepted")
    assert (status, reason) == ("False", "ChildRefused")
    assert message.startswith("the API server refuses ControllerRevision income-")
    assert message.endswith(": exceeded quota")
    assert ("Deployment", "team", "income-predictor") in cluster.objects
    cluster.refuses = {}
    await passes(cluster)
    assert said(cluster, "Accepted")[1] == "Accepted"


async def test_a_delete_that_is_refused_keeps_no_child_from_being_made() -> None:
    cluster = FakeCluster(a_resource(serving().to_json()))
    await passes(cluster)
    edit(cluster, labels=None)
    cluster.refuses = {"StatefulSet": "a policy forbids it"}
    del cluster.objects["Deployment", "team", "income-predictor"]

    await passes(cluster)

    assert ("Deployment", "team", "income-predictor") in cluster.objects
    why = "the API server refuses to delete StatefulSet income-recorder: a policy forbids it"
    assert said(cluster, "Accepted") == ("False", "ChildRefused", why)


async def test_a_job_whose_deletion_is_refused_is_why_the_attempt_does_not_go_on() -> None:
    cluster = FakeCluster(a_resource())
    await passes(cluster)
    failed = {"type": "Failed", "status": "True"}
    child(cluster, "Job", "income-train-1")["status"] = {"conditions": [failed]}
    cluster.refuses = {"Job": "a policy forbids it"}

    await passes(cluster)

    why = "the API server refuses to delete Job income-train-1: a policy forbids it"
    status, reason, message = said(cluster, "Training")
    assert (status, reason) == ("False", "ChildRefused")
    assert message.startswith(f"attempt 1: {why}")


async def test_ten_are_kept_and_what_serves_was_made_from() -> None:
    cluster = FakeCluster(a_resource(serving().to_json()))
    await passes(cluster)
    resource = cluster.objects[KIND, "team", "income"]
    (first,) = [name for kind, _, name in cluster.objects if kind == "ControllerRevision"]
    resource["status"]["model"]["revision"] = first

    for number in range(1, KEPT + 5):
        edit(cluster, retrain={"threshold": 1000 + number})
        await passes(cluster, 1)

    assert revisions(cluster) == [1, *range(6, KEPT + 6)]


async def test_a_pause_writes_nothing_but_the_status() -> None:
    resource = a_resource(serving().to_json())
    resource["metadata"]["annotations"] = {"perennial.dev/paused": "true"}
    cluster = FakeCluster(resource)

    await passes(cluster)

    assert set(cluster.writes) == {"status ModelPipeline income"}


@pytest.mark.parametrize("word", ["false", "True", ""])
async def test_only_the_word_true_is_a_pause(word: str) -> None:
    resource = a_resource(serving().to_json())
    resource["metadata"]["annotations"] = {"perennial.dev/paused": word}
    cluster = FakeCluster(resource)

    await passes(cluster)

    assert image(child(cluster, "Deployment", "income-predictor")) == "predictor:1"


async def test_the_programs_are_told_which_cluster_they_are_in() -> None:
    cluster = FakeCluster(a_resource(serving().to_json()))
    reconciler = Reconciler(cluster, FakeReports(), IMAGES, "the cluster's own")

    await reconciler.reconcile("team", "income", PipelineCache(), NOW)

    for kind, name in (("StatefulSet", "income-recorder"), ("Deployment", "income-predictor")):
        (settings,) = named(child(cluster, kind, name))
        told = child(cluster, "ConfigMap", settings)["data"]["settings.json"]
        assert json.loads(told)["cluster"] == "the cluster's own"
