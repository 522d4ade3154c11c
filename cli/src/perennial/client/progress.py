"""Progress of what was asked for: whether a condition is met, and why not yet."""

from __future__ import annotations

from pydantic import ValidationError

from perennial.adapters.kubeconfig.trouble import ClusterTrouble, Refused
from perennial.report.view import UNSEEN
from perennial_operator.api.attempts import AttemptOutcome, HistoryEntry
from perennial_operator.api.names import Manifest
from perennial_operator.api.reasons import Reason
from perennial_operator.api.status import Condition, Status


def status_of(resource: Manifest) -> Status:
    """Raises ClusterTrouble: a later version has written what this one cannot read."""
    try:
        return Status.model_validate(resource.get("status", {}))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise ClusterTrouble(
            f"status.{field} cannot be read ({first['msg']}): use the perennial-loop of the"
            " operator's version"
        ) from error


def is_met(resource: Manifest, condition: str) -> bool:
    """Whether a condition is True of the newest spec; of an edit once its pods run it.

    Raises:
        Refused: The operator does not take the newest spec.
    """
    generation = resource["metadata"].get("generation", 0)
    found = {each.type: each for each in status_of(resource).conditions}
    accepted = found.get("Accepted")
    if accepted and accepted.reason == Reason.SPEC_INVALID and _is_of(accepted, generation):
        raise Refused(accepted.message, {})
    wanted = found.get(condition)
    return wanted is not None and wanted.status == "True" and _is_of(wanted, generation)


def why_not(resource: Manifest, condition: str) -> str:
    """What stands in the way, in the words of the status."""
    conditions = status_of(resource).conditions
    telling = [each for each in conditions if each.type in {condition, "Stalled", "Reconciling"}]
    said = "; ".join(
        f"{each.type} {each.status}, {each.reason}: {each.message}" for each in telling
    )
    if not conditions:
        return UNSEEN
    return said or f"there is no condition {condition}"


def ended(resource: Manifest, request: str, number: int) -> HistoryEntry | None:
    """The attempt that answered a request to retrain, once it has ended.

    `number` is the attempt's, or 0 where it was not seen.

    Raises:
        ClusterTrouble: Another request took its place before an attempt began.
    """
    status = status_of(resource)
    if status.handled.request == request and status.history:
        by_number = {entry.number: entry for entry in status.history}
        return by_number.get(number, status.history[-1])
    asked = resource["spec"].get("retrain", {}).get("request", "")
    if asked != request and not number:
        raise ClusterTrouble(f"another request to retrain took its place: {asked or 'none'}")
    seen = next((entry for entry in status.history if entry.number == number), None)
    return seen if seen and seen.outcome is not AttemptOutcome.SUPERSEDED else None


def serves(resource: Manifest, version: str) -> bool:
    """Whether a version serves.

    Raises:
        ClusterTrouble: It never will: it is pinned, and missing or broken.
    """
    status, generation = status_of(resource), resource["metadata"].get("generation", 0)
    for each in status.conditions:
        failed = each.reason == Reason.PIN_UNAVAILABLE and _is_of(each, generation)
        if failed and version in each.message:
            raise ClusterTrouble(each.message)
    return status.model is not None and status.model.version == version


def must_be_pinned(resource: Manifest, version: str) -> None:
    """Raises ClusterTrouble: somebody has taken the pin back, such as a GitOps controller."""
    if (pin := resource["spec"].get("model", {}).get("pin", "")) != version:
        raise ClusterTrouble(
            f"somebody else has set model.pin to {pin or 'nothing'} since: {version} must be"
            " pinned where they take it from"
        )


def attempt_for(resource: Manifest, request: str) -> int:
    """The number of the attempt that answers a request; 0 where none does."""
    attempt = status_of(resource).attempt
    return attempt.number if attempt and attempt.request == request else 0


def _is_of(condition: Condition, generation: int) -> bool:
    return condition.observed_generation >= generation
