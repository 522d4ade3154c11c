import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from perennial.adapters.machine.identity import started_at
from perennial.adapters.machine.laptop import FolderInUse, laptop
from perennial.cluster.admission import NotAdmitted
from perennial.cluster.pods import is_ready
from perennial.local_loop import LocalLoop
from tests.support.operator.builders import a_spec
from tests.support.perennial.running import (
    ROOT,
    a_manifest,
    a_secret,
    is_serving,
    running,
    until,
)

Json = dict[str, Any]
COMMAND = (sys.executable, "-m", "tests.support.perennial.command")


def outcomes(status: Json) -> list[tuple[int, str, str]]:
    return [(each["number"], each["outcome"], each["version"]) for each in status["history"]]


def ready(status: Json) -> tuple[str, str]:
    found = next((c for c in status.get("conditions", []) if c["type"] == "Ready"), {})
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


async def test_the_operators_own_passes_bring_a_manifest_to_its_first_model(tmp_path: Path) -> None:
    a_secret(tmp_path)

    async with running(tmp_path, a_manifest()) as loop:
        status = await until(loop, is_serving)

        kinds = ("Deployment", "StatefulSet", "Job", "Pod")
        made = {kind: loop.cluster.objects.labeled(kind, "default", "income") for kind in kinds}
        assert {kind: len(found) for kind, found in made.items()} == {
            "Deployment": 1,
            "StatefulSet": 1,
            "Job": 1,
            "Pod": 3,
        }
        assert [c["type"] for c in made["Job"][0]["status"]["conditions"]] == ["Complete"]
        assert outcomes(status) == [(1, "Promoted", "v1-11111111")]
        assert status["model"]["version"] == "v1-11111111"
        pids = processes_of(tmp_path)

    assert [started_at(pid) for pid in pids] == [""] * 3


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


async def test_a_missing_secret_is_named_and_once_it_is_there_all_goes_on(tmp_path: Path) -> None:
    async with running(tmp_path, a_manifest(dataset=None)) as loop:
        why = ("SecretMissing", "Secret s3-client does not exist")
        await until(loop, lambda status: ready(status) == why)

        a_secret(tmp_path)

        await until(loop, lambda status: ready(status) != why)
        await until(loop, lambda _: starts_of(loop, "recorder") == [0])


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


async def test_one_command_at_a_time_works_in_a_folder(tmp_path: Path) -> None:
    async with laptop(tmp_path, os.environ):
        with pytest.raises(FolderInUse, match=f"another command works in {tmp_path}"):
            async with laptop(tmp_path, os.environ):
                pass


async def test_what_an_edit_may_not_change_is_refused(tmp_path: Path) -> None:
    async with laptop(tmp_path, os.environ) as machine:
        loop = LocalLoop(machine)
        loop.apply(a_manifest())
        other = {**a_spec()["storage"], "bucket": "another"}

        with pytest.raises(NotAdmitted, match=r"spec\.storage\.bucket cannot be changed"):
            loop.apply(a_manifest(storage=other))
