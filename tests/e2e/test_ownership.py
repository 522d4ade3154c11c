import copy
import subprocess
from collections.abc import Callable

import pytest

from tests.e2e.conftest import ROOT
from tests.support.e2e.kubectl import Json, apply, eventually, get, kubectl, listed
from tests.support.e2e.pipeline import SYSTEM, Pipeline
from tests.support.e2e.rows import LOANS, loans
from tests.support.e2e.stream import Stream

pytestmark = pytest.mark.e2e
CHILDREN = "deployments,statefulsets,jobs,controllerrevisions,replicasets,pods"
Prepared = Callable[[Pipeline], Pipeline]


def a_pipeline(name: str) -> Pipeline:
    return Pipeline(name, LOANS, Stream(name))


def test_what_is_deleted_and_applied_again_goes_on_and_its_prefix_is_nobody_elses(
    prepared: Prepared,
) -> None:
    pipeline = prepared(a_pipeline("e2e-again"))
    pipeline.prepare(loans(1_500))
    pipeline.apply()
    pipeline.wait_ready()
    pipeline.stream.send(loans(2_400, function=4, seed=3))
    promoted = pipeline.wait_attempt(2)["version"]
    pipeline.wait_serving(promoted)
    pipeline.expect(60, "all observed", lambda: pipeline.observed() == 2_400)
    kept = pipeline.objects("")

    kubectl("-n", pipeline.name, "delete", "modelpipeline", pipeline.name)
    eventually(90, "no child is left", lambda: not listed(pipeline.name, CHILDREN))
    assert pipeline.objects("").items() >= kept.items()
    pipeline.apply()
    pipeline.wait_serving(promoted, 180)
    pipeline.edit({"retrain": {"request": "go on"}})
    assert pipeline.wait_attempt(3)["champion"] == promoted
    assert pipeline.observed() == 2_400

    other = copy.deepcopy(pipeline.resource())
    other["metadata"]["name"] = "another"
    other["spec"]["storage"]["prefix"] = pipeline.resource()["spec"]["storage"]["prefix"]
    apply(pipeline.name, other)
    refused = eventually(120, "another is refused", lambda: ready(pipeline.name, "another"))
    assert refused["reason"] == "StorageTaken"
    assert "prefix" in refused["message"]
    pipeline.wait_ready()
    kubectl("delete", "namespace", pipeline.name, "--timeout=120s")


def ready(namespace: str, name: str) -> Json | None:
    """Its Ready condition, once that says why not."""
    conditions = get(namespace, "modelpipeline", name).get("status", {}).get("conditions", [])
    wanted = (c for c in conditions if c["type"] == "Ready" and c["status"] == "False")
    return next((c for c in wanted if c["reason"] == "StorageTaken"), None)


@pytest.mark.alone
def test_an_upgrade_restarts_no_predictor_and_a_removal_leaves_them_answering(
    prepared: Prepared,
) -> None:
    pipeline = prepared(a_pipeline("e2e-chart"))
    pipeline.prepare(loans(1_500))
    pipeline.apply()
    pipeline.wait_ready()
    before = pods_of(pipeline)

    helm(
        "upgrade",
        "perennial",
        chart(),
        "--reuse-values",
        "--set",
        "resources.limits.memory=640Mi",
        "--wait",
    )
    pipeline.edit({"predictor": {"replicas": 2}})  # that the new operator works is seen by this
    pipeline.expect(90, "two pods", lambda: len(pods_of(pipeline)) == len(before) + 1)
    pipeline.wait_ready()
    assert pods_of(pipeline).items() >= before.items()
    before = pods_of(pipeline)

    helm("uninstall", "perennial", "--wait")
    try:
        pipeline.stream.send(loans(500, seed=7))
        pipeline.wait_answered()
        assert pods_of(pipeline) == before
    finally:
        helm("install", "perennial", chart(), "--wait", "--timeout", "2m")
    pipeline.stream.send(loans(2_000, function=4, seed=8))
    pipeline.wait_attempt(2)
    pipeline.wait_ready()


def helm(*arguments: str) -> None:
    done = subprocess.run(
        ["helm", *arguments, "--namespace", SYSTEM], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def chart() -> str:
    return str(ROOT / "helm" / "perennial")


def pods_of(pipeline: Pipeline) -> dict[str, int]:
    """Restarts by pod, of predictor and recorder."""
    pods = listed(pipeline.name, "pods", "perennial.dev/component in (predictor,recorder)")
    return {
        pod["metadata"]["uid"]: pod["status"]["containerStatuses"][0]["restartCount"]
        for pod in pods
        if pod["status"].get("containerStatuses") and "deletionTimestamp" not in pod["metadata"]
    }
