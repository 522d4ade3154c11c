"""Calls to the API server: what a pipeline costs while nothing happens but its work."""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest

from perennial_contract.status import RecorderReport
from perennial_operator.manifests.service import service
from perennial_operator.observe.cache import PipelineCache
from perennial_operator.reconcile import Reconciler
from tests.fakes.cluster import FakeCluster, FakeReports
from tests.support.operator.builders import (
    IMAGES,
    NOW,
    a_pipeline,
    a_resource,
    a_spec,
    as_stored,
)
from tests.support.operator.harness import (
    PREDICTOR,
    RECORDER,
    Clock,
    a_raw_pod,
    hear,
    status_of,
    to_the_end,
)

Json = dict[str, Any]
SECOND = timedelta(seconds=1)


class Loop:
    """What a loop does, on a clock of its own: a pass at news of a pod, or when it is time."""

    def __init__(self, cluster: FakeCluster, reports: FakeReports) -> None:
        self.cluster, self.reports, self.clock, self.woken = cluster, reports, Clock(), False
        self.reconciler = Reconciler(cluster, reports, IMAGES, clock=self.clock)
        self.cache = PipelineCache(wake=self.wake)
        self.now = self.due = NOW + timedelta(hours=1)

    def wake(self) -> None:
        self.woken = True

    async def until(self, end: datetime, labels_per_second: int = 0) -> None:
        start, before = self.now, self.written()
        while self.now < end:
            if labels_per_second:
                flushed = int((self.now - start).total_seconds()) // 10 * 10
                self.write(before + flushed * labels_per_second)
            await hear(self.reconciler, self.cache)
            if self.now >= self.due or self.woken:
                self.woken = False
                again = await self.reconciler.reconcile("team", "income", self.cache, self.now)
                assert again is not None
                self.due = self.now + again
            self.now += SECOND
            self.clock.now += SECOND.total_seconds()

    def edit(self, **sections: Any) -> None:
        resource = self.cluster.objects["ModelPipeline", "team", "income"]
        resource["spec"] = a_spec(**sections)
        resource["metadata"]["generation"] += 1

    def written(self) -> int:
        return status_of(self.cluster).written.get("topic", {}).get("0", 0)

    def write(self, count: int) -> None:
        said = self.reports.said["income-recorder-0"]
        assert isinstance(said, RecorderReport)
        news = said.model_copy(update={"written": {"topic": {"0": count}}})
        self.reports.said["income-recorder-0"] = news


@pytest.fixture
async def loop() -> Loop:
    """Of a pipeline that serves."""
    cluster = FakeCluster(a_resource(retrain={"threshold": 100_000}))
    reports = FakeReports(**{"income-recorder-0": RECORDER, "income-predictor-a": PREDICTOR})
    await to_the_end(cluster, reports)
    found = Loop(cluster, reports)
    await found.until(found.now + timedelta(minutes=2))
    cluster.calls.clear()
    return found


async def test_labels_that_flow_cost_a_pass_each_half_minute_and_no_apply(loop: Loop) -> None:
    await loop.until(loop.now + timedelta(minutes=10), labels_per_second=10)

    calls = Counter(loop.cluster.calls)
    assert calls["apply Deployment"] == calls["apply StatefulSet"] == 0
    assert 18 <= calls["patch status"] <= 20
    assert calls.total() / 10 <= 20


async def test_rest_costs_a_pass_a_minute_of_reads_alone(loop: Loop) -> None:
    await loop.until(loop.now + timedelta(minutes=10))

    assert {call.split()[0] for call in loop.cluster.calls} == {"get", "list"}
    assert len(loop.cluster.calls) / 10 <= 8


async def test_the_threshold_is_news_at_once(loop: Loop) -> None:
    await loop.until(loop.now + timedelta(minutes=1), labels_per_second=10)
    loop.write(100_000)
    loop.cluster.calls.clear()

    await loop.until(loop.now + timedelta(seconds=15))

    attempt = status_of(loop.cluster).attempt
    assert attempt
    assert attempt.number == 2
    assert "create Job" in loop.cluster.calls


async def test_a_count_that_may_start_nothing_yet_is_no_news_again_and_again(loop: Loop) -> None:
    loop.edit(retrain={"threshold": 1000, "minInterval": "12h"})
    await loop.until(loop.now + timedelta(minutes=2))
    loop.write(5_000)
    loop.cluster.calls.clear()

    await loop.until(loop.now + timedelta(minutes=10), labels_per_second=10)

    assert status_of(loop.cluster).running() is None
    assert len(loop.cluster.calls) / 10 <= 20


