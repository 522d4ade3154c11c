"""Tasks, by what the label of a schema is."""

from __future__ import annotations

from perennial_contract.resource.schema import BinaryLabel
from perennial_model.tasks.binary import Binary
from perennial_model.tasks.task import Task


def task_of(label: BinaryLabel) -> Task:
    return Binary(label)
