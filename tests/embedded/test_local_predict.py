"""POST /predict of a loop on this machine, by the address that is its own for good."""

import json
import os
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from perennial.commands.local import local
from perennial.world.dataset import base_dataset
from tests.support.examples.builders import LOANS

pytestmark = pytest.mark.embedded

PATIENCE = 240.0  # seconds; only ends a test
EVENT = {"request_id": "a-1", "data": {"age": 41}}


def a_manifest() -> dict[str, Any]:
    manifest: dict[str, Any] = yaml.safe_load(LOANS.read_text())
    spec = manifest["spec"]
    spec.pop("tracking", None)
    spec["predictor"] |= {"replicas": 1, "http": {"enabled": True, "service": True}}
    spec["optimizer"]["maxEvals"] = 2
    return manifest


def objects(folder: Path, kind: str) -> list[dict[str, Any]]:
    found = sorted((folder / "objects").glob(f"{kind}.*.json"))
    return [json.loads(file.read_text()) for file in found]


def until(happened: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE
    while not (found := happened()):
        assert time.monotonic() < end
        time.sleep(0.5)
    return found


def test_a_request_is_answered_at_the_address_of_the_run(tmp_path: Path) -> None:
    with local(a_manifest(), base_dataset, tmp_path, os.environ, print) as here:
        until(lambda: here.loop.resource().get("status", {}).get("model", {}).get("version"))
        request = urllib.request.Request(
            f"http://{here.loop.predict_address}/predict",
            json.dumps(EVENT).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            said = json.loads(answer.read())
        (service,) = objects(tmp_path, "Service")
        version = here.loop.resource()["status"]["model"]["version"]

    assert (said["request_id"], said["model"]) == ("a-1", version)
    assert service["metadata"]["name"] == f"{here.pipeline.name}-predictor"
