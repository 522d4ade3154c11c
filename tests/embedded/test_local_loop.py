import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from perennial.adapters.broker import Broker
from perennial.adapters.machine.identity import started_at
from perennial.adapters.machine.laptop import laptop
from perennial.adapters.topics import Topic, create_topics
from perennial.cluster.pods import is_ready
from perennial.local_loop import LocalLoop
from perennial.pipeline import event, late_label, parse
from perennial.world.dataset import base_dataset
from perennial.world.rows import Applications
from tests.support.embedded.clients import member, producer
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


async def test_programs_that_are_killed_under_load_answer_every_event_and_count_each_label_once(
    broker: Broker, tmp_path: Path
) -> None:
    manifest = loans(broker.address, tmp_path)
    pipeline = parse(manifest)
    create_topics(broker.address, [Topic(name, 2) for name in pipeline.topics])
    stream, rows = producer(broker), Applications(seed=2)
    async with laptop(tmp_path / "run", os.environ) as machine:
        loop, stop = LocalLoop(machine), asyncio.Event()
        loop.apply(manifest)
        task = asyncio.create_task(loop.run(stop))
        await until(loop, is_serving, name="loans")
        sent = set()
        for number in range(600):
            row, identity = next(rows), f"event-{number}"
            for said in (
                event(pipeline, identity, row.record, row.label),
                late_label(pipeline, identity, row.label),
            ):
                stream.produce(said.topic, key=said.key, value=said.value)
            sent.add(identity)
            if number == 300:
                for pid in running_in(tmp_path / "run"):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.01)
        stream.flush()

        status = await until(loop, lambda status: labels(status) >= len(sent), name="loans")
        answered = await asyncio.to_thread(answers, broker, pipeline.predictions, sent)
        stop.set()
        await task

    assert labels(status) == len(sent)
    assert answered == sent


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


def running_in(folder: Path) -> list[int]:
    return [pid for pid in processes_of(folder) if started_at(pid)]


def labels(status: Json) -> int:
    return sum(sum(topic.values()) for topic in status.get("written", {}).values())


def answers(broker: Broker, topic: str, ids: set[str]) -> set[str]:
    """The ids that were answered, once that is all of these."""
    found: set[str] = set()
    with member(broker, topic) as consumer:
        limit = time.monotonic() + 60
        while not found >= ids and time.monotonic() < limit:
            for record in consumer.consume(500, 0.5):
                found.add(json.loads(record.value() or b"{}")["request_id"])
    return found
