"""Job of the trainer: one pod of one attempt, never two at a time; the operator retries."""

from __future__ import annotations

import re
from typing import Final

from perennial_contract.settings import CPU
from perennial_operator.api.attempts import Attempt
from perennial_operator.api.digests import digest_of
from perennial_operator.api.names import KEEP_ANNOTATION, SPEC_ANNOTATION, TRAINER, Manifest
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.manifests.additions import added
from perennial_operator.manifests.config_map import config_map, mounted
from perennial_operator.manifests.pod import (
    container,
    environment,
    labels,
    metadata,
    pod,
    resources,
    secrets,
    selector,
)
from perennial_operator.manifests.settings import trainer_settings

BACKSTOP: Final = 600  # seconds beyond the deadline that the trainer keeps itself
# With no pod to spare every failure fails the Job; by this one it says so when the pod is gone.
DISRUPTION: Final = {
    "action": "FailJob",
    "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
}
KEPT: Final = 3600  # seconds that a finished Job and its log stay

_REQUESTED: Final[Manifest] = {
    "name": CPU,
    "valueFrom": {
        "resourceFieldRef": {"containerName": TRAINER, "resource": "requests.cpu", "divisor": "1"}
    },
}


def job_name(pipeline: Pipeline, number: int) -> str:
    return f"{pipeline.name}-train-{number}"


def job_digest(pipeline: Pipeline, image: str) -> str:
    """Changes when another Job would be made for the same attempt."""
    return digest_of([pipeline.spec.training_digest(), image])


def job_settings(pipeline: Pipeline, attempt: Attempt) -> Manifest:
    """The ConfigMap that the Job's pod mounts."""
    return config_map(pipeline, TRAINER, trainer_settings(pipeline, attempt))


def job(pipeline: Pipeline, image: str, attempt: Attempt) -> Manifest:
    wanted = pipeline.spec.trainer
    settings = trainer_settings(pipeline, attempt)
    program = container(
        TRAINER,
        wanted.image or image,
        resources(wanted.resources, {"cpu": "500m", "memory": "512Mi"}, {"cpu": "1"}),
        [*environment(), _REQUESTED],
    )
    tells = pipeline.spec.lifecycle is not None
    runs = pod(
        program,
        [mounted(job_settings(pipeline, attempt)), *secrets(pipeline, kafka=tells)],
        grace=10,
    )
    content = {
        "metadata": {"labels": labels(pipeline, TRAINER)},
        "spec": {**runs, "restartPolicy": "Never"},
    }
    annotations = {
        SPEC_ANNOTATION: job_digest(pipeline, image),
        KEEP_ANNOTATION: ",".join(settings.keep),
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(pipeline, TRAINER, job_name(pipeline, attempt.number), annotations),
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": int(wanted.deadline.total_seconds()) + BACKSTOP,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {"rules": [DISRUPTION]},
            "ttlSecondsAfterFinished": KEPT,
            "template": added(content, wanted.template, selector(pipeline, TRAINER)),
        },
    }


def made_from(current: Manifest) -> str:
    """The digest that a Job was made with."""
    return str(current["metadata"].get("annotations", {}).get(SPEC_ANNOTATION, ""))


def may_delete(current: Manifest, pipeline: Pipeline, number: int) -> bool:
    """Whether the Job of that attempt may delete what is pinned: it does not know of the pin.

    The newest versions stay in any case, and no attempt has made more than one.
    """
    kept = current["metadata"].get("annotations", {}).get(KEEP_ANNOTATION)
    found = re.match(r"v([0-9]+)-", pipeline.spec.model.pin)
    if kept is None or found is None or pipeline.spec.model.pin in kept.split(","):
        return False
    return int(found[1]) <= number - pipeline.spec.storage.retention.versions
