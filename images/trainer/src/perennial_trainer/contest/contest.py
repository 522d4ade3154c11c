"""Contest of models in one attempt: its settings, its rows, and who serves or has served."""

from __future__ import annotations

from dataclasses import dataclass

from perennial_contract.settings import TrainerSettings
from perennial_model.arrays import Floats, Index
from perennial_trainer.contest.base_rate import base_rate
from perennial_trainer.data.rows import Rows
from perennial_trainer.models.published import PublishedModel
from perennial_trainer.models.recipe import Material


@dataclass(frozen=True, slots=True)
class Contest:
    """The rows to compete on; `champion` is None where there is none that can be judged."""

    settings: TrainerSettings
    material: Material
    ripe_until: int
    """ms since 1970: labels that came later do not judge yet."""
    champion: PublishedModel | None = None
    previous: PublishedModel | None = None
    same_schema: bool = True
    """Whether the champion was trained for the schema of today."""

    @property
    def rows(self) -> Rows:
        return self.material.rows

    def new_among(self, index: Index) -> int:
        """How many of the rows at `index` the champion has not seen."""
        return int(self.rows.new[index].sum())

    def losses_to_beat(self, index: Index) -> Floats:
        """Losses of the champion on the rows at `index`, or without one of the base rate."""
        if self.champion is None:
            return self.losses(base_rate(self.rows, index), index)
        return self.losses(self.champion.model.predictions(self.rows.pick(index)), index)

    def losses(self, predictions: Floats, index: Index) -> Floats:
        """Losses of the rows at `index`, shape (n,)."""
        return self.rows.task.losses(self.rows.labels[index], predictions)
