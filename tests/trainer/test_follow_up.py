"""The follow-up of a verdict, step by step."""

import logging
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from perennial_contract.lifecycle import Completed, Message
from perennial_contract.objects.bundle import FILES, MANIFEST, key
from perennial_contract.runtime.objects import StoreError
from perennial_contract.status import Verdict, VerdictOutcome
from perennial_trainer.attempt.mlflow_run import FinishedAttempt, MlflowRun
from perennial_trainer.follow_up import follow_up
from tests.fakes.objects import FakeObjects
from tests.support.trainer.builders import CREATED, a_settings

ENDED = CREATED + timedelta(minutes=3)
SETTINGS = a_settings(
    9,
    champion="v2-0000abcd",
    previous="v1-0000abcd",
    keep=["v3-0000abcd"],
    watermark={"t": {"0": 2000}},
    storage={"bucket": "perennial", "secretRef": {"name": "s3"}, "retention": {"versions": 2}},
    tracking={"uri": "http://mlflow:5000"},
)
VERDICT = Verdict(
    uid="u-1",
    number=9,
    outcome=VerdictOutcome.REJECTED,
    reason="NoGain",
    message="no gain",
    champion="v2-0000abcd",
    score=0.5,
    watermark={"t": {"0": 2000}},
)


@dataclass
class Listeners:
    """Kafka, MLflow and S3 in memory; those named in `away` answer nobody."""

    away: frozenset[str] = frozenset()
    announced: list[Message] = field(default_factory=list)
    recorded: list[MlflowRun] = field(default_factory=list)
    store: FakeObjects = field(default_factory=FakeObjects)

    def follow_up(self, attempt: FinishedAttempt) -> None:
        follow_up(attempt, self.store, self.announce, self.track)

    def announce(self, message: Message) -> None:
        self._reach("Kafka")
        self.announced.append(message)

    def track(self, run: MlflowRun) -> None:
        self._reach("MLflow")
        self.recorded.append(run)

    def _reach(self, server: str) -> None:
        if server in self.away:
            raise OSError(f"{server} is away")

    def versions(self) -> list[str]:
        return sorted({name.split("/")[1] for name in self.store.list("models/")})


class Immovable(FakeObjects):
    def delete(self, key: str) -> None:
        raise StoreError(f"S3 gave no clear answer for {key}")


def with_models(store: FakeObjects) -> FakeObjects:
    for number in range(1, 9):
        for file in (*FILES, MANIFEST):
            store.put_new(key(f"v{number}-0000abcd", file), b"")
    return store


def test_it_is_told_old_models_go_and_it_is_recorded() -> None:
    listeners = Listeners(store=with_models(FakeObjects()))

    listeners.follow_up(FinishedAttempt(SETTINGS, VERDICT, CREATED, ENDED))

    assert listeners.announced == [
        Completed(
            pipeline="loans/income",
            at=ENDED,
            attempt=9,
            verdict="Rejected",
            reason="NoGain",
            champion="v2-0000abcd",
            score=0.5,
            watermark={"t": {"0": 2000}},
        )
    ]
    assert listeners.versions() == [f"v{number}-0000abcd" for number in (1, 2, 3, 7, 8)]
    assert [run.name for run in listeners.recorded] == ["attempt-9"]


def test_a_model_that_was_just_published_stays_whatever_its_number() -> None:
    listeners = Listeners(store=with_models(FakeObjects()))
    promoted = VERDICT.model_copy(update={"version": "v4-0000abcd"})

    listeners.follow_up(FinishedAttempt(SETTINGS, promoted, CREATED, ENDED))

    assert "v4-0000abcd" in listeners.versions()


def test_without_tracking_nothing_is_recorded() -> None:
    listeners = Listeners()

    listeners.follow_up(FinishedAttempt(a_settings(9), VERDICT, CREATED, ENDED))

    assert (len(listeners.announced), listeners.recorded) == (1, [])


def test_each_step_that_fails_is_a_warning_and_the_others_are_taken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = with_models(Immovable())
    listeners = Listeners(frozenset({"Kafka"}), store=store)

    listeners.follow_up(FinishedAttempt(SETTINGS, VERDICT, CREATED, ENDED))

    warned = [(r.levelno, vars(r)["what"], vars(r)["reason"]) for r in caplog.records]
    assert warned == [
        (logging.WARNING, "lifecycle", "OSError"),
        (logging.WARNING, "retention", "StorageUnavailable"),
    ]
    assert len(listeners.recorded) == 1


def test_an_mlflow_that_is_away_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    listeners = Listeners(frozenset({"MLflow"}))

    listeners.follow_up(FinishedAttempt(SETTINGS, VERDICT, CREATED, ENDED))

    assert [vars(r)["why"] for r in caplog.records] == ["MLflow is away"]
    assert len(listeners.announced) == 1
