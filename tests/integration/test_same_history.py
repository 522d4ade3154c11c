"""One scenario, on this machine's own objects and on a real API server: the same history."""

import asyncio
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import aclosing, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from confluent_kafka import Producer
from kubernetes import client, config

from perennial.adapters.kafka import delete_topics
from perennial.adapters.machine.child_processes import ChildProcesses
from perennial.adapters.machine.laptop import LAUNCHER
from perennial.adapters.store import Buckets
from perennial.adapters.topics import Topic, create_topics
from perennial.commands.local import PARTITIONS, local
from perennial.local_cluster import LocalCluster
from perennial.node import Node
from perennial.pipeline import Names, event, late_label, parse
from perennial.world.dataset import base_dataset
from perennial.world.rows import Applications
from perennial_contract.objects.bundle import MANIFEST, Manifest, key
from perennial_contract.runtime.folder import FolderStore
from perennial_operator.adapters.api import Api
from perennial_operator.api.status import Status
from tests.support.examples.builders import LOANS
from tests.support.operator.control_plane import ADMIN, ControlPlane, apply
from tests.support.operator.process import Operator
from tests.support.perennial.running import a_secret
from tests.support.perennial.server_objects import ServerObjects
from tests.support.servers import S3_USER

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),  # as kubectl is told
]
Json = dict[str, Any]
BLOCK = 600  # labels
CHANGES = (4, 2, 2)  # what is true for each block
PATIENCE = 300  # seconds; only ends a test
START = datetime.now(UTC) - timedelta(minutes=2)  # of the records, on both sides
VERSION = re.compile(r"\b(v\d+)-[0-9a-f]{8}\b")


def a_manifest(name: str) -> Json:
    """With topics and a bucket of its own."""
    manifest: Json = yaml.safe_load(LOANS.read_text())
    spec = manifest["spec"]
    del spec["tracking"]
    for section in ("events", "labels", "predictions", "deadLetters", "lifecycle"):
        spec[section]["topic"] = f"{name}-{section.lower()}"
    spec["storage"]["bucket"] = name
    spec["dataset"]["uri"] = f"s3://{name}-data/train.csv"
    spec["optimizer"] = {"maxEvals": 5}
    spec["retrain"] = {"threshold": BLOCK}
    spec["predictor"]["replicas"] = 1
    spec["recorder"]["flushInterval"] = "1s"
    return manifest


@dataclass(frozen=True)
class Told:
    """What a run has come to."""

    history: list[Json]
    bundles: list[Manifest]


@dataclass
class Feed:
    """Sends one block of events with their labels after the other; equal ones to any Kafka."""

    pipeline: Names
    address: str

    def __post_init__(self) -> None:
        self._rows, self._sent = Applications(seed=5), 0
        self._producer = Producer({"bootstrap.servers": self.address, "enable.idempotence": True})

    def block(self, function: int) -> None:
        self._rows.change(function)
        for number, row in enumerate(islice(self._rows, BLOCK), self._sent):
            identity, at = f"id-{number}", START + timedelta(milliseconds=20 * number)
            said = event(self.pipeline, identity, row.record, row.label)
            label = late_label(self.pipeline, identity, row.label)
            for message, after in ((said, 0), (label, 1000)):
                self._producer.produce(
                    message.topic,
                    message.value,
                    message.key,
                    partition=number % PARTITIONS,
                    timestamp=int(at.timestamp() * 1000) + after,
                )
        assert self._producer.flush(60) == 0
        self._sent += BLOCK


async def followed(status: Callable[[], Status], feed: Feed) -> Status:
    """The status after the last block; each is fed when what the one before led to has ended."""
    await until(status, 1)
    for number, function in enumerate(CHANGES, 2):
        await asyncio.to_thread(feed.block, function)
        await until(status, number)
    return status()


