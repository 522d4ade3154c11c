"""Subject of a diagnosis: a ModelPipeline as the operator would have its programs run it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from perennial.cluster.admission import admitted
from perennial_contract.resource.values import Section
from perennial_contract.settings import PredictorSettings
from perennial_operator.api.names import Manifest
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.spec import Spec
from perennial_operator.api.status import Status
from perennial_operator.manifests.settings import predictor_settings

_NOT_YET: Final = datetime.fromtimestamp(0, UTC)


class Use(NamedTuple):
    """A topic, and what the programs do with it."""

    section: str
    """Of the spec."""
    topic: str
    rights: tuple[str, ...]
    """By Kafka's names of operations."""

    @property
    def path(self) -> tuple[str, ...]:
        return ("spec", self.section, "topic")


@dataclass(frozen=True, slots=True)
class Subject:
    pipeline: Pipeline

    @property
    def spec(self) -> Spec:
        return self.pipeline.spec

    @property
    def settings(self) -> PredictorSettings:
        return predictor_settings(self.pipeline)

    @property
    def uses(self) -> list[Use]:
        spec = self.spec
        found = [Use("events", spec.events.topic, ("READ",))]
        if spec.labels and spec.labels.topic:
            found.append(Use("labels", spec.labels.topic, ("READ",)))
        found += [
            Use("predictions", spec.predictions.topic, ("WRITE",)),
            Use("deadLetters", spec.dead_letters.topic, ("WRITE",)),
        ]
        if spec.lifecycle:
            heard = ("READ",) if spec.labels else ()  # by the recorder
            found.append(Use("lifecycle", spec.lifecycle.topic, (*heard, "WRITE")))
        return found

    @property
    def topics(self) -> list[str]:
        """Each once."""
        return list(dict.fromkeys(use.topic for use in self.uses))

    @property
    def group(self) -> str:
        return f"{self.settings.id_prefix}.predictor"


def subject_of(manifest: Manifest, bootstrap: str = "", endpoint: str = "") -> Subject:
    """A ModelPipeline that would be accepted; empty addresses are those of the manifest.

    Raises:
        NotAdmitted: It would not be accepted.
    """
    whole = admitted(manifest)
    spec = Spec.model_validate(whole["spec"])
    changes: dict[str, Section] = {}
    if bootstrap:
        changes["kafka"] = spec.kafka.model_copy(update={"bootstrap_servers": bootstrap})
    if endpoint:
        changes["storage"] = spec.storage.model_copy(update={"endpoint": endpoint})
    meta = whole["metadata"]
    return Subject(
        Pipeline(
            uid="",
            namespace=meta["namespace"],
            name=meta["name"],
            created=_NOT_YET,
            generation=1,
            spec=spec.model_copy(update=changes),
            status=Status(),
        )
    )
