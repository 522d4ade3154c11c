"""How a run begins and ends: the stream, what is read back, and what a person may do next."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from examples.demo import kafka, store, tracking
from examples.demo.cluster import ClusterTrouble
from examples.demo.follow import Failed
from examples.demo.kafka import KafkaTrouble
from examples.demo.pipeline import MANIFEST, ManifestTrouble, Pipeline
from examples.demo.report import Ended, Facts, Served
from examples.demo.rows import Row
from examples.demo.store import StoreTrouble
from examples.demo.stream import Stream, answer
from examples.demo.traffic import RATE, Traffic
from perennial_operator.api.status import Entry

_INTERRUPTED: Final = 130  # exit code after Ctrl-C, as shells have it


class WallClock:
    def now(self) -> float:
        return time.time()

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


def stream_of(pipeline: Pipeline, rows: Iterator[Row], rate: float = RATE) -> Stream:
    """Sends the rows to the pipeline's topics once it is started."""
    traffic = Traffic(pipeline, secrets.token_hex(3), rows, rate)
    consumer = kafka.follow(pipeline.predictions)
    return Stream(traffic, kafka.Sender(), lambda seconds: kafka.poll(consumer, seconds))


def read_facts(pipeline: Pipeline, entries: Sequence[Entry]) -> Facts:
    """What stands in the topics and on S3 at the end; the events are on a topic of their own."""
    found = [(e, store.verdict(pipeline.bucket, pipeline.prefix, e.number)) for e in entries]
    replies = [answer(record, pipeline) for record in kafka.read_back(pipeline.predictions)]
    return Facts(
        events=[record.key for record in kafka.read_back(pipeline.events)],
        served=[Served(reply.id, reply.model, reply.at) for reply in replies if reply],
        labels=[record.at for record in kafka.read_back(pipeline.labels)],
        dead=sum(1 for _ in kafka.read_back(pipeline.dead_letters)),
        attempts=[Ended(entry, verdict) for entry, verdict in found if verdict is not None],
        threshold=pipeline.threshold,
    )


def say_how_to_go_on(pipeline: Pipeline, file: Path = MANIFEST) -> None:
    this = "" if file == MANIFEST else f" -f {file}"
    lines = [
        "Look on:       kubectl get mp -w",
        f"               kubectl describe mp {pipeline.name}",
        f"               .venv/bin/python -m examples.demo answers{this}",
    ]
    if pipeline.experiment:
        lines.append(f"MLflow:        {tracking.said(pipeline.experiment)}")
    if not this:
        lines.append("Send more:     .venv/bin/python -m examples.demo stream")
    print("\n".join([*lines, "Remove it all: make demo-down"]))


def guarded(command: Callable[[], int]) -> int:
    """The command's exit code; what it cannot do is said in a line."""
    try:
        return command()
    except (ClusterTrouble, KafkaTrouble, ManifestTrouble, StoreTrouble, Failed) as trouble:
        print(f"demo: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; the stream has ended, the pipeline goes on by itself")
        print("Look on:       kubectl get mp -w\nRemove it all: make demo-down")
        return _INTERRUPTED
