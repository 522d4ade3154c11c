"""World of one ModelPipeline as one pass has seen it: children, pods, and what the pods report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from perennial_contract.status import Problem, Report
from perennial_operator.api.names import Manifest
from perennial_operator.observe.pods import Pod

R = TypeVar("R", bound=Report)
_LASTING: Final = ("ControllerRevision", "ConfigMap", "StatefulSet", "Deployment", "Service")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What one pass has seen of one ModelPipeline."""

    deployment: Manifest | None = None
    statefulset: Manifest | None = None
    service: Manifest | None = None
    job: Manifest | None = None
    """The Job of the newest attempt, by name."""
    pods: tuple[Pod, ...] = ()
    reports: Mapping[str, Report] = field(default_factory=dict)
    """By pod: what it said in the last 30 s."""
    silent: frozenset[str] = frozenset()
    """Pods that have not answered for 30 s."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """By kind: why the API server did not take the child in the pass before."""
    applied: Mapping[str, str] = field(default_factory=dict)
    """By kind: the digest of what was applied last, as `as_applied` makes it."""
    definition_lacks: tuple[str, ...] = ()
    """Fields of this operator that the definition does not have: it is too old."""
    podless: Mapping[str, Problem] = field(default_factory=dict)
    """By kind: the newest Warning Event about a Job or StatefulSet that has no pod."""

    def of(self, component: str) -> tuple[Pod, ...]:
        """The pods of a component that are to stay."""
        return tuple(pod for pod in self.pods if pod.component == component and pod.stays)

    def report(self, pod: Pod, kind: type[R]) -> R | None:
        said = self.reports.get(pod.name)
        return said if isinstance(said, kind) else None

    def problem(self, pod: Pod) -> Problem | None:
        """Why a pod does not do its work: its own report before Kubernetes' word."""
        said = self.reports.get(pod.name)
        return (said.problem if said else None) or pod.problem

    def refusal(self) -> str:
        """Why the API server did not take something that is to stay, if so."""
        return next((self.refused[kind] for kind in _LASTING if kind in self.refused), "")

    def first_problem(self, pods: Iterable[Pod]) -> Problem | None:
        return next(filter(None, map(self.problem, pods)), None)
