import json
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier
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
    assert sorted(asked(server)) == [
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


def test_who_may_not_ask_pods_asks_once_and_much_later_again(
    server: ApiServer, place: KubeconfigPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PODS_EVERY", 0.0)
    made = loans(server)
    server.answers["GET", AT] = refusal(403, "Forbidden", "cannot list pods")

    assert [place.reports(made) for _ in range(3)] == [None] * 3
    assert asked(server) == [AT]

    monkeypatch.setattr(cluster, "REFUSED_EVERY", 0.0)
    monkeypatch.setattr(cluster, "SHARE", 0)
    renewed = KubeconfigPlace(Access(kubeconfig=str(tmp_path / "kubeconfig")))
    assert renewed.reports(made) is None
    del server.answers["GET", AT]
    a_pod(server, "recorder", RECORDER)
    assert renewed.reports(made) == [RECORDER]


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


def test_the_recorder_is_asked_however_many_predictors_there_are(
    server: ApiServer, place: KubeconfigPlace
) -> None:
    made = loans(server)
    for number in range(PODS + 5):
        a_pod(server, "predictor", PREDICTOR.model_copy(update={"pod": f"a-{number:02}"}))
    a_pod(server, "recorder", RECORDER)

    assert RECORDER in (place.reports(made) or ())


@pytest.mark.parametrize("kind", ["Pending", "Succeeded", "ends"])
def test_a_pod_that_cannot_answer_is_not_asked(
    server: ApiServer, place: KubeconfigPlace, kind: str
) -> None:
    made = loans(server)
    a_pod(server, "predictor", PREDICTOR)
    pod = server.objects[f"{AT}/p-0"]
    if kind == "ends":
        pod["metadata"]["deletionTimestamp"] = "2026-11-28T20:00:00Z"
    else:
        pod["status"] = {"phase": kind}

    assert place.reports(made) is None
    assert asked(server) == [AT]


def test_silent_pods_are_waited_for_at_once_and_then_left_alone(
    server: ApiServer, place: KubeconfigPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PODS_EVERY", 0.0)
    made, answer, together = loans(server), server.answer, Barrier(5)

    def all_wait(method: str, path: str, *rest: Any) -> tuple[int, Any]:
        if path.endswith("/proxy/status"):
            together.wait(20.0)  # seconds; one after the other they would break it
            time.sleep(0.05)
        return answer(method, path, *rest)

    for number in range(5):
        a_pod(server, "predictor", PREDICTOR.model_copy(update={"pod": f"p-{number}"}))
    monkeypatch.setattr(server, "answer", all_wait)

    assert [len(place.reports(made) or ()) for _ in range(3)] == [5] * 3
    assert asked(server).count(AT) == 1


def test_the_local_clusters_kafka_is_read_by_its_address_here(place: KubeconfigPlace) -> None:
    spec = Spec.model_validate(SPEC | {"kafka": {"bootstrapServers": "kafka:9094"}})
    with pytest.raises(Unseen, match=r"127\.0\.0\.1:9094"):
        place.tail(spec, {"loans-predictions": 10})
