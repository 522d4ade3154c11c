"""Quota of a namespace, against what the pods of a pipeline ask for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from perennial.diagnosis.defect import Defect
from perennial.diagnosis.facts import ClusterFacts, Quota
from perennial.diagnosis.subject import Subject
from perennial_operator.api.attempts import Attempt, Trigger
from perennial_operator.api.names import Manifest
from perennial_operator.manifests.deployment import deployment
from perennial_operator.manifests.job import job
from perennial_operator.manifests.statefulset import statefulset

_QUANTITY: Final = re.compile(r"([0-9.]+)(?:([numkMGTPE])(i?)|[eE]([+-]?[0-9]+))?")
_POWERS: Final = {"n": -3, "u": -2, "m": -1, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_NAMESPACE: Final = ("metadata", "namespace")


def quota(subject: Subject, facts: ClusterFacts) -> Iterator[Defect]:
    """Of a pipeline that does not exist: the pods of one that does are counted already."""
    if facts.exists or not facts.quotas:
        return
    pods = _pods(subject)
    needed = _needed(pods)
    for each in facts.quotas:
        unlimited = _without(pods, each.resource) if each.resource not in facts.defaults else []
        if unlimited:
            kind, _, resource = each.resource.partition(".")
            yield Defect(
                ("spec", unlimited[0], "resources"),
                f"ResourceQuota {each.name} asks each pod for {kind}.{resource}, and the"
                f" {unlimited[0]} has none",
                f"Give {unlimited[0]}.resources.{kind}.{resource}.",
            )
        elif (wanted := needed.get(each.resource)) and not _fits(each, wanted):
            yield Defect(
                _NAMESPACE,
                f"ResourceQuota {each.name} leaves {_left(each).normalize():f} of {each.resource}"
                f" ({each.used} of {each.hard} are used), and the pods ask for"
                f" {wanted.normalize():f} at most",
                "Raise the quota, or lower predictor.replicas or the programs' resources.",
            )


def _pods(subject: Subject) -> list[tuple[str, Manifest, int]]:
    """Programs, the specs of their pods, and how many there may be at once."""
    pipeline = subject.pipeline
    attempt = Attempt(number=1, trigger=Trigger.FIRST_MODEL, started_at=pipeline.created)
    surge = pipeline.spec.predictor.replicas + 1
    workloads = [
        ("predictor", deployment(pipeline, "predictor", ""), surge),
        ("trainer", job(pipeline, "trainer", attempt), 1),
    ]
    if pipeline.spec.labels:
        workloads.append(("recorder", statefulset(pipeline, "recorder"), 1))
    return [(name, each["spec"]["template"]["spec"], count) for name, each, count in workloads]


def _needed(pods: list[tuple[str, Manifest, int]]) -> Mapping[str, Decimal]:
    """By the names of a ResourceQuota."""
    needed: dict[str, Decimal] = defaultdict(Decimal)
    for _, spec, count in pods:
        needed["pods"] += count
        for container in spec["containers"]:
            for kind, resources in container.get("resources", {}).items():
                for resource, quantity in resources.items():
                    needed[f"{kind}.{resource}"] += count * amount(quantity)
    for short in ("cpu", "memory"):
        needed[short] = needed[f"requests.{short}"]
    return {name: total for name, total in needed.items() if total}


def _without(pods: list[tuple[str, Manifest, int]], resource: str) -> list[str]:
    """Programs that leave open what a quota on it asks each container for."""
    kind, _, name = resource.partition(".")
    if kind not in {"limits", "requests"} or name not in {"cpu", "memory"}:
        return []
    return [
        program
        for program, spec, _ in pods
        if any(name not in each["resources"].get(kind, {}) for each in spec["containers"])
    ]


def _left(each: Quota) -> Decimal:
    return max(amount(each.hard) - amount(each.used), Decimal(0))


def _fits(each: Quota, wanted: Decimal) -> bool:
    return wanted <= _left(each)


def amount(quantity: str) -> Decimal:
    """A quantity of Kubernetes, such as 100m, 2Gi or 1e3, as a number; what is none counts as 0."""
    found = _QUANTITY.fullmatch(quantity.replace("Ki", "ki"))
    if found is None or not found[1]:
        return Decimal(0)
    number, unit, binary, exponent = found.groups()
    if exponent:
        return Decimal(number).scaleb(int(exponent))
    return Decimal(number) * Decimal(1024 if binary else 1000) ** _POWERS.get(unit or "", 0)
