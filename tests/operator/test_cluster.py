from typing import Any

import pytest

from perennial_operator.cluster import Api, ApiError, KubernetesCluster
from perennial_operator.reconcile import Refused

Json = dict[str, Any]
POD: Json = {
    "kind": "Pod",
    "metadata": {"name": "income-recorder-0", "namespace": "team", "uid": "pod-2"},
}


class Answering(Api):
    """Gives one answer, and keeps what it was asked."""

    def __init__(self, answer: Json) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str, Json]] = []

    def call(self, method: str, path: str, body: Json | None = None, **options: Any) -> Json:
        self.asked.append((method, path, options))
        assert body is None
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

    def __init__(self, status: int, reason: str) -> None:
        self.error = ApiError(status, reason, "why")

    def call(self, *_: Any, **__: Any) -> Json:
        raise self.error


CHILD: Json = {"kind": "Job", "metadata": {"name": "income-train-1", "namespace": "team"}}


@pytest.mark.parametrize(
    ("status", "reason"), [(400, "BadRequest"), (403, "Forbidden"), (422, "Invalid")]
)
async def test_an_answer_about_the_child_itself_is_a_refusal(status: int, reason: str) -> None:
    cluster = KubernetesCluster(Saying(status, reason), "it")

    for act in (cluster.apply, cluster.create):
        with pytest.raises(Refused, match=f"{status} {reason}: why"):
            await act(CHILD)


@pytest.mark.parametrize("status", [0, 401, 404, 409, 429, 500, 503])
async def test_any_other_no_is_asked_again(status: int) -> None:
    cluster = KubernetesCluster(Saying(status, "Away"), "it")

    for act in (cluster.apply, cluster.create):
        with pytest.raises(ApiError):
            await act(CHILD)
