"""Service of the predictor, where one is asked for: an address for POST /predict."""

from __future__ import annotations

from typing import Final

from perennial_operator.api.names import PREDICTOR, Manifest
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.manifests.deployment import PREDICT, deployment_name
from perennial_operator.manifests.pod import metadata, selector

KIND: Final = "Service"
_PORT: Final = 80


def service_name(pipeline: Pipeline) -> str:
    return deployment_name(pipeline)


def service(pipeline: Pipeline) -> Manifest | None:
    """By name, so that pods without the port are no endpoints of it."""
    if not pipeline.spec.predictor.http.service:
        return None
    port = {"name": "http", "port": _PORT, "targetPort": PREDICT, "protocol": "TCP"}
    return {
        "apiVersion": "v1",
        "kind": KIND,
        "metadata": metadata(pipeline, PREDICTOR, service_name(pipeline)),
        "spec": {"selector": selector(pipeline, PREDICTOR), "ports": [port]},
    }
