"""Settings of the programs: made before what mounts them, removed when nothing does."""

import json
from datetime import timedelta
from typing import Any

import pytest

from perennial_operator.manifests.config_map import named
from perennial_operator.observe.cache import PipelineCache
from perennial_operator.reconcile import Reconciler
from tests.fakes.cluster import FakeCluster, FakeReports
from tests.support.operator.builders import IMAGES, NOW, UID, a_resource, a_spec, serving
from tests.support.operator.harness import said

Json = dict[str, Any]
FEATURES = [{"name": f"feature {i:0200}", "type": "Number"} for i in range(1000)]
SCHEMA = {"label": {"positive": ">50K", "negative": "<=50K"}, "features": FEATURES}


class Passing:
    """Passes over one resource, ten minutes apart."""

    def __init__(self, cluster: FakeCluster) -> None:
        self.cluster, self.cache, self.number = cluster, PipelineCache(), 0
        self.reconciler = Reconciler(cluster, FakeReports(), IMAGES)

    async def passes(self, count: int = 1) -> None:
        for _ in range(count):
            now = NOW + timedelta(minutes=10 * self.number)
            await self.reconciler.reconcile("team", "income", self.cache, now)
            self.number += 1

    def edit(self, **sections: Any) -> None:
        resource = self.cluster.objects["ModelPipeline", "team", "income"]
        resource["spec"] = a_spec(**sections)
        resource["metadata"]["generation"] += 1

    def maps(self, component: str = "") -> set[str]:
        names = {name for kind, _, name in self.cluster.objects if kind == "ConfigMap"}
        return {name for name in names if component in name}

    def mounts(self, kind: str, name: str) -> set[str]:
        return named(self.cluster.objects[kind, "team", name])


@pytest.fixture
def served() -> Passing:
    """What a pipeline with a model is, once its children are there."""
    return Passing(FakeCluster(a_resource(serving(attempt=None, history=[]).to_json())))


async def test_no_variable_of_a_pod_is_longer_than_linux_lets_one_be() -> None:
    cluster = FakeCluster(a_resource(schema=SCHEMA))

    await Passing(cluster).passes(3)

    for kind, name in (("Job", "income-train-1"), ("StatefulSet", "income-recorder")):
        child = cluster.objects[kind, "team", name]
        (container,) = child["spec"]["template"]["spec"]["containers"]
        assert max(len(each.get("value", "")) for each in container["env"]) < 128 * 1024
        (settings,) = named(child)
        assert ("ConfigMap", "team", settings) in cluster.objects
    (told,) = named(cluster.objects["Job", "team", "income-train-1"])
    text = cluster.objects["ConfigMap", "team", told]["data"]["settings.json"]
    assert json.loads(text)["schema"]["features"] == FEATURES


async def test_settings_are_immutable_owned_and_made_before_what_mounts_them(
    served: Passing,
) -> None:
    await served.passes()

    (settings,) = served.mounts("Deployment", "income-predictor")
    made = served.cluster.objects["ConfigMap", "team", settings]
    assert made["immutable"] is True
    assert [(o["kind"], o["uid"]) for o in made["metadata"]["ownerReferences"]] == [
        ("ModelPipeline", UID)
    ]
    writes = served.cluster.writes
    assert writes.index(f"create ConfigMap {settings}") < writes.index(
        "apply Deployment income-predictor"
    )


async def test_settings_that_change_are_another_config_map_and_the_old_one_goes(
    served: Passing,
) -> None:
    await served.passes()
    (before,) = served.maps("predictor")

    served.edit(predictions={"topic": "predictions", "threshold": 0.3})
    await served.passes(2)

    (after,) = served.maps("predictor")
    assert after != before
    assert served.mounts("Deployment", "income-predictor") == {after}


@pytest.mark.parametrize("kind", ["ReplicaSet", "Pod", "Job", "ControllerRevision"])
async def test_settings_stay_while_anything_could_start_with_them(
    served: Passing, kind: str
) -> None:
    await served.passes()
    (before,) = served.maps("predictor")
    deployment = served.cluster.objects["Deployment", "team", "income-predictor"]
    template = deployment["spec"]["template"]
    content: dict[str, Json] = {
        "ReplicaSet": {"spec": {"replicas": 0, "template": template}},
        "Job": {"spec": {"template": template}},
        "Pod": {"spec": template["spec"]},
        "ControllerRevision": {"data": {"spec": {"template": template}}, "revision": 1},
    }
    labels = {"perennial.dev/pipeline": "income"}
    meta = {"name": "old", "namespace": "team", "uid": "old", "labels": labels}
    served.cluster.objects[kind, "team", "old"] = {
        "kind": kind,
        "metadata": meta,
        **content[kind],
    }

    served.edit(predictions={"topic": "predictions", "threshold": 0.3})
    await served.passes(2)
    kept = served.maps("predictor")
    del served.cluster.objects[kind, "team", "old"]
    await served.passes()

    assert before in kept
    assert served.maps("predictor") == kept - {before}


