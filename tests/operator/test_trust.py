"""Pods that are not ours, or say what no program of ours would say."""

from copy import deepcopy
from typing import Any

import pytest

from perennial_contract.status import BundleState, Report
from perennial_operator.api.names import KIND
from perennial_operator.observe.reports import Invalid
from tests.fakes.cluster import FakeCluster, FakeReports, a_replicaset
from tests.support.operator.builders import a_pod, a_predictor, a_resource, recorded, verified
from tests.support.operator.harness import (
    PREDICTOR,
    RECORDER,
    a_raw_pod,
    passes,
    running,
    said,
    status_of,
    to_the_end,
)

Json = dict[str, Any]


async def a_serving_cluster(reports: FakeReports) -> FakeCluster:
    cluster = FakeCluster(a_resource())
    await to_the_end(cluster, reports)
    assert status_of(cluster).model
    return cluster


def some_reports(**more: Report) -> FakeReports:
    return FakeReports(**{"income-recorder-0": RECORDER, "income-predictor-a": PREDICTOR, **more})


@pytest.mark.parametrize("owner", ["", "somebody", "uid of other-predictor-1"])
@pytest.mark.parametrize("component", ["recorder", "predictor"])
async def test_a_pod_with_our_labels_and_another_owner_says_nothing_of_ours(
    component: str, owner: str
) -> None:
    name = "income-recorder-9"
    reports = some_reports()
    cluster = await a_serving_cluster(reports)
    before = cluster.objects[KIND, "team", "income"]["status"]
    pod = a_raw_pod(name, component, owner or "none", **running(component))
    if not owner:
        del pod["metadata"]["ownerReferences"]
    cluster.objects["Pod", "team", name] = pod
    other = deepcopy(cluster.objects["Deployment", "team", "income-predictor"])
    other["metadata"]["uid"] = "uid of other-predictor"
    made = a_replicaset("other-predictor-1", other)
    cluster.objects["ReplicaSet", "team", "other-predictor-1"] = made
    lies: dict[str, Report] = {
        "recorder": recorded(a_pod("recorder", name), written={"topic": {"0": 10**9}}),
        "predictor": verified(a_predictor(name=name)).model_copy(
            update={"bundle": BundleState.BROKEN}
        ),
    }
    reports.said[name] = lies[component]

    await passes(cluster, reports, 4)

    assert cluster.objects[KIND, "team", "income"]["status"] == before
    assert name not in reports.asked


async def test_pods_of_an_earlier_resource_of_that_name_say_nothing_of_this_one() -> None:
    reports = some_reports()
    cluster = await a_serving_cluster(reports)
    fresh = a_resource()
    fresh["metadata"]["uid"] = "another"
    cluster.objects[KIND, "team", "income"] = fresh
    reports.asked.clear()

    await passes(cluster, reports, 3)

    assert reports.asked == []
    assert status_of(cluster).written == {}
    assert said(cluster, "Accepted")[1] == "NameTaken"


async def test_a_deployment_that_is_made_again_takes_over_its_pods() -> None:
    reports = some_reports()
    cluster = await a_serving_cluster(reports)
    again = cluster.objects["Deployment", "team", "income-predictor"]
    again["metadata"]["uid"] = "made again"
    owned = cluster.objects["ReplicaSet", "team", "income-predictor-1"]
    owned["metadata"]["ownerReferences"][0]["uid"] = "made again"
    reports.asked.clear()

    await passes(cluster, reports, 2)

    assert "income-predictor-a" in reports.asked
    assert said(cluster, "Ready")[0] == "True"


async def test_who_owns_a_replicaset_is_asked_once() -> None:
    reports = some_reports()
    cluster = await a_serving_cluster(reports)
    asked: list[str] = []

    class Counting(FakeCluster):
        async def labeled(self, kind: str, namespace: str, pipeline: str) -> list[Json]:
            asked.append(kind)
            return await cluster.labeled(kind, namespace, pipeline)

    counting = Counting()
    for key in [key for key in cluster.objects if key[0] == "ConfigMap"]:
        del cluster.objects[key]  # of old ones it would be asked as well who mounts them
    counting.objects = cluster.objects
    await passes(counting, reports, 5)

    assert asked.count("Pod") == 5
    assert asked.count("ReplicaSet") == 1


async def test_an_answer_that_is_no_report_is_told_in_a_condition_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reports = some_reports()
    cluster = await a_serving_cluster(reports)
    reports.said["income-recorder-0"] = Invalid("written: the number of no partition")

    await passes(cluster, reports, 3)

    why = "what pod income-recorder-0 answers is no report: written: the number of no partition"
    assert said(cluster, "RecorderAvailable") == ("False", "ReportInvalid", why)
    assert caplog.messages.count("an answer is no report") == 1


async def test_a_status_that_a_bad_report_has_spoilt_before_fails_no_pass() -> None:
    reports = some_reports()
    cluster = await a_serving_cluster(reports)
    cluster.objects[KIND, "team", "income"]["status"]["written"] = {"topic": {"x": 3}}
    told = RECORDER.model_copy(update={"written": {"topic": {"0": 7}}})
    reports.said["income-recorder-0"] = told

    await passes(cluster, reports, 2)

    assert status_of(cluster).written == {"topic": {"0": 7, "x": 3}}
