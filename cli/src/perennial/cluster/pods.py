"""Pods as controllers make and read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from perennial.cluster.objects import is_leaving, owners_of
from perennial.cluster.times import instant
from perennial_operator.api.digests import digest_of
from perennial_operator.api.names import Manifest

NODE: Final = "laptop"


@dataclass(frozen=True, slots=True)
class Step:
    """What a controller makes of an object and its pods."""

    status: Manifest
    create: tuple[Manifest, ...] = ()
    delete: tuple[Manifest, ...] = ()


def hash_of(template: Manifest) -> str:
    """Changes with anything in a pod template."""
    return digest_of(template)[:10]


def pod_of(owner: Manifest, name: str, labels: dict[str, str]) -> Manifest:
    """A pod of an owner's template, with further labels."""
    template, meta = owner["spec"]["template"], owner["metadata"]
    reference = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
    }
    annotations = template["metadata"].get("annotations")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": meta["namespace"],
            "labels": {**template["metadata"].get("labels", {}), **labels},
            **({"annotations": annotations} if annotations else {}),
            "ownerReferences": [reference],
        },
        "spec": {**template["spec"], "nodeName": NODE},
        "status": {"phase": "Pending"},
    }


def pods_of(owner: Manifest, pods: Iterable[Manifest]) -> list[Manifest]:
    return [pod for pod in pods if owner["metadata"]["uid"] in owners_of(pod)]


def condition(status: Manifest, kind: str) -> Manifest:
    """A condition of a status; an empty one where it is absent."""
    found: Manifest = next((c for c in status.get("conditions", []) if c["type"] == kind), {})
    return found


def is_over(pod: Manifest) -> bool:
    """Whether it has ended for good."""
    return pod["status"]["phase"] in {"Failed", "Succeeded"}


def is_ready(pod: Manifest) -> bool:
    return not is_leaving(pod) and condition(pod["status"], "Ready").get("status") == "True"


def is_available(pod: Manifest, seconds: int, now: datetime) -> bool:
    """Whether it has been ready for that long."""
    if not is_ready(pod):
        return False
    since = instant(condition(pod["status"], "Ready")["lastTransitionTime"])
    return not since <= now < since + timedelta(seconds=seconds)  # the clock may have gone back


def with_condition(status: Manifest, new: Manifest, at: str) -> Manifest:
    """A status with a condition; the time of its transition stays where its status does."""
    old = condition(status, new["type"])
    same = old.get("status") == new["status"]
    dated = {**new, "lastTransitionTime": old["lastTransitionTime"] if same else at}
    others = [c for c in status.get("conditions", []) if c["type"] != new["type"]]
    return {**status, "conditions": [*others, dated]}
