"""Ownership of pods, by UID: labels are anybody's to set, and names come again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from perennial_operator.api.names import COMPONENT_LABEL, PREDICTOR, RECORDER, TRAINER, Manifest
from perennial_operator.observe.pods import controller, is_ours

Owners = Mapping[str, str]
"""By component: the UID of the child of ours that makes its pods."""


def owners(
    uid: str, deployment: Manifest | None, statefulset: Manifest | None, job: Manifest | None
) -> Owners:
    """Of the children whose controller is the ModelPipeline with this UID."""
    found = {PREDICTOR: deployment, RECORDER: statefulset, TRAINER: job}
    return {
        component: str(child["metadata"]["uid"])
        for component, child in found.items()
        if child and is_ours(child, uid)
    }


def owned(
    pods: Iterable[Manifest], makers: Owners, replicasets: Mapping[str, str]
) -> list[Manifest]:
    """The pods that our children make, directly or through one of these ReplicaSets.

    `replicasets` holds their controllers' UIDs by their own.
    """
    return [pod for pod in pods if _maker(pod, makers) in _line(pod, replicasets)]


def unknown(
    pods: Iterable[Manifest], makers: Owners, replicasets: Mapping[str, str]
) -> list[Manifest]:
    """The predictor's pods of which it is not known that they are ours: another ReplicaSet's."""
    ours = makers.get(PREDICTOR)
    of_it = (pod for pod in pods if ours and _component(pod) == PREDICTOR)
    return [pod for pod in of_it if ours not in _line(pod, replicasets)]


def _component(pod: Manifest) -> str:
    return str(pod["metadata"].get("labels", {}).get(COMPONENT_LABEL, ""))


def _maker(pod: Manifest, makers: Owners) -> str | None:
    return makers.get(_component(pod))


def _line(pod: Manifest, replicasets: Mapping[str, str]) -> tuple[str, str]:
    """A pod's controller, and that one's."""
    parent = controller(pod)
    return parent, replicasets.get(parent, "")
