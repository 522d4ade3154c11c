"""The recorder's StatefulSet: at most one pod, since one writer keeps the sequence."""

from __future__ import annotations

import math
from typing import Final

from perennial_contract.labels import spellings
from perennial_contract.settings import RecorderSettings
from perennial_operator.manifests.pod import (
    RECORDER,
    Manifest,
    container,
    environment,
    labels,
    metadata,
    pod,
    probe,
    resources,
    selector,
)
from perennial_operator.resource import Pipeline
from perennial_operator.spec import parse_bytes

DATA: Final = "/var/lib/perennial"


def statefulset_name(pipeline: Pipeline) -> str:
    return f"{pipeline.name}-{RECORDER}"


def recorder_settings(pipeline: Pipeline) -> RecorderSettings:
    spec = pipeline.spec
    return RecorderSettings(
        uid=pipeline.uid,
        namespace=pipeline.namespace,
        name=pipeline.name,
        created=pipeline.created,
        task=spec.task,
        storage=spec.storage,
        kafka=spec.kafka,
        events=spec.events,
        labels=spec.labels,
        label=spellings(spec.label_schema.label),
        flush_interval=spec.recorder.flush_interval,
        store_limit=parse_bytes(spec.recorder.store_limit),
    )


def statefulset(pipeline: Pipeline, image: str) -> Manifest:
    wanted = pipeline.spec.recorder
    program = container(
        RECORDER,
        wanted.image or image,
        resources(wanted.resources, {"cpu": "100m", "memory": "256Mi"}, {}),
        environment(recorder_settings(pipeline)),
    )
    program["readinessProbe"] = probe("/readyz", 2, 3)
    program["livenessProbe"] = probe("/healthz", 10, 6)
    program["volumeMounts"].append({"name": "data", "mountPath": DATA})
    content = pod(pipeline, program, grace=30)
    # The store's limit is three quarters of its volume; what it holds is read again from Kafka.
    room = math.ceil(parse_bytes(wanted.store_limit) * 4 / 3)
    content["volumes"].append({"name": "data", "emptyDir": {"sizeLimit": str(room)}})
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
            "template": {"metadata": {"labels": labels(pipeline, RECORDER)}, "spec": content},
        },
    }
