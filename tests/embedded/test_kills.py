"""A run under load, each of whose processes is killed: `--kills 10` does so ten times each."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from perennial.adapters import kafka
from perennial.commands.local import PARTITIONS
from perennial.pipeline import Names, load
from perennial.sending import answer
from perennial_contract.objects.observation import from_parquet, parse_segment_key
from perennial_contract.runtime.folder import FolderStore
from tests.support.embedded.killed_run import KilledRun, running, until
from tests.support.embedded.trainers import Trainers
from tests.support.perennial.running import ROOT

pytestmark = pytest.mark.embedded
Place = tuple[int, int]  # partition and offset
RATE = 200  # events a second


@contextmanager
def traffic(run: KilledRun, out: Path) -> Iterator[None]:
    """Ends in order where the body does."""
    address = (run.folder / "kafka/address").read_text()
    arguments = [str(run.manifest), address, str(RATE), str(out)]
    command = [sys.executable, "-m", "tests.support.embedded.traffic", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as sender:
        yield
        assert sender.stdin
        sender.stdin.close()
        assert sender.wait(180) == 0


def test_whatever_is_killed_every_event_is_answered_and_every_label_counted_once(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    times = request.config.getoption("--kills")
    with running(tmp_path, retrain={"threshold": 1000}) as run:
        until(lambda: run.ready("predictor") and run.ready("recorder"), "nothing serves")
        with closing(Trainers(run, times)) as trainers, traffic(run, tmp_path / "sent.json"):
            for _ in range(times):
                kill_each(run)
            until(lambda: len(trainers.killed) == times, "no trainers to kill")
            until(lambda: trainers.killed <= set(trainers.ended), "they do not end")
        sent = set(json.loads((tmp_path / "sent.json").read_text()))
        pipeline, address = load(run.manifest), (run.folder / "kafka/address").read_text()
        until(lambda: count(run.status().written) >= len(sent), "labels are missing")
        until(lambda: met(address, pipeline) >= sent, "answers are missing")
        ids = by_place(address, pipeline)
        assert run.end() == 130

    found = recorded(run.folder / "store", pipeline)
    assert Counter(ids[place] for place in found.elements()) == Counter(sent)
    assert count(run.status().written) == len(sent)
    assert trainers.most == 1
    assert trainers.told_otherwise == []
    assert sorted(trainers.ended) == [*range(1, max(trainers.ended) + 1)]
    starts = [(entry.started_at, entry.ended_at) for _, entry in sorted(trainers.ended.items())]
    assert all(before[1] <= after[0] for before, after in pairwise(starts))


def kill_each(run: KilledRun) -> None:
    """Predictor, recorder, broker, and the loop's own process; each once all are there."""
    for component in ("predictor", "recorder"):
        before = run.pids(component).keys()
        run.kill(component)
        until(lambda: run.ready(component) - before, f"the {component} does not come back")  # noqa: B023
    run.kill_broker()
    gone = run.kill_command()
    for component in ("predictor", "recorder"):
        until(lambda: run.ready(component) - gone, f"no {component} after a new start")  # noqa: B023


def count(written: dict[str, Any]) -> int:
    return sum(sum(partitions.values()) for partitions in written.values())


def met(address: str, pipeline: Names) -> set[str]:
    """The ids that were answered, or were dead-lettered."""
    replies = (answer(each, pipeline) for each in kafka.read_back(address, pipeline.predictions))
    dead = kafka.read_back(address, pipeline.dead_letters)
    return {found.id for found in replies if found} | {record.key for record in dead}


def by_place(address: str, pipeline: Names) -> dict[Place, str]:
    """Id of each event; one that its producer sent again when the broker died has two places."""
    settings = {"bootstrap.servers": address, "group.id": "test", "enable.auto.commit": False}
    consumer, found = Consumer(settings), dict[Place, str]()
    partitions = [TopicPartition(pipeline.events, each) for each in range(PARTITIONS)]
    ends = [consumer.get_watermark_offsets(each, 30)[1] for each in partitions]
    consumer.assign([TopicPartition(pipeline.events, each, 0) for each in range(PARTITIONS)])
    while len(found) < sum(ends):
        for message in consumer.consume(1000, 1.0):
            place, key = (message.partition(), message.offset()), message.key()
            if not message.error() and key and place[0] is not None and place[1] is not None:
                found[place[0], place[1]] = key.decode()
    consumer.close()
    return found


def recorded(store: Path, pipeline: Names) -> Counter[Place]:
    """How often each event stands in the segments."""
    found: Counter[Place] = Counter()
    bucket = FolderStore(store, pipeline.bucket, pipeline.prefix)
    for name in bucket.list("observations/"):
        if key := parse_segment_key(name):  # else it is a checkpoint
            content = bucket.get(name)
            assert content
            found.update((key.partition, row.offset) for row in from_parquet(content))
    return found
