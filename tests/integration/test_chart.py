"""The chart as Helm installs and removes it, on a real API server."""

import json
import subprocess

import pytest

from tests.support.operator.control_plane import ADMIN, CHART, ControlPlane

pytestmark = pytest.mark.integration

KINDS = (
    "clusterroles,clusterrolebindings,roles,rolebindings,services,deployments,serviceaccounts,"
    "validatingadmissionpolicies,validatingadmissionpolicybindings,customresourcedefinitions"
)


def helm(plane: ControlPlane, *arguments: str) -> None:
    config = ("--kubeconfig", str(plane.kubeconfig(ADMIN)))
    subprocess.run(["helm", *config, *arguments], check=True, capture_output=True, timeout=120)


def labelled(plane: ControlPlane, release: str) -> set[tuple[str, str]]:
    """Kind and name of all that a release has left in the cluster."""
    selector = f"app.kubernetes.io/instance={release}"
    text = plane.kubectl("get", KINDS, "-A", "-l", selector, "-o", "json")
    return {(item["kind"], item["metadata"]["name"]) for item in json.loads(text)["items"]}


def test_a_release_that_is_removed_leaves_nothing_but_the_definition(
    control_plane: ControlPlane, namespace: str
) -> None:
    # The definition is there already, and would belong to the release that brought it.
    control_plane.kubectl(
        *("annotate", "--overwrite", "crd", "modelpipelines.perennial.dev"),
        *("meta.helm.sh/release-name=second", f"meta.helm.sh/release-namespace={namespace}"),
    )
    control_plane.kubectl(
        *("label", "--overwrite", "crd", "modelpipelines.perennial.dev"),
        "app.kubernetes.io/managed-by=Helm",
    )
    watched = f"watchNamespaces={{{namespace}}}"
    helm(control_plane, "install", "second", str(CHART), "-n", namespace, "--set", watched)
    there = {kind for kind, _ in labelled(control_plane, "second")}
    assert {"Deployment", "Service", "ValidatingAdmissionPolicy"} <= there

    helm(control_plane, "uninstall", "second", "-n", namespace)

    assert labelled(control_plane, "second") == set()
    assert control_plane.get("default", "crd", "modelpipelines.perennial.dev")
