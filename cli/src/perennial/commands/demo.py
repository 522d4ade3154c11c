"""Command `demo`: follows `loans` through two changes of the world."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import typer

from perennial.adapters import kafka, tracking
from perennial.adapters.addresses import KAFKA, S3
from perennial.adapters.api_server import Cluster
from perennial.adapters.store import Buckets
from perennial.adapters.wall_clock import WallClock
from perennial.commands.example import LOANS
from perennial.commands.exit_codes import exits_on_trouble
from perennial.demo import Demo, succeeded
from perennial.display.screen import choose_screen
from perennial.next_steps import next_steps
from perennial.pipeline import Pipeline, load
from perennial.report.facts import Facts, read_facts
from perennial.report.report import count, report
from perennial.sending import Stream, traffic
from perennial.world.rows import Applications
from perennial_operator.api.attempts import HistoryEntry


def demo() -> None:
    """Watch a model go stale and come back, twice, on the cluster that kubectl asks."""
    with exits_on_trouble():
        pipeline = load(LOANS)
        rows = Applications(seed=int(WallClock().now()))
        answers = kafka.Answers(KAFKA, pipeline.predictions)
        source = Stream(traffic(pipeline, rows), kafka.Sender(KAFKA), answers.poll)
        run = Demo(Cluster(pipeline.name), source, rows.change, choose_screen(), WallClock())
        try:
            timeline = run.run()
        finally:
            source.close()
        facts = facts_of(pipeline, list(run.ended.values()))
        print("\n" + "\n".join(report(facts, timeline, run.accuracy.grades)) + "\n")
        print_next_steps(pipeline, LOANS)
        if not succeeded(timeline, count(facts)):
            raise typer.Exit(1)


def facts_of(pipeline: Pipeline, entries: Sequence[HistoryEntry]) -> Facts:
    """What stands in the topics and on S3 after a run."""
    verdict = partial(Buckets(S3).verdict, pipeline.bucket, pipeline.prefix)
    return read_facts(pipeline, entries, partial(kafka.read_back, KAFKA), verdict)


def print_next_steps(pipeline: Pipeline, file: Path) -> None:
    runs = tracking.describe_runs(pipeline.experiment) if pipeline.experiment else ""
    print(next_steps(pipeline, file, runs))
