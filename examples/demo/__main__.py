"""The demo and its parts as commands.

    python -m examples.demo                  follow `loans` through two changes of the world
    python -m examples.demo dataset          write the base dataset to S3
    python -m examples.demo stream           send events and their labels, ten minutes at most
    python -m examples.demo answers          the newest answers
    python -m examples.demo dead-letters     the newest dead letters, with their reasons
    python -m examples.demo clear            remove the pipeline, its topics and its objects

`-f FILE` names another example than loans.yaml; `stream` takes the seconds: stream 120 -f FILE, and
of loan applications the function that is true (7, 4, 5 ...): stream 120 4.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from examples.demo.accuracy import Accuracy
from examples.demo.adapters import kafka, store
from examples.demo.adapters.cluster import Cluster
from examples.demo.commands import print_next_steps, run_guarded
from examples.demo.data.agrawal import FUNCTIONS
from examples.demo.data.dataset import ROWS, base_dataset, example_rows
from examples.demo.data.rows import FUNCTION, Applications
from examples.demo.display.frame import clock
from examples.demo.display.screen import choose_screen
from examples.demo.facts import read_facts
from examples.demo.follow import WallClock
from examples.demo.pipeline import MANIFEST, ManifestTrouble, Pipeline, load
from examples.demo.report import count, report
from examples.demo.run import Demo, succeeded
from examples.demo.stream import answer, open_stream

_NEWEST: Final = 10
_LONGEST: Final = 600.0  # seconds of `stream`
_FUNCTIONS: Final = {str(number) for number in FUNCTIONS}


def demo(pipeline: Pipeline) -> int:
    rows = Applications(seed=int(time.time()))
    source = open_stream(pipeline, rows)
    run = Demo(Cluster(pipeline.name), source, rows.change, choose_screen(), WallClock())
    try:
        timeline = run.run()
    finally:
        source.close()
    facts = read_facts(pipeline, list(run.ended.values()))
    print("\n" + "\n".join(report(facts, timeline, run.accuracy.grades)) + "\n")
    print_next_steps(pipeline)
    return 0 if succeeded(timeline, count(facts)) else 1


def dataset(pipeline: Pipeline) -> int:
    if not pipeline.dataset:
        raise ManifestTrouble(f"{pipeline.name} has no dataset: it starts cold")
    store.put(pipeline.dataset, base_dataset(pipeline))
    print(f"{pipeline.dataset}: {ROWS:,} rows")
    return 0


def stream(pipeline: Pipeline, seconds: float = _LONGEST, function: int = FUNCTION) -> int:
    """Every five seconds a line."""
    rows = example_rows(pipeline, seed=int(time.time()))
    if isinstance(rows, Applications):
        rows.function = function
    source = open_stream(pipeline, rows)
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
    found = (r for r in kafka.read_back(pipeline.predictions) if answer(r, pipeline))
    for record in deque(found, _NEWEST):
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


def file_of(arguments: Sequence[str]) -> tuple[list[str], Path]:
    """The arguments without `-f FILE`, and the file."""
    rest = list(arguments)
    if "-f" not in rest[:-1]:
        return rest, MANIFEST
    place = rest.index("-f")
    file = Path(rest[place + 1])
    return rest[:place] + rest[place + 2 :], file


def main(arguments: Sequence[str]) -> int:
    """Run as a command."""
    rest, file = file_of(arguments)
    command = chosen(rest)
    if command is None:
        print(__doc__)
        return 2
    return run_guarded(lambda: command(load(file)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
