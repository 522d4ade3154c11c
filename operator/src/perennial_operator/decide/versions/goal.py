"""Goal of a rollout: what the predictor's pods are to be."""

from __future__ import annotations

from dataclasses import dataclass

from perennial_operator.api.pipeline import Pipeline, RolloutSource
from perennial_operator.api.status import Status
from perennial_operator.decide.versions.choice import served
from perennial_operator.manifests.deployment import template_digest


@dataclass(frozen=True, slots=True)
class Goal:
    """What the predictor's pods are to be."""

    pipeline: Pipeline
    """With the spec that they are made from."""
    image: str
    version: str
    """Empty where there is no model to answer with."""
    template: str
    """Digest of their template, the version left out."""
    revision: str
    """Where that template stands."""


def goal_of(pipeline: Pipeline, status: Status, image: str) -> Goal:
    """The newest spec's pods, or those of the last good template while that one is held back.

    `image` is the operator's image of the predictor.
    """
    version, good = served(pipeline, status), pipeline.good
    if good and is_held_back(pipeline, status):
        return _last_good(pipeline, good, version)
    digest = template_digest(pipeline, image)
    return Goal(pipeline, image, version, digest, pipeline.revision)


def _last_good(pipeline: Pipeline, good: RolloutSource, version: str) -> Goal:
    """The last good template; how many pods there are is no part of it."""
    size = {"replicas": pipeline.spec.predictor.replicas}
    spec = good.spec.model_copy(update={"predictor": good.spec.predictor.model_copy(update=size)})
    before = pipeline.model_copy(update={"spec": spec})
    digest = template_digest(before, good.image)
    return Goal(before, good.image, version, digest, good.revision)


def is_held_back(pipeline: Pipeline, status: Status) -> bool:
    """Until the next edit, or until another version is to serve."""
    model = status.model
    same = model is not None and served(pipeline, status) == model.version
    return bool(status.held_back) and status.held_back == pipeline.revision and same