async def until(status: Callable[[], Status], number: int) -> None:
    """Until that attempt has ended, and what it led to serves."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await asyncio.to_thread(status)
            served = found.model.version if found.model else ""
            if [e.number for e in found.history] == [*range(1, number + 1)] and (
                served == found.head
            ):
                return
            await asyncio.sleep(0.2)


@pytest.fixture
def servers(kafka: str, s3: str) -> Iterator[Json]:
    """A manifest that names real servers, on which its topics and its dataset are."""
    name = f"same-{uuid4().hex[:8]}"
    manifest = a_manifest(name)
    manifest["spec"]["kafka"]["bootstrapServers"] = kafka
    manifest["spec"]["storage"] |= {"endpoint": s3, "prefix": "loans"}
    pipeline, buckets = parse(manifest), Buckets(s3)
    create_topics(kafka, [Topic(each, PARTITIONS) for each in pipeline.topics])
    for bucket in (name, f"{name}-data"):
        buckets.client.create_bucket(Bucket=bucket)
    buckets.put(pipeline.dataset, base_dataset(pipeline))
    yield manifest
    delete_topics(kafka, pipeline.topics)
    buckets.clear(name, "loans")
    buckets.client.delete_object(Bucket=f"{name}-data", Key="train.csv")
    for bucket in (name, f"{name}-data"):
        buckets.client.delete_bucket(Bucket=bucket)


def test_a_real_api_server_and_this_machines_objects_lead_to_the_same_history(
    control_plane: ControlPlane,
    namespace: str,
    operators: Callable[[], Operator],
    servers: Json,
    tmp_path: Path,
) -> None:
    plane = control_plane
    here = on_this_machine(servers, tmp_path / "here")

    secret = {"AWS_ACCESS_KEY_ID": S3_USER, "AWS_SECRET_ACCESS_KEY": S3_USER}
    a_secret(tmp_path / "there", **secret)
    literals = [f"--from-literal={key}={value}" for key, value in secret.items()]
    plane.kubectl("-n", namespace, "create", "secret", "generic", "s3-client", *literals)
    operators()
    apply(plane, namespace, servers)
    there = asyncio.run(on_a_server(plane, namespace, tmp_path / "there", servers))

    assert there == here


def on_this_machine(manifest: Json, folder: Path) -> Told:
    with local(manifest, base_dataset, folder, os.environ, print) as found:
        feed = Feed(found.pipeline, found.bootstrap)
        status = asyncio.run(followed(lambda: read(found.loop.resource()), feed))
        store = FolderStore(found.store, found.pipeline.bucket, found.pipeline.prefix)
        return told(status, store.get)


async def on_a_server(plane: ControlPlane, namespace: str, folder: Path, manifest: Json) -> Told:
    pipeline = parse(manifest)
    feed = Feed(pipeline, manifest["spec"]["kafka"]["bootstrapServers"])
    buckets = Buckets(manifest["spec"]["storage"]["endpoint"])
    settings = client.Configuration()
    config.load_kube_config(str(plane.kubeconfig(ADMIN)), client_configuration=settings)  # type: ignore[no-untyped-call]  # the client is untyped
    programs = ChildProcesses(folder, LAUNCHER, os.environ)
    objects = ServerObjects(Api(settings=settings), namespace, programs.port)
    now = partial(datetime.now, UTC)
    cluster = LocalCluster(objects, now)  # type: ignore[arg-type]  # it takes their place
    node = Node(cluster, programs, now, lambda: uuid4().hex[:5])
    async with aclosing(programs):
        with closing(objects):
            working = asyncio.create_task(node.run())
            try:
                resource = partial(plane.get, namespace, "mp", "loans")
                status = await followed(lambda: read(resource() or {}), feed)
                return told(status, partial(stored, buckets, pipeline))
            finally:
                working.cancel()
                await node.drain()


def read(resource: Json) -> Status:
    return Status.model_validate(resource.get("status", {}))


def stored(buckets: Buckets, pipeline: Names, at: str) -> bytes:
    found = buckets.client.get_object(Bucket=pipeline.bucket, Key=f"{pipeline.prefix}/{at}")
    return found["Body"].read()


def told(status: Status, get: Callable[[str], bytes | None]) -> Told:
    """But for times, and for what a UID or an address goes into."""
    history = []
    for entry in status.history:
        said = entry.model_dump_json(exclude={"started_at", "ended_at", "seconds", "digest"})
        history.append(json.loads(VERSION.sub(r"\1", said)))
    bundles = [get(key(entry.version, MANIFEST)) for entry in status.history if entry.version]
    return Told(history, [model(each) for each in bundles if each])


def model(content: bytes) -> Manifest:
    found = Manifest.model_validate_json(content)
    parent = VERSION.sub(r"\1", found.parent)
    origin = {"uid": "", "created": START, "watermark": {}, "dataset": {}, "parent": parent}
    return found.model_copy(update=origin)