@pytest.mark.parametrize(
    "edit",
    [
        lambda child: child["spec"].update(replicas=7),
        lambda child: child["spec"]["template"]["spec"].pop("volumes"),
        lambda child: child["metadata"]["labels"].pop("perennial.dev/pipeline"),
    ],
)
async def test_what_is_ours_and_another_changes_is_put_right(
    loop: Loop, edit: Callable[[Json], object]
) -> None:
    child = loop.cluster.objects["Deployment", "team", "income-predictor"]
    before = deepcopy(child)
    edit(child)

    await loop.until(loop.now + timedelta(minutes=2))

    assert loop.cluster.objects["Deployment", "team", "income-predictor"] == before
    assert loop.cluster.calls.count("apply Deployment") == 1


async def test_what_a_neighbour_adds_is_left_to_it(loop: Loop) -> None:
    child = loop.cluster.objects["Deployment", "team", "income-predictor"]
    child["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = "income"
    child["metadata"]["resourceVersion"] = "7"
    child["metadata"]["generation"] = 9
    child["status"]["observedGeneration"] = 9
    child["spec"]["progressDeadlineSeconds"] = 600

    await loop.until(loop.now + timedelta(minutes=10))

    assert "apply Deployment" not in loop.cluster.calls


async def test_each_pod_that_waits_costs_no_list_of_events(loop: Loop) -> None:
    for number in range(256):
        pod = a_raw_pod(f"income-predictor-{number}", "predictor")
        waiting = {"state": {"waiting": {"reason": "ContainerCreating"}}}
        pod["status"] = {"phase": "Pending", "containerStatuses": [waiting]}
        loop.cluster.objects["Pod", "team", pod["metadata"]["name"]] = pod

    await loop.until(loop.now + timedelta(minutes=2))

    calls = Counter(loop.cluster.calls)
    assert 0 < calls["list Event"] <= calls["list Pod"]


async def test_a_service_costs_a_look_each_pass_while_it_is_wanted_and_none_when_it_is_gone(
    loop: Loop,
) -> None:
    asked = {"predictor": {"http": {"enabled": True, "service": True}}}
    loop.edit(retrain={"threshold": 100_000}, **asked)
    loop.due = loop.now
    await loop.until(loop.now + timedelta(minutes=2))
    assert ("Service", "team", "income-predictor") in loop.cluster.objects
    assert loop.cluster.calls.count("apply Service") == 1

    loop.edit(retrain={"threshold": 100_000})
    loop.due = loop.now
    await loop.until(loop.now + timedelta(minutes=2))

    assert ("Service", "team", "income-predictor") not in loop.cluster.objects
    loop.cluster.calls.clear()
    await loop.until(loop.now + timedelta(minutes=5))
    assert "get Service" not in loop.cluster.calls


async def test_a_service_that_an_operator_before_this_one_made_goes_too(loop: Loop) -> None:
    asked = a_pipeline(predictor={"http": {"enabled": True, "service": True}})
    left = as_stored(service(asked) or {})
    strangers = deepcopy(left)
    strangers["metadata"] |= {"name": "other-predictor", "ownerReferences": []}
    for each in (left, strangers):
        loop.cluster.objects["Service", "team", each["metadata"]["name"]] = each

    loop.cache = PipelineCache(wake=loop.wake)
    loop.due = loop.now
    await loop.until(loop.now + timedelta(minutes=2))

    services = [name for kind, _, name in loop.cluster.objects if kind == "Service"]
    assert services == ["other-predictor"]


async def test_a_service_of_somebody_else_that_is_not_wanted_is_none_of_our_business(
    loop: Loop,
) -> None:
    meta = {"name": "income-predictor", "namespace": "team", "uid": "s"}
    theirs: Json = {"kind": "Service", "metadata": meta}
    loop.cluster.objects["Service", "team", "income-predictor"] = theirs

    loop.cache = PipelineCache(wake=loop.wake)
    loop.due = loop.now
    await loop.until(loop.now + timedelta(minutes=5))

    accepted = {c.type: c.status for c in status_of(loop.cluster).conditions}["Accepted"]
    assert accepted == "True"
    assert loop.cluster.objects["Service", "team", "income-predictor"] == theirs
    assert loop.cluster.calls.count("get Service") == 1
