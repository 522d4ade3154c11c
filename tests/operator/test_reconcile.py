from datetime import timedelta
from typing import Any

import pytest

from perennial_operator.api.names import KIND
from perennial_operator.manifests.config_map import named
from perennial_operator.metrics import Metrics
from perennial_operator.observe.cache import PipelineCache
from perennial_operator.ports import Conflict
from perennial_operator.reconcile import Reconciler
from tests.fakes.cluster import FakeCluster, FakeReports
from tests.support.operator.builders import D1, IMAGES, NOW, UID, V1, a_resource, serving
from tests.support.operator.harness import (
    PREDICTOR,
    RECORDER,
    Clock,
    a_raw_pod,
    hear,
    passes,
    play,
    revision_of,
    running,
    said,
    status_of,
    to_the_end,
)

Json = dict[str, Any]


async def test_the_intent_is_written_before_the_job_and_the_job_before_anything_it_leads_to() -> (
    None
):
    cluster = FakeCluster(a_resource())

    await passes(cluster, FakeReports(), 2)

    (recorder,) = named(cluster.objects["StatefulSet", "team", "income-recorder"])
    (trainer,) = named(cluster.objects["Job", "team", "income-train-1"])
    assert cluster.writes == [
        f"apply ControllerRevision {revision_of(cluster)}",
        "status ModelPipeline income",
        f"create ConfigMap {recorder}",
        "apply StatefulSet income-recorder",
        f"create ConfigMap {trainer}",
        "create Job income-train-1",
    ]


async def test_a_first_attempt_goes_the_whole_way() -> None:
    cluster = FakeCluster(a_resource())
    reports = FakeReports(**{"income-recorder-0": RECORDER, "income-predictor-a": PREDICTOR})

    await to_the_end(cluster, reports)

    status = status_of(cluster)
    assert status.model
    assert (status.model.version, status.model.digest) == (V1, D1)
    assert {c.type: c.status for c in status.conditions} == {
        "Ready": "True",
        "Accepted": "True",
        "ModelAvailable": "True",
        "PredictorAvailable": "True",
        "RecorderAvailable": "True",
        "LabelsComplete": "True",
        "Training": "False",
    }
    assert [h.reason for h in cluster.events] == [
        "AttemptStarted",
        "Promoted",
        "RolloutComplete",
        "Ready",
    ]


async def test_a_job_whose_trainer_has_ended_is_removed_with_the_sidecar_that_runs_on() -> None:
    cluster = FakeCluster(a_resource())
    proxy = {"name": "a-proxy", "state": {"running": {}}}

    await passes(cluster, FakeReports(), 3)
    play(cluster, beside=[proxy])
    await passes(cluster, FakeReports(), 3)

    assert status_of(cluster).head == V1
    assert [kind for kind, *_ in cluster.objects if kind == "Job"] == []
    assert "delete Job income-train-1" in cluster.writes


async def test_a_pipeline_at_rest_costs_no_write() -> None:
    cluster = FakeCluster(a_resource())
    reports = FakeReports(**{"income-recorder-0": RECORDER, "income-predictor-a": PREDICTOR})
    await to_the_end(cluster, reports)
    before = list(cluster.writes)

    again = await passes(cluster, reports, 10)

    assert cluster.writes == before
    assert again == timedelta(seconds=60)


@pytest.mark.parametrize("fail_at", range(1, 17))
async def test_wherever_a_write_fails_the_end_is_the_same(fail_at: int) -> None:
    reports = FakeReports(**{"income-recorder-0": RECORDER, "income-predictor-a": PREDICTOR})
    plain, broken = FakeCluster(a_resource()), FakeCluster(a_resource(), fail_at=fail_at)

    await to_the_end(plain, reports)
    await to_the_end(broken, reports)

    def end(cluster: FakeCluster) -> tuple[list[str], str, int, list[str]]:
        status = status_of(cluster)
        assert status.attempt
        jobs = [name for kind, _, name in cluster.objects if kind == "Job"]
        said = [c.status for c in status.conditions]
        return jobs, status.head, status.attempt.number, said

    assert end(broken) == end(plain)
    assert sum(write.startswith("create Job") for write in broken.writes) == 1


async def test_a_conflict_means_look_again_and_do_nothing_else() -> None:
    cluster = FakeCluster(a_resource())

    class Late(FakeCluster):
        async def get(self, kind: str, namespace: str, name: str) -> Json | None:
            found = await cluster.get(kind, namespace, name)
            if found and kind == KIND:
                cluster.objects[KIND, "team", "income"]["metadata"]["resourceVersion"] = "7"
            return found

        async def patch_status(self, resource: Json, patch: Json) -> None:
            await cluster.patch_status(resource, patch)

    late = Late()

    with pytest.raises(Conflict):
        await Reconciler(late, FakeReports(), IMAGES).reconcile(
            "team", "income", PipelineCache(), NOW
        )

    assert late.writes == [f"apply ControllerRevision {revision_of(cluster)}"]
    assert cluster.writes == []


