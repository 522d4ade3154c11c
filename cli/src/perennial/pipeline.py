"""Names of a pipeline that a run follows, read from the very file that is applied."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from perennial_contract.messages.paths import place
from perennial_contract.messages.spellings import keep_label, spellings
from perennial_contract.resource.schema import BinaryLabel
from perennial_contract.resource.streams import Reference
from perennial_contract.resource.training import Tracking
from perennial_operator.api.errors import explain
from perennial_operator.api.spec import Spec

NAMESPACE: Final = "default"

Label = str | int | float


class ManifestTrouble(Exception):  # noqa: N818  what it is
    """A file holds no ModelPipeline that the demo can follow; the message names file and field."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names out of a manifest; what is empty is not declared."""

    name: str
    events: str
    labels: str
    """The topic of late labels; empty where they lie inside the events."""
    predictions: str
    dead_letters: str
    lifecycle: str
    id_field: str
    """Where the id lies in an event; empty where nothing says so, or where it is the key."""
    label_id: str
    """Where the event's id lies in a label message; empty where it is the key."""
    record: str
    label: str
    """Where the label lies in a label message, or inside the event."""
    classes: BinaryLabel | None
    """None where the dataset tells them."""
    dataset: str
    dataset_label: str
    bucket: str
    prefix: str
    """Where its objects lie in the bucket."""
    threshold: int
    experiment: str
    """In MLflow."""

    @property
    def topics(self) -> tuple[str, ...]:
        named = (self.events, self.labels, self.predictions, self.dead_letters, self.lifecycle)
        return tuple(dict.fromkeys(name for name in named if name))

    @property
    def positive(self) -> str:
        """The positive class; empty where the dataset tells it."""
        return self.classes.positive if self.classes else ""

    def read_label(self, written: object) -> str:
        """The class that a label means, in one spelling; empty for neither."""
        return keep_label(written, spellings(self.classes) if self.classes else None) or ""


@dataclass(frozen=True, slots=True)
class Message:
    topic: str
    key: str
    value: bytes


def event(pipeline: Names, identity: str, record: dict[str, Any], label: Label) -> Message:
    """A message of the events topic; the key is the id even where nothing declares one."""
    content: dict[str, Any] = {}
    if pipeline.id_field:
        place(content, pipeline.id_field, identity)
    if pipeline.record:
        place(content, pipeline.record, dict(record))
    else:
        content |= record
    if not pipeline.labels:
        place(content, pipeline.label, label)
    return Message(pipeline.events, identity, json.dumps(content).encode())


def late_label(pipeline: Names, identity: str, label: Label) -> Message:
    """A message of the labels topic; the key is the id here too."""
    content: dict[str, Any] = {}
    if pipeline.label_id:
        place(content, pipeline.label_id, identity)
    place(content, pipeline.label, label)
    return Message(pipeline.labels, identity, json.dumps(content).encode())


def parse(manifest: Any) -> Names:
    """The parts of a manifest that the demo follows, read as the operator reads them.

    Raises:
        ManifestTrouble: A section is missing, or the demo cannot send what it asks for.
        ValidationError: The operator would not take the spec.
    """
    if not isinstance(manifest, dict):
        raise ManifestTrouble("it holds no mapping")
    if not (name := _section(manifest, "metadata").get("name")):
        raise ManifestTrouble("metadata.name is missing")
    spec = Spec.model_validate(_section(manifest, "spec"))
    labels, dataset = spec.labels, spec.dataset
    if labels is None:
        raise ManifestTrouble("spec.labels is missing")
    id_field = _path("events.id", spec.events.id)
    return Names(
        name=name,
        events=spec.events.topic,
        labels=labels.topic or "",
        predictions=spec.predictions.topic,
        dead_letters=spec.dead_letters.topic,
        lifecycle=spec.lifecycle.topic if spec.lifecycle else "",
        id_field=id_field,
        label_id=_path("labels.id", labels.id) if labels.id else id_field,
        record=spec.events.record,
        label=labels.path or labels.value,
        classes=spec.label_schema.label,
        dataset=dataset.uri if dataset else "",
        dataset_label=dataset.label if dataset else "",
        bucket=spec.storage.bucket,
        prefix=spec.storage.prefix or f"{NAMESPACE}/{name}",
        threshold=spec.retrain.threshold,
        experiment=_experiment(name, spec.tracking),
    )


def _section(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    found = manifest.get(name)
    if not isinstance(found, dict):
        raise ManifestTrouble(f"{name} is missing")
    return found


def _path(field: str, reference: Reference | None) -> str:
    """Empty for the key, which every message of the demo has."""
    if reference and reference.header:
        raise ManifestTrouble(f"{field}.header is nothing that the demo sends")
    return (reference and reference.path) or ""


def _experiment(name: str, tracking: Tracking | None) -> str:
    return (tracking.experiment or f"{NAMESPACE}/{name}") if tracking else ""


def load(path: Path) -> Names:
    """Read a manifest.

    Raises:
        ManifestTrouble: There is no such file, or it holds no ModelPipeline with labels.
    """
    try:
        return parse(yaml.safe_load(path.read_text()))
    except OSError as error:
        raise ManifestTrouble(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ManifestTrouble(f"{path} is no YAML: {error}") from error
    except ValidationError as error:
        raise ManifestTrouble(f"{path}: {explain(error)}") from error
    except ManifestTrouble as trouble:
        raise ManifestTrouble(f"{path} is no ModelPipeline to follow: {trouble}") from trouble
