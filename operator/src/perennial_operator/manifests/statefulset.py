"""StatefulSet of the recorder: at most one pod, since one writer keeps the sequence."""

from __future__ import annotations

import math
from typing import Final

from perennial_operator.api.digests import digest_of
from perennial_operator.api.names import RECORDER, TEMPLATE_ANNOTATION, Manifest
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.quantities import parse_bytes
from perennial_operator.manifests.additions import added
from perennial_operator.manifests.config_map import config_map, mounted
from perennial_operator.manifests.pod import (
    Mount,
    container,
    environment,
    labels,
    metadata,
    pod,
    probe,
    resources,
    secrets,
    selector,
)
from perennial_operator.manifests.settings import recorder_settings

DATA: Final = "/var/lib/perennial"


def statefulset_name(pipeline: Pipeline) -> str:
    return f"{pipeline.name}-{RECORDER}"


def statefulset_settings(pipeline: Pipeline) -> Manifest:
    """The ConfigMap that the StatefulSet's pod mounts."""
    return config_map(pipeline, RECORDER, recorder_settings(pipeline))


def template(pipeline: Pipeline, image: str) -> Manifest:
    """The pod template."""
    wanted = pipeline.spec.recorder
    program = container(
        RECORDER,
        wanted.image or image,
        resources(wanted.resources, {"cpu": "100m", "memory": "256Mi"}, {}),
        environment(),
    )
    program["readinessProbe"] = probe("/readyz", 2, 3)
    program["livenessProbe"] = probe("/healthz", 10, 6)
    # The store's limit is three quarters of its volume; what it holds is read again from Kafka.
    room = math.ceil(parse_bytes(wanted.store_limit) * 4 / 3)
    data = Mount("data", DATA, {"emptyDir": {"sizeLimit": str(room)}}, writable=True)
    settings = mounted(statefulset_settings(pipeline))
    content = {
        "metadata": {"labels": labels(pipeline, RECORDER)},
        "spec": pod(program, [settings, *secrets(pipeline, kafka=True), data], grace=30),
    }
    return added(content, wanted.template, selector(pipeline, RECORDER))


def template_digest(pipeline: Pipeline, image: str) -> str:
    """Changes with anything in the template."""
    return digest_of(template(pipeline, image))


def statefulset(pipeline: Pipeline, image: str) -> Manifest:
    """Each pod names the digest of its template: a pod that was made before an edit is known."""
    content = template(pipeline, image)
    annotations = content["metadata"].get("annotations", {})
    digest = {TEMPLATE_ANNOTATION: template_digest(pipeline, image)}
    content["metadata"]["annotations"] = {**annotations, **digest}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": metadata(pipeline, RECORDER, statefulset_name(pipeline)),
        "spec": {
            "replicas": 1,
            # OrderedReady waits for a broken pod to turn ready before it takes a mended template.
            "podManagementPolicy": "Parallel",
            "revisionHistoryLimit": 2,
            "selector": {"matchLabels": selector(pipeline, RECORDER)},
            "template": content,
        },
    }
