from pathlib import Path
from typing import Any

from perennial.adapters.kubeconfig.access import Access
from perennial.adapters.kubeconfig.pods import reports
from perennial_contract.status import RecorderReport
from tests.support.perennial.api_server import ApiServer
from tests.support.perennial.running import a_manifest

PODS = "/api/v1/namespaces/team/pods"


def a_pod(name: str, phase: str = "Running") -> dict[str, Any]:
    labels = {"perennial.dev/pipeline": "income", "perennial.dev/component": "recorder"}
    meta = {"name": name, "namespace": "team", "uid": f"uid-{name}", "labels": labels}
    return {"metadata": meta, "status": {"phase": phase}}


def test_pods_are_asked_by_way_of_the_api_server_and_those_that_are_silent_left_out(
    server: ApiServer, tmp_path: Path
) -> None:
    resource = a_manifest("income")
    resource["metadata"] |= {"namespace": "team", "uid": "uid"}
    told = RecorderReport(uid="uid", pod="a", ready=True, lag={"events": 3})
    for pod in (a_pod("a"), a_pod("silent"), a_pod("over", "Succeeded"), a_pod("another")):
        server.objects[f"{PODS}/{pod['metadata']['name']}"] = pod
    server.objects[f"{PODS}/a:8080/proxy/status"] = told.model_dump(mode="json")
    theirs = told.model_copy(update={"uid": "theirs", "pod": "another"})
    server.objects[f"{PODS}/another:8080/proxy/status"] = theirs.model_dump(mode="json")
    access = Access(kubeconfig=str(server.kubeconfig(tmp_path, namespace="team")))

    assert reports(access, resource) == [told]
    assert server.asked[0] == (
        "GET",
        PODS,
        {"labelSelector": "perennial.dev/pipeline=income"},
        None,
    )
    assert len(server.asked) == 4
