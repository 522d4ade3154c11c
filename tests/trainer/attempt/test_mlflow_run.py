"""MLflow's run of an attempt."""

from datetime import timedelta
from typing import Any

import pytest

from perennial_contract.objects.bundle import Manifest
from perennial_contract.status import Score, Verdict, VerdictOutcome
from perennial_trainer.attempt.mlflow_run import FinishedAttempt, MlflowRun, mlflow_run
from perennial_trainer.search.trial import Trial
from tests.support.trainer.agrawal import SCHEMA
from tests.support.trainer.builders import CREATED, a_settings

BEGUN, ENDED = CREATED, CREATED + timedelta(minutes=3)
TRACKED = {"tracking": {"uri": "http://mlflow:5000"}}
SCORES = [
    Score(candidate="champion", loss=0.5),
    Score(candidate="search", loss=0.25, gain=0.25, confidence=0.99),
]
BEST = Trial(number=3, parameters={"num_leaves": 31, "learning_rate": 0.1}, loss=0.3, trees=90)


def finished(outcome: VerdictOutcome, best: Trial | None = None, **changed: Any) -> FinishedAttempt:
    verdict = {"uid": "u-1", "number": 8, "outcome": outcome, "reason": "Better", "message": "so"}
    return FinishedAttempt(
        a_settings(8, **TRACKED), Verdict.model_validate({**verdict, **changed}), BEGUN, ENDED, best
    )


def manifest(version: str) -> Manifest:
    return Manifest(
        uid="u-1",
        number=8,
        created=BEGUN,
        label=SCHEMA.label,
        candidate="parameters-recent",
        window=4000,
        files={},
        schema_digest="",
        dataset={"s3://datasets/loans.csv": "digest"},
        rows=4000,
        parameters={"num_leaves": 63, "trees": 120, "of": version},
        score=0.25,
    )


def test_a_promotion_is_recorded_with_model_scores_and_decision() -> None:
    promoted = finished(
        VerdictOutcome.PROMOTED,
        version="v8-0000abcd",
        digest="0000abcdef",
        champion="v7-0000abcd",
        score=0.25,
        scores=SCORES,
        judged=500,
        trained=1375,
        seconds={"data": 1.5, "search": 60.0},
    )

    assert mlflow_run(promoted, manifest) == MlflowRun(
        name="attempt-8",
        experiment="loans/income",
        begun=BEGUN,
        ended=ENDED,
        refused=False,
        parameters={
            "num_leaves": "63",
            "trees": "120",
            "of": "v8-0000abcd",
            "candidate": "parameters-recent",
            "rows": "4000",
            "window": "4000",
            "dataset": "s3://datasets/loans.csv",
        },
        metrics={
            "score": 0.25,
            "judged": 500.0,
            "trained": 1375.0,
            "loss.champion": 0.5,
            "loss.search": 0.25,
            "gain.search": 0.25,
            "confidence.search": 0.99,
            "seconds.data": 1.5,
            "seconds.search": 60.0,
        },
        tags={
            "uid": "u-1",
            "attempt": "8",
            "pipeline": "loans/income",
            "outcome": "Promoted",
            "reason": "Better",
            "version": "v8-0000abcd",
            "digest": "0000abcdef",
            "champion": "v7-0000abcd",
            "mlflow.note.content": "so",
        },
    )


def test_without_a_model_the_best_trials_parameters_are_recorded() -> None:
    rejected = finished(VerdictOutcome.REJECTED, BEST, champion="v7-0000abcd", scores=SCORES)

    assert mlflow_run(rejected, manifest).parameters == {
        "num_leaves": "31",
        "learning_rate": "0.1",
        "trees": "90",
    }


def test_without_a_search_the_champions_that_competed_are_recorded() -> None:
    scores = [SCORES[0], Score(candidate="refit", loss=0.6, gain=-0.1, confidence=0.1)]
    rejected = finished(VerdictOutcome.REJECTED, champion="v7-0000abcd", scores=scores)

    assert mlflow_run(rejected, manifest).parameters["of"] == "v7-0000abcd"


@pytest.mark.parametrize(
    "known",
    [
        {"scores": SCORES},  # another run's search
        {"champion": "v7-0000abcd"},  # too few rows for any candidate
    ],
)
def test_what_is_not_known_is_not_recorded(known: dict[str, Any]) -> None:
    assert mlflow_run(finished(VerdictOutcome.REJECTED, **known), manifest).parameters == {}


def test_a_model_whose_manifest_is_gone_is_recorded_without_parameters() -> None:
    promoted = finished(VerdictOutcome.PROMOTED, version="v8-0000abcd")

    assert mlflow_run(promoted, lambda _: None).parameters == {}


def test_a_refused_attempt_has_failed() -> None:
    assert mlflow_run(finished(VerdictOutcome.REFUSED), manifest).refused


def test_the_experiment_may_have_another_name() -> None:
    tracked = a_settings(8, tracking={"uri": "http://mlflow:5000", "experiment": "credit"})
    other = FinishedAttempt(tracked, finished(VerdictOutcome.REJECTED).verdict, BEGUN, ENDED)

    assert mlflow_run(other, manifest).experiment == "credit"
