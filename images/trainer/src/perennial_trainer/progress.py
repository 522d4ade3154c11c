"""How far an attempt is: what /status says, and how long each stage took."""

from __future__ import annotations

from collections.abc import Callable

from perennial_contract.settings import TrainerSettings
from perennial_contract.status import TrainerReport
from perennial_trainer.trial import Trial


class Progress:
    """Told by the attempt, asked by the status server's thread; `clock` in seconds."""

    def __init__(self, settings: TrainerSettings, pod: str, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since = clock()
        self._seconds: dict[str, float] = {}
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

    def trial(self, trial: Trial) -> None:
        losses = [loss for loss in (self.report.best, trial.loss) if loss is not None]
        self.report = self.report.model_copy(
            update={"done": trial.number + 1, "best": min(losses, default=None)}
        )

    def seconds(self) -> dict[str, float]:
        """By stage, the one that runs included."""
        spent = self._seconds.get(self.report.stage, 0.0) + self._clock() - self._since
        return {**self._seconds, self.report.stage: round(spent, 3)}
