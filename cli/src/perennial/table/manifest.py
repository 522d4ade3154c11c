"""Manifest of the ModelPipeline that a table is streamed through."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from perennial.table.dataset import number_column
from perennial.table.sizes import Sizes
from perennial.table.table import Table

_LONGEST: Final = 40  # characters of a ModelPipeline's name
ID: Final = "request_id"
RECORD: Final = "data"
LABEL: Final = "label"  # in a label message, whatever the column is called


def name_of(path: Path) -> str:
    """A ModelPipeline's name out of the file's: demo-elec2 of Elec2.csv.gz."""
    stem = path.name.lower().removesuffix(".gz").removesuffix(".csv")
    plain = re.sub(r"[^a-z0-9]+", "-", stem).strip("-") or "table"
    return f"demo-{plain}"[:_LONGEST].rstrip("-")


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
    head = f"# Streams {table.path.name} in the order of its rows; the label is {table.label}.\n"
    return head + yaml.safe_dump(dict(made), sort_keys=False, allow_unicode=True)
