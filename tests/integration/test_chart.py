"""The chart as Helm installs and removes it, on a real API server."""

import json
import subprocess
from collections.abc import Iterator

import pytest
import yaml

from tests.support.operator.control_plane import ADMIN, CHART, ControlPlane, eventually, install

pytestmark = pytest.mark.integration

KINDS = (
    "clusterroles,clusterrolebindings,roles,rolebindings,services,deployments,serviceaccounts,"
    "validatingadmissionpolicies,validatingadmissionpolicybindings,customresourcedefinitions"
)
CRD = "modelpipelines.perennial.dev"


@pytest.fixture
def releases(control_plane: ControlPlane, namespace: str) -> Iterator["Releases"]:  # noqa: ARG001  it goes last
    """Of this test alone; the definition is there again before the namespace is emptied."""
    made = Releases(control_plane)
    control_plane.kubectl("delete", "crd", CRD, "--timeout=30s")
    yield made
    made.end()
    install(control_plane)


class Releases:
    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self._there: set[tuple[str, str]] = set()

    def helm(self, *arguments: str) -> str:
        config = ("--kubeconfig", str(self.plane.kubeconfig(ADMIN)))
        command = ["helm", *config, *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def install(self, name: str, namespace: str, *values: str) -> str:
        sets = [part for value in values for part in ("--set", value)]
        where = ("-n", namespace, "--create-namespace")
        self._there.add((name, namespace))
        return self.helm("upgrade", "--install", name, str(CHART), *where, *sets)

    def uninstall(self, name: str, namespace: str) -> None:
        self._there.remove((name, namespace))
        self.helm("uninstall", name, "-n", namespace)

    def end(self) -> None:
        for name, namespace in sorted(self._there):
            self.uninstall(name, namespace)

    def left(self, release: str) -> set[tuple[str, str, str]]:
        """Kind, namespace and name of all that a release has in the cluster."""
        selector = f"app.kubernetes.io/instance={release}"
        text = self.plane.kubectl("get", KINDS, "-A", "-l", selector, "-o", "json")
        found = [(item["kind"], item["metadata"]) for item in json.loads(text)["items"]]
        return {(kind, meta.get("namespace", ""), meta["name"]) for kind, meta in found}

    def owner(self) -> tuple[str, str] | None:
        """Name and namespace of the release that the definition belongs to."""
        found = self.plane.get("default", "crd", CRD)
        if not found:
            return None
        marks = found["metadata"].get("annotations", {})
        keys = ("meta.helm.sh/release-name", "meta.helm.sh/release-namespace")
        name, namespace = (marks.get(key, "") for key in keys)
        return name, namespace


def test_a_release_that_is_removed_leaves_nothing_but_the_definition(
    releases: Releases, namespace: str
) -> None:
    releases.install("one", namespace, f"watchNamespaces={{{namespace}}}")
    there = {kind for kind, _, _ in releases.left("one")}
    assert {"Deployment", "Service", "ValidatingAdmissionPolicy"} <= there

    releases.uninstall("one", namespace)

    assert releases.left("one") == set()
    assert releases.owner() == ("one", namespace)


def test_two_releases_of_one_name_stand_side_by_side(releases: Releases, namespace: str) -> None:
    other = f"{namespace}-other"
    releases.install("twin", namespace, f"watchNamespaces={{{namespace}}}")
    before = releases.left("twin")

    told = releases.install("twin", other, f"watchNamespaces={{{namespace}}}")

    both = releases.left("twin")
    assert before < both
    assert len(both) == 2 * len(before)
    assert f"THE RELEASE TWIN IN {namespace.upper()}" in told
    assert releases.owner() == ("twin", namespace)
    releases.install("twin", other, "replicas=2", f"watchNamespaces={{{namespace}}}")
    releases.uninstall("twin", other)
    assert releases.left("twin") == before


def test_a_release_comes_again_under_another_name_and_takes_the_definition_over(
    releases: Releases, namespace: str
) -> None:
    releases.install("before", namespace)
    releases.uninstall("before", namespace)

    releases.install("after", namespace)
    assert releases.owner() == ("before", namespace)
    releases.plane.kubectl(
        *("annotate", "--overwrite", "crd", CRD, "meta.helm.sh/release-name=after"),
        f"meta.helm.sh/release-namespace={namespace}",
    )
    releases.install("after", namespace)

    assert "kind: CustomResourceDefinition" in releases.helm(
        "get", "manifest", "after", "-n", namespace
    )
    assert releases.owner() == ("after", namespace)


def test_a_definition_that_was_applied_by_hand_is_left_alone(
    releases: Releases, namespace: str
) -> None:
    releases.plane.kubectl("apply", "--server-side", "-f", str(CHART / "files" / "crd.yaml"))

    told = releases.install("one", namespace)

    assert "BELONGS TO NOBODY'S RELEASE" in told
    assert releases.owner() == ("", "")


def test_an_older_definition_that_was_applied_by_hand_is_taken_over_as_the_notes_say(
    releases: Releases, namespace: str
) -> None:
    older = yaml.safe_load((CHART / "files" / "crd.yaml").read_text())
    schema = older["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    known = dict(schema["spec"]["properties"])
    del schema["spec"]["properties"]["tracking"]
    releases.plane.kubectl("apply", "--server-side", "-f", "-", stdin=older)
    told = releases.install("one", namespace)
    _, _, notes = told.replace("\\\n", "").partition("Once it is to be this release's:\n")
    annotate, label, upgrade = (line.split()[1:] for line in notes.splitlines()[:3])

    releases.plane.kubectl(*annotate)
    releases.plane.kubectl(*label)
    at = upgrade.index("...")
    releases.helm(*upgrade[:at], str(CHART), "-n", namespace, *upgrade[at + 1 :])

    found = releases.plane.get("default", "crd", CRD)
    assert found
    made = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert made["properties"].keys() == known.keys()
    assert releases.owner() == ("one", namespace)


def test_a_definition_goes_with_its_release_where_it_is_not_to_be_kept(
    releases: Releases, namespace: str
) -> None:
    releases.install("one", namespace, "crds.keep=false")
    assert releases.owner() == ("one", namespace)

    releases.uninstall("one", namespace)

    eventually("it is gone", lambda: releases.owner() is None)


def test_a_release_may_come_without_the_definition(releases: Releases, namespace: str) -> None:
    told = releases.install("one", namespace, "crds.enabled=false")

    assert "files/crd.yaml" in told
    assert releases.owner() is None
