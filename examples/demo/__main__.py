"""The demo and its parts as commands.

    python -m examples.demo                  follow `loans` through two changes of the world
    python -m examples.demo dataset          write the base dataset to S3
    python -m examples.demo stream           send events and late labels, ten minutes at most
    python -m examples.demo answers          the newest answers
    python -m examples.demo dead-letters     the newest dead letters, with their reasons
    python -m examples.demo clear            remove the pipeline, its topics and its objects

`stream` takes the seconds and the function that is true (7, 4, 5 ...): stream 120 4.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from examples.demo import kafka, store
from examples.demo.accuracy import Accuracy
from examples.demo.agrawal import FUNCTIONS
from examples.demo.cluster import Cluster, ClusterTrouble
from examples.demo.dataset import FUNCTION, ROWS, base
from examples.demo.frame import clock
from examples.demo.kafka import KafkaTrouble
from examples.demo.pipeline import Pipeline, load
from examples.demo.report import Ended, Facts, Served, count, report
from examples.demo.run import Demo, Failed, succeeded
from examples.demo.screen import best
from examples.demo.store import StoreTrouble
from examples.demo.stream import Stream, answer
from examples.demo.traffic import Traffic
from perennial_operator.resource import Entry

_NEWEST: Final = 10
_LONGEST: Final = 600.0  # seconds of `stream`
_FUNCTIONS: Final = {str(number) for number in FUNCTIONS}
_INTERRUPTED: Final = 130  # exit code after Ctrl-C, as shells have it


class WallClock:
    def now(self) -> float:
        return time.time()

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


def demo(pipeline: Pipeline) -> int:
    traffic, stream = _stream(pipeline, seed=int(time.time()))
    run = Demo(Cluster(pipeline.name), stream, traffic.change, best(), WallClock())
    try:
        timeline = run.run()
    finally:
        stream.close()
    facts = _facts(pipeline, list(run.ended.values()))
    print("\n" + "\n".join(report(facts, timeline, run.accuracy.grades)) + "\n")
    _say_how_to_go_on(pipeline)
    return 0 if succeeded(timeline, count(facts)) else 1


def dataset(pipeline: Pipeline) -> int:
    store.put(pipeline.dataset, base(pipeline.dataset_label))
    print(f"{pipeline.dataset}: {ROWS:,} rows of function {FUNCTION}")
    return 0


def stream(pipeline: Pipeline, seconds: float = _LONGEST, function: int = FUNCTION) -> int:
    """Every five seconds a line."""
    traffic, source = _stream(pipeline, seed=int(time.time()))
    traffic.world = (0, function)
    accuracy, began = Accuracy(), time.monotonic()
    source.start()
    try:
        while (passed := time.monotonic() - began) < min(seconds, _LONGEST):
            time.sleep(5)
            source.drain(accuracy)
            recent = accuracy.recent()
            shown = "" if recent is None else f", accuracy {recent:.1%}"
            answered, waiting = len(accuracy.grades), accuracy.waiting
            print(f"{clock(passed + 5)}  {answered:,} answered, {waiting:,} waiting{shown}")
    finally:
        source.close()
    return 0


def answers(pipeline: Pipeline) -> int:
    for record in deque(kafka.read_back(pipeline.predictions), _NEWEST):
        print(record.value.decode(errors="replace"))
    return 0


def dead_letters(pipeline: Pipeline) -> int:
    for record in deque(kafka.read_back(pipeline.dead_letters), _NEWEST):
        why = (record.headers.get(f"perennial-{name}", b"") for name in ("reason", "detail"))
        print(": ".join(text.decode(errors="replace") for text in why), end="  ")
        print(record.value.decode(errors="replace"))
    return 0


def clear(pipeline: Pipeline) -> int:
    """What an earlier run left would be counted again: nothing of it stays."""
    if Cluster(pipeline.name).remove():
        print(f"ModelPipeline {pipeline.name}: removed")
    for topic in kafka.delete_topics(pipeline.topics):
        print(f"topic {topic}: removed")
    if objects := store.clear(pipeline.bucket, pipeline.prefix):
        print(f"s3://{pipeline.bucket}/{pipeline.prefix}: {objects:,} objects removed")
    return 0


def _stream(pipeline: Pipeline, seed: int) -> tuple[Traffic, Stream]:
    traffic = Traffic(pipeline, secrets.token_hex(3), seed)
    consumer = kafka.follow(pipeline.predictions)
    return traffic, Stream(traffic, kafka.Sender(), lambda seconds: kafka.poll(consumer, seconds))


def _facts(pipeline: Pipeline, entries: Sequence[Entry]) -> Facts:
    found = [(e, store.verdict(pipeline.bucket, pipeline.prefix, e.number)) for e in entries]
    replies = [(answer(r, pipeline), r.at) for r in kafka.read_back(pipeline.predictions)]
    return Facts(
        events=[record.key for record in kafka.read_back(pipeline.events)],
        served=[Served(reply.id, reply.model, at) for reply, at in replies],
        labels=[record.at for record in kafka.read_back(pipeline.labels)],
        dead=sum(1 for _ in kafka.read_back(pipeline.dead_letters)),
        attempts=[Ended(entry, verdict) for entry, verdict in found if verdict is not None],
        threshold=pipeline.threshold,
    )


def _say_how_to_go_on(pipeline: Pipeline) -> None:
    print(
        "Look on:       kubectl get mp -w\n"
        f"               kubectl describe mp {pipeline.name}\n"
        "               .venv/bin/python -m examples.demo answers\n"
        "Send more:     .venv/bin/python -m examples.demo stream\n"
        "Remove it all: make demo-down"
    )


def chosen(arguments: Sequence[str]) -> Callable[[Pipeline], int] | None:
    """The command that is asked for; None when there is no such one."""
    plain = {"dataset": dataset, "answers": answers, "dead-letters": dead_letters, "clear": clear}
    match arguments:
        case []:
            return demo
        case [name] if name in plain:
            return plain[name]
        case ["stream"]:
            return stream
        case ["stream", seconds] if seconds.isdecimal():
            return partial(stream, seconds=int(seconds))
        case ["stream", seconds, function] if seconds.isdecimal() and function in _FUNCTIONS:
            return partial(stream, seconds=int(seconds), function=int(function))
        case _:
            return None


def main(arguments: Sequence[str]) -> int:
    """Run as a command."""
    command, pipeline = chosen(arguments), load()
    if command is None:
        print(__doc__)
        return 2
    try:
        return command(pipeline)
    except (ClusterTrouble, KafkaTrouble, StoreTrouble, Failed) as trouble:
        print(f"demo: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; the stream has ended, the pipeline goes on by itself")
        _say_how_to_go_on(pipeline)
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
