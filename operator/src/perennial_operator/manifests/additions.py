"""Additions of the user to a program's pods, beside what is the operator's own."""

from __future__ import annotations

from typing import Any, Final

from perennial_operator.api.names import Manifest
from perennial_operator.api.pods.template import PodTemplate
from perennial_operator.manifests.pod import Mount

_AS_IN_PODS: Final = (
    "nodeSelector",
    "tolerations",
    "affinity",
    "topologySpreadConstraints",
    "serviceAccountName",
    "imagePullSecrets",
    "priorityClassName",
    "runtimeClassName",
    "terminationGracePeriodSeconds",
)


def added(content: Manifest, additions: PodTemplate, pods: dict[str, str]) -> Manifest:
    """The pod template with the user's additions; `pods` selects the pods made from it."""
    given = additions.model_dump(mode="json", exclude_defaults=True)
    metadata, spec = content["metadata"], content["spec"]
    annotations = given.get("annotations", {}) | metadata.get("annotations", {})
    return {
        "metadata": {
            "labels": given.get("labels", {}) | metadata["labels"],
            **({"annotations": annotations} if annotations else {}),
        },
        "spec": spec | _scheduled(given, pods) | _equipped(spec, given),
    }


def _scheduled(given: dict[str, Any], pods: dict[str, str]) -> Manifest:
    """A spread without a selector would count no pod at all."""
    found: dict[str, Any] = {key: given[key] for key in _AS_IN_PODS if key in given}
    if spread := found.get("topologySpreadConstraints"):
        ours = {"labelSelector": {"matchLabels": pods}}
        found["topologySpreadConstraints"] = [ours | each for each in spread]
    return found


def _equipped(spec: Manifest, given: dict[str, Any]) -> Manifest:
    """The container with further variables and folders, ours first."""
    (program,) = spec["containers"]
    mounts = [_mount(**volume) for volume in given.get("volumes", [])]
    folders = [*program["volumeMounts"], *(mount.of_container() for mount in mounts)]
    env = [*program["env"], *given.get("env", [])]
    return {
        "containers": [program | {"env": env, "volumeMounts": folders}],
        "volumes": [*spec["volumes"], *(mount.of_pod() for mount in mounts)],
    }


def _mount(name: str, mountPath: str, **source: Any) -> Mount:  # noqa: N803  as in the resource
    return Mount(name, mountPath, source)
