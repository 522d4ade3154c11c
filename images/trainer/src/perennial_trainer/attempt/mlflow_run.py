"""MLflow's run of an attempt: parameters, metrics and tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from perennial_contract.objects.bundle import Manifest
from perennial_contract.settings import TrainerSettings
from perennial_contract.status import Verdict, VerdictOutcome
from perennial_trainer.contest.names import CandidateName
from perennial_trainer.models.published import TREES
from perennial_trainer.search.trial import Trial

UID: Final = "uid"
ATTEMPT: Final = "attempt"
_NOTE: Final = "mlflow.note.content"  # shown as the run's description


@dataclass(frozen=True, slots=True)
class FinishedAttempt:
    """An attempt whose verdict stands."""

    settings: TrainerSettings
    """With the inputs that it began with."""
    verdict: Verdict
    begun: datetime
    ended: datetime
    best: Trial | None = None
    """Of the trials of this run's search."""


@dataclass(frozen=True, slots=True)
class MlflowRun:
    """A run; UID and ATTEMPT among its tags tell it from all others."""

    name: str
    experiment: str
    begun: datetime
    ended: datetime
    refused: bool
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


def mlflow_run(
    attempt: FinishedAttempt, find_manifest: Callable[[str], Manifest | None]
) -> MlflowRun:
    """The run that records an attempt; `find_manifest` gives a version's manifest, or None."""
    settings, verdict = attempt.settings, attempt.verdict
    named = settings.tracking.experiment if settings.tracking else ""
    return MlflowRun(
        name=f"attempt-{verdict.number}",
        experiment=named or settings.pipeline,
        begun=attempt.begun,
        ended=attempt.ended,
        refused=verdict.outcome is VerdictOutcome.REFUSED,
        parameters=_parameters(verdict, attempt.best, find_manifest),
        metrics=_metrics(verdict),
        tags={name: text for name, text in _tags(settings, verdict).items() if text},
    )


def _parameters(
    verdict: Verdict, best: Trial | None, find_manifest: Callable[[str], Manifest | None]
) -> dict[str, str]:
    """Of the model that was published, else of the best trial, else the champion's that competed.

    Another run's best trial is not known; then there are none.
    """
    searched = any(score.candidate == CandidateName.SEARCH for score in verdict.scores)
    if verdict.version:
        return _of_model(find_manifest(verdict.version))
    if searched:
        return _texts({**best.parameters, TREES: best.trees}) if best else {}
    kept = find_manifest(verdict.champion) if verdict.champion and verdict.scores else None
    return _texts(kept.parameters) if kept else {}


def _of_model(manifest: Manifest | None) -> dict[str, str]:
    if manifest is None:
        return {}
    window = {} if manifest.window is None else {"window": manifest.window}
    built = {"candidate": manifest.candidate, "rows": manifest.rows, **window}
    return _texts({**manifest.parameters, **built, "dataset": next(iter(manifest.dataset), "")})


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value != ""}


def _metrics(verdict: Verdict) -> dict[str, float]:
    found: dict[str, float | None] = {"score": verdict.score}
    if verdict.judged:
        found |= {"judged": verdict.judged, "trained": verdict.trained}
    for s in verdict.scores:
        of = {"loss": s.loss, "gain": s.gain, "confidence": s.confidence}
        found |= {f"{name}.{s.candidate}": value for name, value in of.items()}
    found |= {f"seconds.{stage}": seconds for stage, seconds in verdict.seconds.items()}
    return {name: float(value) for name, value in found.items() if value is not None}


def _tags(settings: TrainerSettings, verdict: Verdict) -> dict[str, str]:
    return {
        UID: verdict.uid,
        ATTEMPT: str(verdict.number),
        "pipeline": settings.pipeline,
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "version": verdict.version,
        "digest": verdict.digest,
        "champion": verdict.champion,
        _NOTE: verdict.message,
    }
