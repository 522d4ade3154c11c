"""Cluster of a pipeline: definition, operator, and what its pods find in their namespace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from perennial.diagnosis.defect import Defect, unseen, warning
from perennial.diagnosis.facts import ClusterFacts
from perennial.diagnosis.quota import quota
from perennial.diagnosis.subject import Subject
from perennial_operator.api.names import COMPONENTS
from perennial_operator.api.reasons import Reason

_INSTALL: Final = (
    "helm upgrade --install perennial helm/perennial --namespace perennial-system"
    " --create-namespace"
)
_KIND: Final = ("kind",)
_NAMESPACE: Final = ("metadata", "namespace")
_SHOWN: Final = 5


def cluster(subject: Subject, facts: ClusterFacts) -> Iterator[Defect]:
    if facts.namespace is False:
        name = subject.pipeline.namespace
        what = f"there is no namespace {name} in the cluster"
        yield Defect(_NAMESPACE, what, f"Create it: kubectl create namespace {name}")
    yield from _definition(facts)
    yield from _operator(subject, facts)
    yield from _accounts(subject, facts)
    yield from quota(subject, facts)


def _definition(facts: ClusterFacts) -> Iterator[Defect]:
    if facts.lacks is None:
        what = "the cluster knows no ModelPipeline: its definition is not installed"
        yield Defect(_KIND, what, f"Install the operator's chart: {_INSTALL}")
    elif facts.lacks:
        more = ", ..." if len(facts.lacks) > _SHOWN else ""
        yield warning(
            _KIND,
            f"the definition in the cluster is older than this command: it does not know"
            f" {', '.join(facts.lacks[:_SHOWN])}{more}",
            Reason.DEFINITION_OUTDATED.remedy,
        )
    if facts.refused:
        yield Defect(_KIND, f"the API server would refuse it: {facts.refused}", "Do as it says.")


def _operator(subject: Subject, facts: ClusterFacts) -> Iterator[Defect]:
    if facts.watchers is None:
        yield unseen(
            _KIND,
            "whether an operator works could not be seen: we may not list Leases",
            "Ask who installed it.",
        )
        return
    working = [each for each in facts.watchers if each.works]
    if not working:
        known = ", ".join(each.lease for each in facts.watchers)
        was = f": {known} has not been renewed for a minute" if known else ""
        yield Defect(
            _KIND,
            f"no operator works in the cluster{was}",
            f"Look at its pod, or install it: {_INSTALL}",
        )
        return
    name = subject.pipeline.namespace
    if not any(name in each.namespaces or not each.namespaces for each in working):
        watched = ", ".join(sorted({n for each in working for n in each.namespaces}))
        yield Defect(
            _NAMESPACE,
            f"no operator works on namespace {name}, only on {watched}",
            "Add it to the chart's watchNamespaces, or choose another namespace.",
        )


def _accounts(subject: Subject, facts: ClusterFacts) -> Iterator[Defect]:
    for program in COMPONENTS:
        name = getattr(subject.spec, program).template.service_account_name
        if facts.accounts.get(name) is False:
            yield Defect(
                ("spec", program, "template", "serviceAccountName"),
                f"there is no ServiceAccount {name} in namespace {subject.pipeline.namespace}",
                f"Create it: kubectl create serviceaccount {name}"
                f" --namespace {subject.pipeline.namespace}",
            )
