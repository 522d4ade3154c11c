import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from perennial.adapters.machine.identity import started_at
from perennial.adapters.machine.laptop import FolderInUse, laptop
from perennial.cluster.admission import NotAdmitted
from perennial.local_loop import LocalLoop
from tests.support.operator.builders import a_spec
from tests.support.perennial.running import (
    a_manifest,
    a_secret,
    is_serving,
    outcomes,
    processes_of,
    ready,
    running,
    starts_of,
    until,
)


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


async def test_requests_are_led_to_predictors_that_are_ready_by_one_address_of_the_run(
    tmp_path: Path,
) -> None:
    a_secret(tmp_path)

    async with running(tmp_path, a_manifest(predictor={"http": {"enabled": True}})) as loop:
        assert loop.predict_ports() == []
        await until(loop, is_serving)
        first = loop.predict_ports()
        assert len(first) == 1
        (pod,) = (
            pod
            for pod in loop.cluster.objects.of_kind("Pod")
            if pod["metadata"]["name"].startswith("income-predictor")
        )

        loop.cluster.objects.delete(pod, datetime.now(UTC))

        assert loop.predict_ports() == []
        await until(loop, lambda _: loop.predict_ports() not in ([], first))


async def test_a_missing_secret_is_named_and_once_it_is_there_all_goes_on(tmp_path: Path) -> None:
    async with running(tmp_path, a_manifest(dataset=None)) as loop:
        why = ("SecretMissing", "Secret s3-client does not exist")
        await until(loop, lambda status: ready(status) == why)

        a_secret(tmp_path)

        await until(loop, lambda status: ready(status) != why)
        await until(loop, lambda _: starts_of(loop, "recorder") == [0])


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
