from typing import Any

from perennial_operator.cluster import Api, KubernetesCluster

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
