import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from perennial.adapters.machine.identity import started_at
from perennial.cluster.pods import is_ready
from perennial.pipeline import parse
from perennial.world.dataset import base_dataset
from tests.support.perennial.running import (
    ROOT,
    a_manifest,
    a_secret,
    is_serving,
    kept,
    outcomes,
    pods_of,
    processes_of,
    running,
    starts_of,
    until,
    versions_of,
)

Json = dict[str, Any]
pytestmark = pytest.mark.embedded
COMMAND = (sys.executable, "-m", "tests.support.perennial.command")


async def test_an_edit_rolls_the_next_model_out_and_a_pod_answers_all_the_while(
    tmp_path: Path,
) -> None:
    a_secret(tmp_path)
    request = a_manifest(retrain={"threshold": 1000, "request": "now"})
    async with running(tmp_path, a_manifest()) as loop:
        await until(loop, is_serving)
        loop.apply(request)

        def has_rolled(status: Json) -> bool:
            assert any(map(is_ready, pods_of(loop, "predictor")))
            return bool(status["model"]["version"] == "v2-22222222")

        status = await until(loop, has_rolled)

        assert outcomes(status)[-1] == (2, "Promoted", "v2-22222222")
        await until(loop, lambda _: versions_of(loop) == ["v2-22222222"])


async def test_a_run_that_is_killed_leaves_nothing_behind_and_the_next_goes_on_where_it_was(
    tmp_path: Path,
) -> None:
    a_secret(tmp_path)
    resource = tmp_path / "objects/ModelPipeline.default.income.json"
    command = await asyncio.create_subprocess_exec(*COMMAND, str(tmp_path), cwd=ROOT)
    async with asyncio.timeout(60):
        while not (resource.exists() and is_serving(kept(resource).get("status", {}))):  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.05)
        before, pids = kept(resource), processes_of(tmp_path)
        command.kill()
        await command.wait()
        while any(map(started_at, pids)):  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.01)

    async with running(tmp_path) as loop:
        await until(loop, lambda _: starts_of(loop, "predictor") == [1])
        status = await until(loop, is_serving)

        after = loop.pipeline("default", "income")
        assert after
        assert after["metadata"]["uid"] == before["metadata"]["uid"]
        assert outcomes(status) == [(1, "Promoted", "v1-11111111")]


async def test_a_pipeline_that_is_deleted_takes_its_programs_with_it(tmp_path: Path) -> None:
    a_secret(tmp_path)
    async with running(tmp_path, a_manifest()) as loop:
        await until(loop, is_serving)
        loop.delete("default", "income")

        await until(loop, lambda _: loop.pipeline("default", "income") is None)

        kinds = ("Pod", "Deployment", "StatefulSet", "Job", "ConfigMap", "ControllerRevision")
        assert [each for kind in kinds for each in loop.cluster.objects.of_kind(kind)] == []
    assert [each.name for each in (tmp_path / "objects").iterdir()] == [
        "Namespace..kube-system.json"
    ]
    assert list((tmp_path / "pods").iterdir()) == []


def loans(address: str, folder: Path) -> Json:
    """The demo's pipeline on this machine, with a dataset, and no attempt after the first."""
    manifest: Json = yaml.safe_load((ROOT / "examples/pipelines/loans.yaml").read_text())
    spec = manifest["spec"]
    spec.pop("tracking")
    spec["kafka"]["bootstrapServers"] = address
    spec["storage"] = {"endpoint": (folder / "store").as_uri(), "bucket": "perennial"}
    spec["dataset"]["uri"] = (folder / "train.csv").as_uri()
    spec |= {"optimizer": {"maxEvals": 1}, "retrain": {"threshold": 100_000}}
    spec |= {"predictor": {"replicas": 1}, "recorder": {"flushInterval": "1s"}}
    (folder / "store/perennial").mkdir(parents=True)
    (folder / "train.csv").write_bytes(base_dataset(parse(manifest), 1500))
    return manifest
