"""History of a pipeline: the base dataset and the observations, as an attempt reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from perennial_contract.objects.bundle import sha256
from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.schema import BinaryLabel, Feature, Schema
from perennial_contract.runtime.objects import Objects, StoreError
from perennial_contract.settings import TrainerSettings
from perennial_contract.watermark import Watermark
from perennial_model.features.infer import infer
from perennial_model.refusals import DataRefused
from perennial_trainer.data.dataset import Base, read
from perennial_trainer.data.observations import read_parts
from perennial_trainer.data.rows import Rows, assemble


class DatasetMissing(StoreError):  # noqa: N818  named as the problem's reason
    """The base dataset is not there yet."""

    reason = ProgramReason.DATASET_MISSING


@dataclass(frozen=True, slots=True)
class History:
    """All labelled rows, and where they come from."""

    rows: Rows
    base: Base | None
    digests: dict[str, str]
    """SHA-256 of the base dataset, by its URI."""
    label: BinaryLabel
    """The classes: the schema's, or those of the dataset's column."""

    def features(self, schema: Schema, known: tuple[Feature, ...]) -> tuple[Feature, ...]:
        """Inferred from the base dataset; without one those `known`, else from all rows.

        Raises:
            DataRefused: A column cannot be a feature.
        """
        if self.base:
            return infer(self.base.as_read, schema)
        return known or infer(self.rows.records, schema)


def read_history(
    settings: TrainerSettings,
    store: Objects,
    dataset: Callable[[str], bytes | None],
    seen: Watermark | None,
) -> History:
    """Dataset and observations; `dataset` gives what lies at a URI, `seen` is the champion's.

    Raises:
        DataRefused: They are not there, or cannot be used.
        DatasetMissing: The dataset is not there yet.
        StoreError: S3 is away, or observations are missing.
    """
    base, digests = None, {}
    if settings.dataset:
        uri = settings.dataset.uri
        if (data := dataset(uri)) is None:
            raise DatasetMissing(f"dataset {uri} does not exist")
        base, digests = read(data, settings.dataset, settings.label_schema), {uri: sha256(data)}
    label = base.label if base else settings.label_schema.label
    if label is None:
        raise DataRefused("schema.label is left out, and there is no dataset to find it in")
    rows = assemble(base, read_parts(store, settings.watermark), label, seen)
    if not len(rows):
        raise DataRefused("there is neither a dataset nor an observation to learn from")
    return History(rows, base, digests, label)