async def test_a_resource_that_is_gone_or_leaving_is_left_alone() -> None:
    leaving = a_resource()
    leaving["metadata"]["deletionTimestamp"] = "2026-11-21T12:00:00Z"

    for cluster in (FakeCluster(), FakeCluster(leaving)):
        assert await passes(cluster, FakeReports(), 1) is None
        assert cluster.writes == []


async def test_a_spec_that_cannot_be_read_is_named() -> None:
    cluster = FakeCluster(a_resource(retrain={"threshold": 100}))

    await passes(cluster, FakeReports(), 2)

    why = "spec: retrain.threshold must be at least 2 * promotion.minJudged"
    assert said(cluster, "Accepted") == ("False", "SpecInvalid", why)
    assert cluster.writes == ["status ModelPipeline income"]


async def test_a_missing_secret_is_read_from_the_events_of_the_pod_that_waits() -> None:
    waiting = {"name": "recorder", "state": {"waiting": {"reason": "ContainerCreating"}}}
    pod = a_raw_pod("income-recorder-0", "recorder")
    pod["status"] = {"phase": "Pending", "containerStatuses": [waiting]}
    cluster = FakeCluster(a_resource(serving().to_json()), pod)
    cluster.about["income-recorder-0"] = [("FailedMount", 'secret "s3-client" not found')]

    await passes(cluster, FakeReports(), 2)

    ready = next(c for c in status_of(cluster).conditions if c.type == "Ready")
    assert (ready.reason, ready.message) == ("SecretMissing", "Secret s3-client does not exist")


@pytest.mark.parametrize("has_pod", [True, False])
async def test_why_a_child_has_no_pod_is_read_from_its_own_events(*, has_pod: bool) -> None:
    cluster = FakeCluster(a_resource())
    cache, reconciler = PipelineCache(), Reconciler(cluster, FakeReports(), IMAGES)
    for _ in range(3):
        await reconciler.reconcile("team", "income", cache, NOW)
    why = "violates PodSecurity"
    for (kind, _, name), child in list(cluster.objects.items()):
        uid = child["metadata"]["uid"]
        cluster.about[uid] = [("Old", "old"), ("FailedCreate", f"{kind} {why}")]
        if has_pod and kind in {"Job", "StatefulSet"}:
            component = "trainer" if kind == "Job" else "recorder"
            pod = a_raw_pod(f"{name}-0", component, uid, **running(component))
            cluster.objects["Pod", "team", f"{name}-0"] = pod

    again = await reconciler.reconcile("team", "income", cache, NOW)

    job, recorder = said(cluster, "Training"), said(cluster, "RecorderAvailable")
    if has_pod:
        assert (job[1], recorder[1]) == ("AttemptRunning", "Available")
    else:
        assert job == ("False", "FailedCreate", f"attempt 1: Job {why}")
        assert recorder == ("False", "FailedCreate", f"StatefulSet {why}")
        assert again == timedelta(seconds=60)


async def test_pods_that_leave_or_are_over_or_have_no_address_are_not_asked() -> None:
    plain, leaving, early, over = (a_raw_pod(name, "recorder") for name in "abcd")
    leaving["metadata"]["deletionTimestamp"] = "2026-11-21T12:00:00Z"
    early["status"] = {"phase": "Pending"}
    over["status"]["phase"] = "Failed"
    reports = FakeReports()

    await passes(FakeCluster(a_resource(), plain, leaving, early, over), reports, 2)

    assert reports.asked == ["a"]


async def test_news_of_a_pod_is_worth_a_pass() -> None:
    pod = a_raw_pod("income-recorder-0", "recorder", **running("recorder"))
    reports = FakeReports(**{"income-recorder-0": RECORDER})
    woken: list[float] = []
    clock, cache = Clock(), PipelineCache(wake=lambda: woken.append(clock.now))
    reconciler = Reconciler(FakeCluster(a_resource(), pod), reports, IMAGES, clock=clock)
    for _ in range(2):
        await reconciler.reconcile("team", "income", cache, NOW)

    for clock.now in (10.0, 20.0, 30.0):
        await hear(reconciler, cache)
        reports.said["income-recorder-0"] = RECORDER.model_copy(update={"attempts": 1})

    assert woken == [20.0]
    assert cache.uid == UID


async def test_the_numbers_of_a_pipeline_are_shown_after_a_pass_and_go_with_it() -> None:
    cluster, metrics = FakeCluster(a_resource()), Metrics()
    reconciler = Reconciler(cluster, FakeReports(), IMAGES, metrics=metrics)
    where = {"namespace": "team", "name": "income"}

    def shown() -> float | None:
        return metrics.registry.get_sample_value("perennial_operator_pipeline_ready", where)

    await reconciler.reconcile("team", "income", PipelineCache(), NOW)
    first = shown()
    cluster.objects.clear()
    await reconciler.reconcile("team", "income", PipelineCache(), NOW)

    assert (first, shown()) == (0, None)
