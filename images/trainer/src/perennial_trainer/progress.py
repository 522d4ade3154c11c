"""Progress of an attempt, for /status and /metrics: its stage, its trials, and seconds by stage."""

from __future__ import annotations

from collections.abc import Callable

from perennial_contract.settings import TrainerSettings
from perennial_contract.status import TrainerReport
from perennial_trainer.search.trial import Trial


class Progress:
    """Written by the attempt, read by the status server's thread; `clock` in seconds."""

    def __init__(self, settings: TrainerSettings, pod: str, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since = clock()
        self._seconds: dict[str, float] = {}
        self.champion = settings.champion
        self.rows: dict[str, int] = {}
        """New rows by what they are for: judge, train."""
        self.best: Trial | None = None
        """The trial with the lowest loss so far."""
        total = settings.optimizer.max_evals
        self.report = TrainerReport(
            uid=settings.uid,
            pod=pod,
            ready=True,
            number=settings.number,
            stage="data",
            total=total,
        )

    def stage(self, name: str) -> None:
        self._seconds = self.seconds()
        self._since = self._clock()
        self.report = self.report.model_copy(update={"stage": name})

    def split(self, judged: int, trained: int) -> None:
        self.rows = {"judge": judged, "train": trained}

    def trial(self, trial: Trial) -> None:
        found = self.report.best
        if trial.loss is not None and (found is None or trial.loss < found):
            self.best, found = trial, trial.loss
        self.report = self.report.model_copy(update={"done": trial.number + 1, "best": found})

    def seconds(self) -> dict[str, float]:
        """By stage, the one that runs included."""
        spent = self._seconds.get(self.report.stage, 0.0) + self._clock() - self._since
        return {**self._seconds, self.report.stage: round(spent, 3)}
