from datetime import timedelta

import pytest

from perennial_operator.observe.cache import PipelineCache
from perennial_operator.reconcile import Reconciler
from tests.fakes.cluster import FakeCluster, FakeReports
from tests.support.operator.builders import IMAGES, NOW, V1, a_resource, serving
from tests.support.operator.harness import passes, said, status_of, to_the_end


@pytest.mark.parametrize("kind", ["StatefulSet", "Deployment"])
async def test_a_child_that_is_refused_is_named_and_keeps_no_other_from_being_made(
    kind: str,
) -> None:
    cluster = FakeCluster(a_resource(serving(attempt=None, history=[]).to_json()))
    name = "income-recorder" if kind == "StatefulSet" else "income-predictor"
    cluster.refuses = {kind: "requests must be less than or equal to memory limit"}

    await passes(cluster, FakeReports(), 2)

    others = {"StatefulSet", "Deployment"} - {kind}
    assert others <= {kind for kind, _, _ in cluster.objects}
    why = f"the API server refuses {kind} {name}: {cluster.refuses[kind]}"
    assert said(cluster, "Accepted") == ("False", "ChildRefused", why)
    assert said(cluster, "Ready") == ("False", "ChildRefused", why)


async def test_a_child_that_is_taken_at_last_is_refused_no_longer() -> None:
    cluster = FakeCluster(a_resource())
    cluster.refuses = {"StatefulSet": "no"}
    reconciler, cache = Reconciler(cluster, FakeReports(), IMAGES), PipelineCache()
    for number in range(3):
        await reconciler.reconcile("team", "income", cache, NOW + timedelta(minutes=number))
    assert said(cluster, "Accepted")[1] == "ChildRefused"

    cluster.refuses = {}
    for number in range(3, 5):
        await reconciler.reconcile("team", "income", cache, NOW + timedelta(minutes=number))

    assert said(cluster, "Accepted")[:2] == ("True", "Accepted")


async def test_a_refusal_is_told_soon_and_then_costs_no_write() -> None:
    cluster = FakeCluster(a_resource(serving(attempt=None, history=[]).to_json()))
    cluster.refuses = {"StatefulSet": "no"}
    reconciler, cache = Reconciler(cluster, FakeReports(), IMAGES), PipelineCache()

    waits = [await reconciler.reconcile("team", "income", cache, NOW) for _ in range(4)]
    before = list(cluster.writes)
    await reconciler.reconcile("team", "income", cache, NOW)

    assert waits[0] == timedelta(seconds=5)
    assert cluster.writes == before


async def test_a_job_that_is_refused_is_why_the_attempt_does_not_begin() -> None:
    cluster = FakeCluster(a_resource())
    cluster.refuses = {"Job": "exceeded quota: training"}

    await passes(cluster, FakeReports(), 4)

    why = "the API server refuses Job income-train-1: exceeded quota: training"
    assert said(cluster, "Training") == ("False", "ChildRefused", f"attempt 1: {why}")
    assert said(cluster, "ModelAvailable") == ("False", "ChildRefused", why)
    assert [h.reason for h in cluster.events] == ["AttemptStarted"]
    cluster.refuses = {}
    await to_the_end(cluster, FakeReports())
    assert status_of(cluster).head == V1
