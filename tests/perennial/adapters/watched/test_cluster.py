import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perennial.adapters.kubeconfig.access import Access
from perennial.adapters.watched import cluster
from perennial.adapters.watched.cluster import PODS, KubeconfigPlace
from perennial.watching.ports import Unseen
from perennial_contract.status import PredictorReport, RecorderReport, Report
from perennial_operator.api.spec import Spec
from tests.support.perennial.api_server import PIPELINES, ApiServer, refusal, serving
from tests.support.perennial.pages import FIRST, SPEC, V1, a_status, resource

AT = "/api/v1/namespaces/team/pods"
SECRET = "/api/v1/namespaces/team/secrets/kafka-client"
RECORDER: Report = RecorderReport(uid="uid", pod="loans-recorder-0", ready=True, lag={"e": 3})
PREDICTOR: Report = PredictorReport(uid="uid", pod="p-0", ready=True, version=V1, answered=9)


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with serving() as api:
        yield api


@pytest.fixture
def place(server: ApiServer, tmp_path: Path) -> KubeconfigPlace:
    return KubeconfigPlace(Access(kubeconfig=str(server.kubeconfig(tmp_path, namespace="team"))))


def loans(server: ApiServer) -> dict[str, Any]:
    made = resource(a_status(V1, 34, [FIRST]))
    made["metadata"] = {"name": "loans", "namespace": "team", "uid": "uid"}
    server.hold(made)
    return made


def a_pod(server: ApiServer, component: str, report: Report) -> None:
    labels = {"perennial.dev/pipeline": "loans", "perennial.dev/component": component}
    meta = {"name": report.pod, "namespace": "team", "uid": report.pod, "labels": labels}
    server.objects[f"{AT}/{report.pod}"] = {"metadata": meta}
    said = json.loads(report.model_dump_json())
    server.answers["GET", f"{AT}/{report.pod}:8080/proxy/status"] = (200, said)


def asked(server: ApiServer) -> list[str]:
    return [path for _, path, *_ in server.asked]


def test_pipelines_are_those_of_the_namespace(server: ApiServer, place: KubeconfigPlace) -> None:
    made = loans(server)

    assert place.pipelines() == [made]
    assert place.pipeline("team", "loans") == made
    assert place.pipeline("team", "other") is None
    assert place.pipeline("another", "loans") is None
    assert place.problem() == ""
    assert {method for method, *_ in server.asked} == {"GET"}
    assert asked(server) == [PIPELINES, f"{PIPELINES}/loans", f"{PIPELINES}/other"]


def test_pods_are_asked_through_the_api_server_and_not_at_every_look(
    server: ApiServer, place: KubeconfigPlace
) -> None:
    made = loans(server)
    a_pod(server, "recorder", RECORDER)
    a_pod(server, "predictor", PREDICTOR)
    a_pod(server, "trainer", RECORDER.model_copy(update={"pod": "loans-train-4-x"}))

    assert [place.reports(made) for _ in range(3)] == [[RECORDER, PREDICTOR]] * 3
    assert asked(server) == [
        AT,
        f"{AT}/loans-recorder-0:8080/proxy/status",
        f"{AT}/p-0:8080/proxy/status",
    ]
    assert server.asked[0][2] == {"labelSelector": "perennial.dev/pipeline=loans"}


def test_of_many_pods_some_are_asked(server: ApiServer, place: KubeconfigPlace) -> None:
    made = loans(server)
    for number in range(PODS + 5):
        a_pod(server, "predictor", PREDICTOR.model_copy(update={"pod": f"p-{number:02}"}))

    assert len(place.reports(made) or ()) == PODS


def test_who_may_not_ask_pods_asks_once(
    server: ApiServer, place: KubeconfigPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PODS_EVERY", 0.0)
    made = loans(server)
    server.answers["GET", AT] = refusal(403, "Forbidden", "cannot list pods")

    assert [place.reports(made) for _ in range(3)] == [None] * 3
    assert asked(server) == [AT]


def test_a_pod_that_is_silent_or_says_what_is_no_report_is_left_out(
    server: ApiServer, place: KubeconfigPlace
) -> None:
    made = loans(server)
    a_pod(server, "recorder", RECORDER)
    a_pod(server, "predictor", PREDICTOR)
    server.answers["GET", f"{AT}/p-0:8080/proxy/status"] = (503, "no endpoints")

    assert place.reports(made) == [RECORDER]
    other = RECORDER.model_copy(update={"uid": "another"})
    a_pod(server, "recorder", other)
    later = {**made, "metadata": {**made["metadata"], "uid": "later"}}
    assert place.reports(later) is None


def test_an_api_server_that_is_away_is_told_in_a_sentence(tmp_path: Path) -> None:
    with serving() as gone:
        file = gone.kubeconfig(tmp_path, namespace="team")
    place = KubeconfigPlace(Access(kubeconfig=str(file)))

    with pytest.raises(Unseen, match=r"cannot reach the API server .*\.$"):
        place.pipelines()
    with pytest.raises(Unseen, match=r"cannot reach the API server .*\.$"):
        place.pipeline("team", "loans")


def test_a_kafka_that_cannot_be_used_from_here_is_told(
    server: ApiServer, place: KubeconfigPlace
) -> None:
    nobody = {"bootstrapServers": "127.0.0.1:1"}
    secret = {**nobody, "secretRef": {"name": "kafka-client"}}
    with pytest.raises(Unseen, match="there is no Secret kafka-client"):
        place.tail(Spec.model_validate(SPEC | {"kafka": secret}), {"loans-predictions": 10})

    server.answers["GET", SECRET] = refusal(403, "Forbidden", "cannot get secrets")
    with pytest.raises(Unseen, match=r"^cannot get secrets\.$"):
        place.tail(Spec.model_validate(SPEC | {"kafka": secret}), {"loans-predictions": 10})
