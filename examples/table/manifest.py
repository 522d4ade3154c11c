"""The ModelPipeline that plays a table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

import yaml

from examples.demo.dataset import as_csv
from examples.demo.rows import Row
from examples.table.csv_lines import TableRefused
from examples.table.sizes import Sizes
from examples.table.table import Table
from perennial_contract.resource.schema import Schema
from perennial_model.features.infer import DatasetRefused, infer

_LONGEST: Final = 40  # characters of a ModelPipeline's name
ID: Final = "request_id"
RECORD: Final = "data"
LABEL: Final = "label"  # in a label message, whatever the column is called


def name_of(path: Path) -> str:
    """A ModelPipeline's name out of the file's: demo-elec2 of Elec2.csv.gz."""
    stem = path.name.lower().removesuffix(".gz").removesuffix(".csv")
    plain = re.sub(r"[^a-z0-9]+", "-", stem).strip("-") or "table"
    return f"demo-{plain}"[:_LONGEST].rstrip("-")


def unusable(table: Table, base: int) -> dict[str, str]:
    """Columns that cannot be features as they are, with the reason.

    Raises:
        TableRefused: No column can.
    """
    found: dict[str, str] = {}
    schema = Schema(label=table.classes)
    for name in table.columns:
        try:
            infer([{name: row.record[name]} for row in table.rows[:base]], schema)
        except DatasetRefused as refused:
            found[name] = str(refused)
    if len(found) == len(table.columns):
        name, why = next(iter(found.items()))
        raise TableRefused(f"no column of {table.path} can be a feature; {name!r}: {why}")
    return found


def number_column(table: Table) -> str:
    """The dataset's column that says which row it is: in the file's order the first are older."""
    name = "row"
    while name in {table.label, *table.columns}:
        name += "_"
    return name


def base(table: Table, rows: int) -> bytes:
    """The dataset of so many of the first rows as CSV."""
    name = number_column(table)
    numbered = (
        Row({name: number, **row.record}, row.label) for number, row in enumerate(table.rows, 1)
    )
    return as_csv(islice(numbered, rows), table.label)


def manifest(table: Table, sizes: Sizes, excluded: Mapping[str, str]) -> dict[str, Any]:
    name = name_of(table.path)
    label = table.classes
    return {
        "apiVersion": "perennial.dev/v1alpha1",
        "kind": "ModelPipeline",
        "metadata": {"name": name},
        "spec": {
            "task": "Binary",
            "kafka": {"bootstrapServers": "kafka:9092"},
            "events": {"topic": f"{name}-events", "id": {"path": ID}, "record": RECORD},
            "labels": {"topic": f"{name}-labels", "value": LABEL, "maxDelay": "5m"},
            "predictions": {"topic": f"{name}-predictions"},
            "deadLetters": {"topic": f"{name}-dead-letters"},
            "schema": {
                "label": {"positive": label.positive, "negative": label.negative},
                "exclude": list(excluded),
            },
            "dataset": {
                "uri": f"s3://datasets/{name}/train.csv",
                "label": table.label,
                "timeColumn": number_column(table),
            },
            "storage": {
                "endpoint": "http://minio:9000",
                "bucket": "perennial",
                "secretRef": {"name": "s3-client"},
            },
            "retrain": {"threshold": sizes.threshold},
            "optimizer": {"maxEvals": 10},
            "promotion": {"minJudged": sizes.min_judged},
            "predictor": {"replicas": 2},
            "recorder": {"flushInterval": "2s"},
            "trainer": {"resources": {"limits": {"cpu": "1", "memory": "2Gi"}}},
            "tracking": {"uri": "http://mlflow.default:5000", "experiment": name},
        },
    }


def text(made: Mapping[str, Any], table: Table) -> str:
    """As a file to apply."""
    head = f"# Plays {table.path.name} in the order of its rows; the label is {table.label}.\n"
    return head + yaml.safe_dump(dict(made), sort_keys=False, allow_unicode=True)
