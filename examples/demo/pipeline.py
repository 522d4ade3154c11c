"""What the demo must know of its ModelPipeline, read from the very file that is applied."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

MANIFEST: Final = Path(__file__).parents[1] / "loans.yaml"
NAMESPACE: Final = "default"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Names out of a manifest; `id_field`, `record` and `label` are fields of the messages."""

    name: str
    events: str
    labels: str
    predictions: str
    dead_letters: str
    id_field: str
    record: str
    label: str
    dataset: str
    dataset_label: str
    bucket: str
    threshold: int

    @property
    def topics(self) -> tuple[str, ...]:
        return self.events, self.labels, self.predictions, self.dead_letters

    @property
    def prefix(self) -> str:
        """Where its objects lie in the bucket."""
        return f"{NAMESPACE}/{self.name}"


def parse(manifest: dict[str, Any]) -> Pipeline:
    spec = manifest["spec"]
    return Pipeline(
        name=manifest["metadata"]["name"],
        events=spec["events"]["topic"],
        labels=spec["labels"]["topic"],
        predictions=spec["predictions"]["topic"],
        dead_letters=spec["deadLetters"]["topic"],
        id_field=spec["events"]["id"]["path"],
        record=spec["events"]["record"],
        label=spec["labels"]["value"],
        dataset=spec["dataset"]["uri"],
        dataset_label=spec["dataset"]["label"],
        bucket=spec["storage"]["bucket"],
        threshold=spec["retrain"]["threshold"],
    )


def load(path: Path = MANIFEST) -> Pipeline:
    return parse(yaml.safe_load(path.read_text()))
