"""Forgiveness of a version that failed through its own fault: a person lets it be tried again."""

from __future__ import annotations

from perennial_operator.api.kubernetes_events import Event
from perennial_operator.api.reasons import Reason
from perennial_operator.decide.change import Change, Facts


def advance(facts: Facts) -> Change:
    """Each value of `model.forgive` takes effect once; one that fails again is bad again."""
    status, version = facts.status, facts.pipeline.spec.model.forgive
    if version == status.forgiven:
        return facts.unchanged()
    left = [bad for bad in status.bad_versions if bad != version]
    changed = status.model_copy(update={"forgiven": version, "bad_versions": left})
    if not version:
        return Change(changed)
    if left == status.bad_versions:
        what = f"spec.model.forgive: {version} is not in status.badVersions"
        return Change(changed, events=(Event(Reason.FORGIVEN, what, warning=True),))
    what = f"{version} may serve again: a pin or the next approval lets it"
    return Change(changed, events=(Event(Reason.FORGIVEN, what),))
