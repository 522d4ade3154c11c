from pathlib import Path

import pytest

from perennial.adapters.kubeconfig.api_server import Cluster
from perennial.adapters.kubeconfig.trouble import ClusterTrouble, NotFound
from perennial.report.view import View
from tests.support.perennial.api_server import ApiServer, refusal
from tests.support.perennial.running import a_manifest

PATH = "/apis/perennial.dev/v1alpha1/namespaces/default/modelpipelines/income"
TABLE = {
    "columnDefinitions": [{"name": "Name"}, {"name": "Model"}, {"name": "Wide", "priority": 1}],
    "rows": [{"cells": ["income", None, "x"]}],
}


@pytest.fixture
def cluster(server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path, namespace="team")))
    return Cluster("income")


def test_a_look_shows_the_row_that_kubectl_prints(server: ApiServer, cluster: Cluster) -> None:
    server.objects[PATH] = a_manifest("income")
    server.tables[PATH] = TABLE
    seen = cluster.look()
    assert seen == View(
        row=(("NAME", "income"), ("MODEL", "")), waits_for="no operator has looked at it yet"
    )


def test_a_server_that_is_away_is_waited_for_and_a_pipeline_that_is_not_there_is_not(
    server: ApiServer, cluster: Cluster
) -> None:
    server.answers["GET", PATH] = refusal(503, "ServiceUnavailable", "it starts")
    assert cluster.look() is None
    server.answers.clear()
    with pytest.raises(NotFound):
        cluster.look()


def test_it_is_removed_once_and_a_no_is_told(server: ApiServer, cluster: Cluster) -> None:
    server.objects[PATH] = a_manifest("income")
    server.answers["GET", "/api/v1/namespaces/default/pods"] = 200, {"items": []}
    assert [cluster.remove(), cluster.remove()] == [True, False]
    server.answers["DELETE", PATH] = refusal(405, "MethodNotAllowed", "not here")
    with pytest.raises(ClusterTrouble, match="not here"):
        cluster.remove()
