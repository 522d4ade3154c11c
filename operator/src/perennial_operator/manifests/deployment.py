"""Deployment of the predictor: old pods leave only after new ones are ready."""

from __future__ import annotations

from typing import Final

from perennial_contract.settings import MODEL, PREDICT_PORT
from perennial_operator.api.digests import digest_of
from perennial_operator.api.names import MODEL_ANNOTATION, PREDICTOR, TEMPLATE_ANNOTATION, Manifest
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.manifests.additions import added
from perennial_operator.manifests.config_map import config_map, mounted
from perennial_operator.manifests.pod import (
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
from perennial_operator.manifests.settings import predictor_settings

PREDICT: Final = "predict"  # the port of POST /predict


def deployment_name(pipeline: Pipeline) -> str:
    return f"{pipeline.name}-{PREDICTOR}"


def deployment_settings(pipeline: Pipeline) -> Manifest:
    """The ConfigMap that the Deployment's pods mount."""
    return config_map(pipeline, PREDICTOR, predictor_settings(pipeline))


def template(pipeline: Pipeline, image: str) -> Manifest:
    """The pod template, but for the version to serve."""
    wanted = pipeline.spec.predictor
    version = {MODEL: f"metadata.annotations['{MODEL_ANNOTATION}']"}
    program = container(
        PREDICTOR,
        wanted.image or image,
        resources(wanted.resources, {"cpu": "100m", "memory": "256Mi"}, {}),
        environment(version),
    )
    if wanted.http.enabled:
        port = {"name": PREDICT, "containerPort": PREDICT_PORT, "protocol": "TCP"}
        program["ports"] = [*program["ports"], port]
    program["readinessProbe"] = probe("/readyz", 1, 3)
    program["livenessProbe"] = probe("/healthz", 10, 6)
    mounts = [mounted(deployment_settings(pipeline)), *secrets(pipeline, kafka=True)]
    content = {
        "metadata": {"labels": labels(pipeline, PREDICTOR)},
        "spec": pod(program, mounts, grace=30),
    }
    return added(content, wanted.template, selector(pipeline, PREDICTOR))


def template_digest(pipeline: Pipeline, image: str) -> str:
    """Changes with anything in the template but the version."""
    return digest_of(template(pipeline, image))


def deployment(pipeline: Pipeline, image: str, version: str) -> Manifest:
    """The version stands in the template only: an old pod that restarts stays old."""
    content = template(pipeline, image)
    digest = {TEMPLATE_ANNOTATION: template_digest(pipeline, image)}
    annotations = content["metadata"].get("annotations", {})
    content["metadata"]["annotations"] = {**annotations, MODEL_ANNOTATION: version, **digest}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(pipeline, PREDICTOR, deployment_name(pipeline), digest),
        "spec": {
            "replicas": pipeline.spec.predictor.replicas,
            "minReadySeconds": 1,
            "revisionHistoryLimit": 3,
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
            },
            "selector": {"matchLabels": selector(pipeline, PREDICTOR)},
            "template": content,
        },
    }


def template_of(current: Manifest) -> str:
    """The digest of the template that a Deployment was made with."""
    return str(current["metadata"].get("annotations", {}).get(TEMPLATE_ANNOTATION, ""))
