"""Topics of a ModelPipeline, out of its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from perennial.pipeline import NAMESPACE, ManifestTrouble
from perennial_contract.resource.kafka import Kafka
from perennial_operator.api.errors import explain
from perennial_operator.api.names import KIND
from perennial_operator.api.spec import Spec


@dataclass(frozen=True, slots=True)
class Topics:
    """Names, and how their brokers are reached."""

    name: str
    """Of the ModelPipeline."""
    namespace: str
    id_prefix: str
    """By which answers and dead letters name their pipeline."""
    events: str
    predictions: str
    dead_letters: str
    kafka: Kafka

    @property
    def shared(self) -> bool:
        """Whether answers stand among the events."""
        return self.events == self.predictions


def topics_of(
    manifest: Mapping[str, Any], place: str, namespace: str = "", otherwise: str = NAMESPACE
) -> Topics:
    """Read as the operator reads them; `place` says where the manifest is from.

    The namespace is the one given, else the manifest's, else `otherwise`.

    Raises:
        ManifestTrouble: It is no ModelPipeline that an operator of this version takes.
    """
    meta, spec = manifest.get("metadata"), manifest.get("spec")
    named = isinstance(meta, dict) and meta.get("name") and isinstance(spec, dict)
    if manifest.get("kind") != KIND or not named or not isinstance(meta, dict):
        raise ManifestTrouble(
            f"{place} is no ModelPipeline: kind, metadata.name and spec are needed"
        )
    try:
        read = Spec.model_validate(spec)
    except ValidationError as error:
        raise ManifestTrouble(f"{place}: {explain(error)}") from error
    where = namespace or meta.get("namespace") or otherwise
    return Topics(
        name=meta["name"],
        namespace=where,
        id_prefix=read.kafka.id_prefix or f"{where}.{meta['name']}",
        events=read.events.topic,
        predictions=read.predictions.topic,
        dead_letters=read.dead_letters.topic,
        kafka=read.kafka,
    )


def topics_in(file: Path, namespace: str = "", otherwise: str = NAMESPACE) -> Topics:
    """Those of the only ModelPipeline in a file, as `topics_of`; raises ManifestTrouble."""
    try:
        found = [each for each in yaml.safe_load_all(file.read_text()) if isinstance(each, dict)]
    except OSError as error:
        raise ManifestTrouble(f"{file}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ManifestTrouble(f"{file} is no YAML: {error}") from error
    pipelines = [each for each in found if each.get("kind") == KIND]
    if len(pipelines) > 1:
        raise ManifestTrouble(f"{file} holds {len(pipelines)} ModelPipelines: keep one in it")
    first = (pipelines or found or [{}])[0]
    return topics_of(first, str(file), namespace, otherwise)
