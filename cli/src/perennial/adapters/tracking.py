"""Runs of the attempts as MLflow shows them; the demo goes on without it."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import urllib3

from perennial.adapters.addresses import MLFLOW

_PATIENCE = urllib3.Timeout(connect=2, read=15)  # seconds
_NO_RETRIES = urllib3.Retry(total=False)


class TrackingTrouble(Exception):  # noqa: N818  what it is
    """MLflow does not answer as it should; the message says what it said."""


def describe_runs(experiment: str) -> str:
    """Where to look at an experiment, and how many runs it holds; or why there are none."""
    try:
        found = _ask("GET", "experiments/get-by-name", {"experiment_name": experiment})
        if found is None:
            return f"{MLFLOW} holds no experiment {experiment} yet"
        number = found["experiment"]["experiment_id"]
        search = {"experiment_ids": [number], "max_results": 1000}
        runs = (_ask("POST", "runs/search", search) or {}).get("runs", [])
    except TrackingTrouble as trouble:
        return f"{trouble}; the attempts stand in the status all the same"
    count = f"{len(runs)} run" if len(runs) == 1 else f"{len(runs)} runs"
    return f"{MLFLOW}/#/experiments/{number} ({experiment}: {count})"


def _ask(method: str, path: str, content: dict[str, Any]) -> Any:
    """None where there is no such thing."""
    query = content if method == "GET" else None
    body = None if method == "GET" else json.dumps(content)
    try:
        answer = urllib3.request(
            method,
            f"{MLFLOW}/api/2.0/mlflow/{path}",
            fields=query,
            body=body,
            headers={"Content-Type": "application/json"},
            timeout=_PATIENCE,
            retries=_NO_RETRIES,
        )
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status != HTTPStatus.OK:
            raise TrackingTrouble(f"MLflow at {MLFLOW} answers {answer.status}")
        return answer.json()
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise TrackingTrouble(f"MLflow does not answer at {MLFLOW}") from error
