import asyncio
from threading import Event, Lock
from typing import Any

import pytest

from perennial_operator.adapters.api import Api, ApiError, resource_of
from perennial_operator.adapters.kubernetes import AT_ONCE, KubernetesCluster
from perennial_operator.ports import Refused

Json = dict[str, Any]
POD: Json = {
    "kind": "Pod",
    "metadata": {"name": "income-recorder-0", "namespace": "team", "uid": "pod-2"},
}


class Answering(Api):
    """Gives one answer, and keeps what it was asked."""

    def __init__(self, answer: Json, takes: Json | None = None) -> None:
        self.answer = answer
        self.takes = takes
        self.asked: list[tuple[str, str, Json]] = []

    def call(self, method: str, path: str, body: Json | None = None, **options: Any) -> Json:
        self.asked.append((method, path, options))
        assert body == self.takes
        return self.answer


async def test_only_the_events_of_that_very_object_are_read_and_the_newest_comes_last() -> None:
    late = {"reason": "Late", "message": "b", "lastTimestamp": "2026-11-21T12:00:01Z"}
    early = {"reason": "Early", "message": "a", "eventTime": "2026-11-21T12:00:00.5Z"}
    api = Answering({"items": [late, early]})

    found = await KubernetesCluster(api, "it").warnings(POD)

    assert found == [("Early", "a"), ("Late", "b")]
    fields = "involvedObject.name=income-recorder-0,involvedObject.uid=pod-2,type=Warning"
    query = {"query": [("fieldSelector", fields), ("limit", "50")]}
    assert api.asked == [("GET", "api/v1/namespaces/team/events", query)]


class Saying(Api):
    """Says no to everything."""

    def __init__(self, status: int, reason: str, why: str = "why") -> None:
        self.error = ApiError(status, reason, why)

    def call(self, *_: Any, **__: Any) -> Json:
        raise self.error


CHILD: Json = {
    "kind": "Job",
    "metadata": {"name": "income-train-1", "namespace": "team", "uid": "job-1"},
}


@pytest.mark.parametrize(
    ("status", "reason"), [(400, "BadRequest"), (403, "Forbidden"), (422, "Invalid")]
)
async def test_an_answer_about_the_child_itself_is_a_refusal(status: int, reason: str) -> None:
    cluster = KubernetesCluster(Saying(status, reason), "it")

    for act in (cluster.apply, cluster.create, cluster.delete):
        with pytest.raises(Refused, match=f"{status} {reason}: why"):
            await act(CHILD)


async def test_a_field_that_the_api_server_does_not_know_is_a_refusal_though_it_says_500() -> None:
    why = "failed to create typed patch object (): .spec.typo: field not declared in schema"
    cluster = KubernetesCluster(Saying(500, "", why), "it")

    with pytest.raises(Refused, match=r"spec\.typo"):
        await cluster.apply(CHILD)


@pytest.mark.parametrize("status", [0, 401, 404, 409, 429, 500, 503])
async def test_any_other_no_is_asked_again(status: int) -> None:
    cluster = KubernetesCluster(Saying(status, "Away"), "it")

    for act in (cluster.apply, cluster.create):
        with pytest.raises(ApiError):
            await act(CHILD)


@pytest.mark.parametrize("status", [0, 401, 429, 500, 503])
async def test_a_delete_that_gets_no_answer_is_asked_again(status: int) -> None:
    with pytest.raises(ApiError):
        await KubernetesCluster(Saying(status, "Away"), "it").delete(CHILD)


@pytest.mark.parametrize(("status", "reason"), [(404, "NotFound"), (409, "Conflict")])
async def test_what_is_gone_or_another_by_now_needs_no_delete(status: int, reason: str) -> None:
    await KubernetesCluster(Saying(status, reason), "it").delete(CHILD)


async def test_what_is_listed_knows_its_kind() -> None:
    api = Answering({"items": [{"metadata": {"name": "b"}}, {"metadata": {"name": "a"}}]})

    found = await KubernetesCluster(api, "it").labeled("ControllerRevision", "team", "income")

    assert found == [
        {"kind": "ControllerRevision", "metadata": {"name": "a"}},
        {"kind": "ControllerRevision", "metadata": {"name": "b"}},
    ]
    options = {"query": [("labelSelector", "perennial.dev/pipeline=income")], "headers": {}}
    path = "apis/apps/v1/namespaces/team/controllerrevisions"
    assert api.asked == [("GET", path, options)]


async def test_of_a_config_map_the_metadata_alone_is_listed() -> None:
    api = Answering({"items": None})  # as the API server writes an empty list of these

    found = await KubernetesCluster(api, "it").labeled("ConfigMap", "team", "income")

    ((_, path, options),) = api.asked
    metadata = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    assert found == []
    assert path == "api/v1/namespaces/team/configmaps"
    assert options["headers"] == {"Accept": metadata}


async def test_whether_an_object_was_made_or_is_there_already_is_told() -> None:
    made = KubernetesCluster(Answering({}, takes=CHILD), "it")
    there = KubernetesCluster(Saying(409, "AlreadyExists"), "it")

    assert [await each.create(CHILD) for each in (made, there)] == [True, False]


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("apis/apps/v1/namespaces/team/deployments/income-predictor", "deployments"),
        ("api/v1/namespaces/team/pods", "pods"),
        (
            "apis/perennial.dev/v1alpha1/namespaces/team/modelpipelines/income/status",
            "modelpipelines/status",
        ),
        ("api/v1/namespaces/kube-system", "namespaces"),
        ("apis/perennial.dev/v1alpha1", "apis/perennial.dev/v1alpha1"),
    ],
)
def test_a_request_is_counted_by_what_it_is_about_and_not_by_its_name(
    path: str, resource: str
) -> None:
    assert resource_of(path) == resource


class Hanging(Api):
    """Answers nothing about one namespace, as behind an admission webhook that hangs."""

    def __init__(self) -> None:
        self.let, self.lock, self.open, self.most = Event(), Lock(), 0, 0

    def call(self, method: str, path: str, *_: Any, **__: Any) -> Json:
        if method == "PATCH" and "/namespaces/team/" in path:
            with self.lock:
                self.open += 1
                self.most = max(self.most, self.open)
            self.let.wait(60)
            with self.lock:
                self.open -= 1
        return {"items": []}


async def test_a_webhook_of_one_namespace_that_hangs_holds_up_no_other() -> None:
    api = Hanging()
    cluster = KubernetesCluster(api, "it")
    theirs = [asyncio.create_task(cluster.apply(CHILD)) for _ in range(200)]
    try:
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            assert await cluster.labeled("Pod", "neighbour", "income") == []
    finally:
        api.let.set()
        await asyncio.gather(*theirs)
    assert api.most == AT_ONCE


async def test_roles_that_know_no_services_keep_no_pipeline_from_its_passes() -> None:
    cluster = KubernetesCluster(Saying(403, "Forbidden"), "it")

    assert await cluster.get("Service", "team", "income-predictor") is None
    with pytest.raises(ApiError):
        await cluster.get("Deployment", "team", "income-predictor")
