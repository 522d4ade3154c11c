"""Faults of a version itself, as opposed to those of its node, its pod or its template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from perennial_contract.reasons import ProgramReason
from perennial_contract.status import BundleState, PredictorReport, Problem
from perennial_operator.api.names import PREDICTOR
from perennial_operator.api.reasons import Reason
from perennial_operator.api.status import Status
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.world import Observed

# Exit codes of a process that its own act has ended: SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV.
# 137 and 143 are others' doing: the memory limit, a probe, the node, a deletion.
_OWN_DEATHS: Final = frozenset({132, 134, 135, 136, 139})


@dataclass(frozen=True, slots=True)
class Fault:
    """Fault of a version itself."""

    problem: Problem
    of_files: bool = False
    """Whether its files on S3 are at fault, whatever the pod was made from."""


def own_fault(version: str, status: Status, observed: Observed) -> Fault | None:
    """The fault of a version, if it has one; any other stall is waited for.

    Once a version serves, a pod counts only when it was made from the same template, but for files
    that are not those that were published.
    """
    good = status.model.template if status.model else ""
    for pod in observed.of(PREDICTOR):
        if pod.version != version:
            continue
        same = not good or pod.template == good
        said = observed.report(pod, PredictorReport)
        broken = said and said.version == version and said.bundle is BundleState.BROKEN
        if said and broken and (same or said.altered):
            plain = Problem(reason=ProgramReason.BUNDLE_BROKEN, message=f"{version} is broken")
            return Fault(said.problem or plain, said.altered)
        if good and same and _crashed_loading(pod):
            what = f"pod {pod.name} ended while it loaded {version}"
            return Fault(Problem(reason=Reason.CRASHED_LOADING, message=what))
    return None


def _crashed_loading(pod: Pod) -> bool:
    last = pod.last
    if last is None or last.code not in _OWN_DEATHS or last.reason == "OOMKilled":
        return False
    return last.message.strip().startswith(BundleState.LOADING.value)