async def test_settings_that_somebody_deleted_are_made_again(served: Passing) -> None:
    await served.passes()
    before = served.maps()
    for name in before:
        del served.cluster.objects["ConfigMap", "team", name]

    await served.passes()

    assert served.maps() == before


@pytest.mark.parametrize("foreign", [True, False])
async def test_what_mounts_settings_that_cannot_be_made_stays_as_it_is(
    served: Passing, *, foreign: bool
) -> None:
    await served.passes()
    before = served.mounts("Deployment", "income-predictor")
    served.edit(predictions={"topic": "predictions", "threshold": 0.3})
    probe = Passing(FakeCluster(*served.cluster.objects.values()))
    await probe.passes()
    (wanted,) = probe.mounts("Deployment", "income-predictor")
    why = "exceeded quota"
    if foreign:
        why = "it exists and is not ours: delete it"
        meta = {"name": wanted, "namespace": "team", "uid": "x", "labels": {}}
        meta["labels"] = {"perennial.dev/pipeline": "income"}
        served.cluster.objects["ConfigMap", "team", wanted] = {
            "kind": "ConfigMap",
            "metadata": meta,
        }
    else:
        served.cluster.refuses = {"ConfigMap": why}

    await served.passes(2)

    assert served.mounts("Deployment", "income-predictor") == before
    told = f"the API server refuses ConfigMap {wanted}: {why}"
    assert said(served.cluster, "Accepted") == ("False", "ChildRefused", told)


async def test_an_attempt_whose_settings_cannot_be_made_says_so_once() -> None:
    cluster = FakeCluster(a_resource(labels=None))
    cluster.refuses = {"ConfigMap": "exceeded quota"}
    passing = Passing(cluster)

    await passing.passes(5)

    status, reason, message = said(cluster, "Training")
    assert (status, reason) == ("False", "ChildRefused")
    assert "refuses ConfigMap income-trainer-" in message
    assert "exceeded quota" in message
    assert [event.reason for event in cluster.events] == ["AttemptStarted"]


async def test_an_attempt_that_waits_for_room_to_run_again_tells_no_event_per_pass() -> None:
    cluster = FakeCluster(a_resource(labels=None))
    passing = Passing(cluster)
    await passing.passes(3)
    for kind, name in (("Job", "income-train-1"), *(("ConfigMap", n) for n in passing.maps())):
        del cluster.objects[kind, "team", name]
    cluster.refuses = {"ConfigMap": "exceeded quota"}

    await passing.passes(2)
    told = len(cluster.events)
    await passing.passes(5)

    assert len(cluster.events) == told


async def test_an_edit_whose_settings_cannot_be_made_stalls_with_the_reason(
    served: Passing,
) -> None:
    await served.passes(2)
    served.edit(predictions={"topic": "predictions", "threshold": 0.3})
    served.cluster.refuses = {"ConfigMap": "exceeded quota"}

    await served.passes(4)

    status, reason, message = said(served.cluster, "Stalled")
    assert (status, reason) == ("True", "ChildRefused")
    assert "exceeded quota" in message


async def test_a_trainer_that_has_not_started_gets_settings_again_that_somebody_deleted() -> None:
    passing = Passing(FakeCluster(a_resource(labels=None)))
    await passing.passes(3)
    (before,) = passing.mounts("Job", "income-train-1")
    del passing.cluster.objects["ConfigMap", "team", before]

    await passing.passes()

    assert passing.maps() == {before}


async def test_a_spec_that_no_config_map_holds_is_refused_by_its_field(served: Passing) -> None:
    await served.passes()
    before = served.maps()
    features = [{**each, "path": "ü" * 253, "fill": "€" * 253} for each in FEATURES]

    served.edit(schema={**SCHEMA, "features": features})
    await served.passes(2)

    status, reason, message = said(served.cluster, "Accepted")
    assert (status, reason) == ("False", "SpecInvalid")
    assert message.startswith("spec.schema: 1")
    assert "a ConfigMap holds no more" in message
    assert served.maps() == before


async def test_old_settings_that_cannot_be_deleted_are_no_fault_of_the_spec(
    served: Passing,
) -> None:
    await served.passes()
    for (kind, _, _), made in list(served.cluster.objects.items()):
        if kind == "ConfigMap":
            old = {**made, "metadata": {**made["metadata"], "name": "old", "uid": "old"}}
            served.cluster.objects["ConfigMap", "team", "old"] = old
    served.cluster.refuses = {"ConfigMap": "a policy forbids it"}

    for _ in range(3):
        await served.passes()
        assert said(served.cluster, "Accepted")[:2] == ("True", "Accepted")
    assert "old" in served.maps()
