"""Risks of a ModelPipeline that is taken: what will bite, as far as its file tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from perennial.validation.refusals import Remark
from perennial_contract.resource.file_uri import is_file, sqlite_path
from perennial_operator.api.names import Manifest
from perennial_operator.api.spec import Spec

MANY: Final = 20_000  # labels that a pipeline without a dataset waits for
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]*[a-z0-9]")


def risks(written: Manifest) -> Iterator[Remark]:
    """Those of a section `spec` as it is written, which `refusals` has nothing against."""
    spec = Spec.model_validate(written)
    yield from _files(spec)
    yield from _alike(spec)
    if spec.events.id and "id" not in written["events"]:
        yield Remark(
            ("spec", "events", "id"),
            "is left out: an event is known by its key, and its label by the same; give it where"
            " keys repeat within labels.maxDelay, as a customer's do",
        )
    if spec.dataset is None and spec.retrain.threshold >= MANY:
        yield Remark(
            ("spec", "retrain", "threshold"),
            f"without a dataset nothing is answered until {spec.retrain.threshold:,} labels came",
        )
    if spec.optimizer.timeout >= spec.trainer.deadline:
        yield Remark(
            ("spec", "optimizer", "timeout"),
            "a search may take all of trainer.deadline: the attempt would end without a verdict",
        )
    if not _BUCKET.fullmatch(spec.storage.bucket):
        yield Remark(
            ("spec", "storage", "bucket"), "S3 takes only a-z, 0-9, - and . in a bucket's name"
        )
    for number, feature in enumerate(spec.label_schema.features):
        if spec.dataset and feature.name == spec.dataset.label:
            yield Remark(
                ("spec", "schema", "features", number, "name"),
                "is the dataset's label: the model would be told what it is to find out",
            )


def _files(spec: Spec) -> Iterator[Remark]:
    said = "the API server refuses file: in a cluster; the loop without one takes it"
    if spec.dataset and is_file(spec.dataset.uri):
        yield Remark(("spec", "dataset", "uri"), said)
    if is_file(spec.storage.endpoint):
        yield Remark(("spec", "storage", "endpoint"), said)
    if spec.tracking and sqlite_path(spec.tracking.uri):
        yield Remark(("spec", "tracking", "uri"), said.replace("file:", "sqlite:"))


def _alike(spec: Spec) -> Iterator[Remark]:
    """Names of topics that Kafka takes for the same, since its metrics have no dots."""
    named = {
        "events": spec.events.topic,
        "predictions": spec.predictions.topic,
        "deadLetters": spec.dead_letters.topic,
        "labels": (spec.labels and spec.labels.topic) or "",
        "lifecycle": spec.lifecycle.topic if spec.lifecycle else "",
    }
    seen: dict[str, str] = {}
    for section, topic in named.items():
        other = seen.setdefault(topic.replace(".", "_"), topic)
        if topic and other != topic:
            yield Remark(
                ("spec", section, "topic"),
                f"Kafka makes no topic {topic} beside {other}: they differ only by . and _",
            )
