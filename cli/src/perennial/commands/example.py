"""Commands on an example's file: its base dataset, its stream, and the end of it all."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Final

import typer

from perennial.adapters import kafka
from perennial.adapters.addresses import KAFKA, S3
from perennial.adapters.kubeconfig.api_server import Cluster
from perennial.adapters.store import Buckets
from perennial.adapters.wall_clock import WallClock
from perennial.commands.exit_codes import exits_on_trouble
from perennial.display.frame import clock
from perennial.pipeline import ManifestTrouble, load
from perennial.sending import Stream, traffic
from perennial.stream.accuracy import Accuracy
from perennial.world.agrawal import FUNCTIONS
from perennial.world.dataset import ROWS, base_dataset, example_rows
from perennial.world.rows import FUNCTION, Applications

LOANS: Final = Path("examples/pipelines/loans.yaml")
File = Annotated[Path, typer.Argument(help="A ModelPipeline's file.")]
_LONGEST: Final = 600  # seconds of a stream
_EVERY: Final = 5.0  # seconds between two lines


def dataset(file: File = LOANS) -> None:
    """Write the base dataset of an example to S3."""
    with exits_on_trouble():
        pipeline = load(file)
        if not pipeline.dataset:
            raise ManifestTrouble(f"{pipeline.name} has no dataset: it starts cold")
        Buckets(S3).put(pipeline.dataset, base_dataset(pipeline))
        print(f"{pipeline.dataset}: {ROWS:,} rows")


def stream(
    file: File = LOANS,
    seconds: Annotated[int, typer.Option(min=1, max=_LONGEST, help="How long.")] = _LONGEST,
    function: Annotated[
        int,
        typer.Option(
            min=min(FUNCTIONS), max=max(FUNCTIONS), help="Of loan applications: what is true."
        ),
    ] = FUNCTION,
) -> None:
    """Send events of an example and their labels; every five seconds a line."""
    with exits_on_trouble():
        pipeline = load(file)
        rows = example_rows(pipeline, seed=int(WallClock().now()))
        if isinstance(rows, Applications):
            rows.function = function
        answers = kafka.Answers(KAFKA, pipeline.predictions)
        source = Stream(traffic(pipeline, rows), kafka.Sender(KAFKA), answers.poll)
        _show(source, seconds)


def _show(source: Stream, seconds: float) -> None:
    accuracy, began = Accuracy(), time.monotonic()
    source.start()
    try:
        while (passed := time.monotonic() - began) < seconds:
            time.sleep(_EVERY)
            source.drain(accuracy)
            recent = accuracy.recent()
            shown = "" if recent is None else f", accuracy {recent:.1%}"
            answered, waiting = len(accuracy.grades), accuracy.waiting
            print(f"{clock(passed + _EVERY)}  {answered:,} answered, {waiting:,} waiting{shown}")
    finally:
        source.close()


def clear(file: File = LOANS) -> None:
    """Remove the pipeline, its topics and its objects."""
    with exits_on_trouble():
        pipeline = load(file)
        if Cluster(pipeline.name).remove():
            print(f"ModelPipeline {pipeline.name}: removed")
        for topic in kafka.delete_topics(KAFKA, pipeline.topics):
            print(f"topic {topic}: removed")
        if objects := Buckets(S3).clear(pipeline.bucket, pipeline.prefix):
            print(f"s3://{pipeline.bucket}/{pipeline.prefix}: {objects:,} objects removed")
