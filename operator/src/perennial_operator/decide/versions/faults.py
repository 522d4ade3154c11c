"""Faults of a version itself, as opposed to those of its node, its pod or its template."""

from __future__ import annotations

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


def own_fault(version: str, status: Status, observed: Observed) -> Problem | None:
    """The fault of a version, if it has one; any other stall is waited for.

    Once a version serves, a pod counts only when it was made from the same template.
    """
    good = status.model.template if status.model else ""
    for pod in observed.of(PREDICTOR):
        if pod.version != version or (good and pod.template != good):
            continue
        said = observed.report(pod, PredictorReport)
        if said and said.version == pod.version and said.bundle is BundleState.BROKEN:
            what = f"{pod.version} is broken"
            return said.problem or Problem(reason=ProgramReason.BUNDLE_BROKEN, message=what)
        if good and _crashed_loading(pod):
            what = f"pod {pod.name} ended while it loaded {pod.version}"
            return Problem(reason=Reason.CRASHED_LOADING, message=what)
    return None


def _crashed_loading(pod: Pod) -> bool:
    last = pod.last
    if last is None or last.code not in _OWN_DEATHS or last.reason == "OOMKilled":
        return False
    return last.message.strip().startswith(BundleState.LOADING.value)
