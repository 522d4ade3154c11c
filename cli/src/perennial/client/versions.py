"""Versions that a pipeline may go back to, and which of them is meant."""

from __future__ import annotations

from dataclasses import dataclass

from perennial.adapters.kubeconfig.trouble import ClusterTrouble, NotFound
from perennial_contract.objects.bundle import version_number
from perennial_operator.api.attempts import AttemptOutcome
from perennial_operator.api.status import Status

_LET_SERVE = frozenset({AttemptOutcome.PROMOTED, AttemptOutcome.ADOPTED})


@dataclass(frozen=True, slots=True)
class Rollback:
    """Version that was pinned, and what was before."""

    version: str
    """What `model.pin` says now."""
    served: str
    """What served; empty where nothing did."""
    pin: str
    """What `model.pin` said; empty where what was promoted last served."""


def rollback(status: Status, pin: str, version: str = "", *, forgive: bool = False) -> Rollback:
    """The version to pin: one by its name or as `v3`, by default the one that served before.

    Raises:
        NotFound: There is no such version, or none before.
        ClusterTrouble: It failed through its own fault, and is not to be forgiven.
    """
    serves = status.model.version if status.model else ""
    chosen = _named(status, version) if version else _before(status, serves)
    if chosen in status.bad_versions and not forgive:
        raise ClusterTrouble(
            f"{chosen} was taken back, since it failed through its own fault: forgive it"
            " (--forgive) to have it tried once more"
        )
    return Rollback(chosen, serves, pin)


def _named(status: Status, version: str) -> str:
    known = _known(status)
    meant = [each for each in known if version in {each, each.partition("-")[0]}]
    if len(meant) == 1:
        return meant[0]
    if version_number(version):  # older than the status remembers; the operator looks for it
        return version
    raise NotFound(f"there is no version {version}, but {', '.join(known) or 'none at all'}")


def _before(status: Status, serves: str) -> str:
    let_serve = [entry.version for entry in status.history if entry.outcome in _LET_SERVE]
    if serves in let_serve:
        let_serve = let_serve[: let_serve.index(serves)]
    elif serves:  # so old that the history has forgotten it: what it names came later
        let_serve = [v for v in let_serve if version_number(v) < version_number(serves)]
    others = {"", serves, *status.bad_versions}
    good = [version for version in let_serve if version not in others]
    if not good:
        known = ", ".join(_known(status)) or "none at all"
        what = f"there is no version before {serves or 'the first'} in the status"
        raise NotFound(f"{what}: name one, of {known}")
    return good[-1]


def _known(status: Status) -> list[str]:
    """Versions that the status names, oldest first."""
    serves = status.model.version if status.model else ""
    published = [entry.version for entry in status.history]
    named = {each: None for each in (*published, *status.bad_versions, status.head, serves) if each}
    return sorted(named, key=version_number)
