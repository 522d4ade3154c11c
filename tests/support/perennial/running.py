"""Runs of a loop with stand-ins, in a folder of the test."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from perennial.adapters.machine.laptop import laptop
from perennial.cluster.pods import is_ready
from perennial.local_loop import LocalLoop
from tests.support.operator.builders import a_spec

Json = dict[str, Any]
ROOT = Path(__file__).parents[3]
STAND_IN = (sys.executable, str(ROOT / "tests/support/perennial/stand_in.py"))


def a_manifest(name: str = "income", **sections: Any) -> Json:
    return {
        "apiVersion": "perennial.dev/v1alpha1",
        "kind": "ModelPipeline",
        "metadata": {"name": name},
        "spec": a_spec(**sections),
    }


def a_secret(folder: Path, name: str = "s3-client", **content: str) -> None:
    place = folder / "secrets" / name
    place.mkdir(parents=True)
    for key, value in content.items():
        (place / key).write_text(value)


@asynccontextmanager
async def running(folder: Path, manifest: Json | None = None) -> AsyncIterator[LocalLoop]:
    """A loop that works on a manifest, or on what the folder holds; it ends tidily."""
    async with laptop(folder, os.environ, STAND_IN) as machine:
        loop, stop = LocalLoop(machine), asyncio.Event()
        if manifest:
            loop.apply(manifest)
        task = asyncio.create_task(loop.run(stop))
        try:
            yield loop
        finally:
            stop.set()
            await task


async def until(loop: LocalLoop, met: Callable[[Json], bool], name: str = "income") -> Json:
    """The ModelPipeline's status, once it is so."""
    async with asyncio.timeout(60):
        while True:
            found = loop.pipeline("default", name)
            status = (found or {}).get("status", {})
            if met(status):
                return dict(status)
            await asyncio.sleep(0.05)


def is_serving(status: Json) -> bool:
    ready = (c for c in status.get("conditions", []) if c["type"] == "Ready")
    return any(c["status"] == "True" for c in ready)


def outcomes(status: Json) -> list[tuple[int, str, str]]:
    return [(each["number"], each["outcome"], each["version"]) for each in status["history"]]


def ready(status: Json) -> tuple[str, str]:
    found: Json = next((c for c in status.get("conditions", []) if c["type"] == "Ready"), {})
    return found.get("reason", ""), found.get("message", "")


def pods_of(loop: LocalLoop, component: str) -> list[Json]:
    pods = loop.cluster.objects.labeled("Pod", "default", "income")
    return [p for p in pods if p["metadata"]["labels"]["perennial.dev/component"] == component]


def versions_of(loop: LocalLoop) -> list[str]:
    pods = pods_of(loop, "predictor")
    return [pod["metadata"]["annotations"]["perennial.dev/model"] for pod in pods]


def starts_of(loop: LocalLoop, component: str) -> list[int]:
    """How often the pods that are ready were started again."""
    pods = filter(is_ready, pods_of(loop, component))
    return [pod["status"]["containerStatuses"][0]["restartCount"] for pod in pods]


def kept(file: Path) -> Json:
    return dict(json.loads(file.read_text()))


def processes_of(folder: Path) -> list[int]:
    records = (folder / "pods").glob("*/process.json")
    return [json.loads(record.read_text())["pid"] for record in records]
