"""Command `demo`: follows `loans` through two changes of the world."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Annotated, Final

import typer
import yaml

from perennial.adapters import kafka, tracking
from perennial.adapters.addresses import KAFKA, S3
from perennial.adapters.kubeconfig.api_server import Cluster
from perennial.adapters.run_folder import emptied
from perennial.adapters.store import Buckets
from perennial.adapters.wall_clock import WallClock
from perennial.commands.example import LOANS
from perennial.commands.exit_codes import exits_on_trouble
from perennial.commands.local import local
from perennial.commands.mlflow import Mlflow, tracking_of
from perennial.commands.page import Open, Serve, Shown, followed, left_behind
from perennial.demo import Demo, succeeded
from perennial.display.screen import Screen, choose_screen
from perennial.follow import Looks
from perennial.local_manifest import Servers
from perennial.next_steps import next_steps
from perennial.pipeline import Names, load
from perennial.report.facts import Facts, read_facts
from perennial.report.report import count, report
from perennial.report.timeline import Timeline
from perennial.sending import Stream, traffic
from perennial.stream.accuracy import Accuracy
from perennial.world.dataset import base_dataset
from perennial.world.rows import Applications
from perennial_operator.api.attempts import HistoryEntry

Entries = list[HistoryEntry]
FOLDER: Final = Path("perennial-demo")


def demo(  # noqa: PLR0913  each is an option
    ctx: typer.Context,
    *,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="On the cluster that kubectl asks.")
    ] = False,
    folder: Annotated[
        Path, typer.Option(help="Where all that it makes lies; emptied before.")
    ] = FOLDER,
    page: Serve = True,
    open_: Open = True,
    mlflow: Mlflow = False,
) -> None:
    """Watch a model go stale and come back, twice: on this machine, without a cluster."""
    if cluster:
        with exits_on_trouble():
            _on_cluster()
    else:
        with exits_on_trouble(f"stopped; what it made lies in {folder}"):
            _on_this_machine(
                folder.expanduser().absolute(), Shown(page, open_, ctx.obj), mlflow=mlflow
            )


def _on_cluster() -> None:
    pipeline = load(LOANS)
    (timeline, accuracy), entries = _follow(
        pipeline, KAFKA, Cluster(pipeline.name), choose_screen()
    )
    facts = facts_of(pipeline, entries)
    print("\n" + "\n".join(report(facts, timeline, accuracy.grades)) + "\n")
    print_next_steps(pipeline, LOANS)
    if not succeeded(timeline, count(facts)):
        raise typer.Exit(1)


def _on_this_machine(folder: Path, shown: Shown, *, mlflow: bool) -> None:
    manifest = yaml.safe_load((resources.files("perennial.world") / "loans.yaml").read_text())
    del manifest["spec"]["tracking"]  # that of the cluster
    manifest["spec"]["predictor"]["replicas"] = 1
    tracking = tracking_of(folder, mlflow)
    named = Servers(tracking=tracking)
    with local(manifest, base_dataset, emptied(folder), shown.environment, print, named) as here:
        follow = partial(_follow, here.pipeline, here.bootstrap, here.loop)
        (timeline, accuracy), facts = followed(here, shown, follow)
    print("\n" + "\n".join(report(facts, timeline, accuracy.grades)) + "\n")
    print("\n".join(left_behind(folder, tracking)))
    if not succeeded(timeline, count(facts)):
        raise typer.Exit(1)


def _follow(
    pipeline: Names, bootstrap: str, looks: Looks, screen: Screen
) -> tuple[tuple[Timeline, Accuracy], Entries]:
    """From the first model to the last answer, with the attempts that have ended."""
    rows = Applications(seed=int(WallClock().now()))
    answers = kafka.Answers(bootstrap, pipeline.predictions)
    source = Stream(traffic(pipeline, rows), kafka.Sender(bootstrap), answers.poll)
    run = Demo(looks, source, rows.change, screen, WallClock())
    try:
        timeline = run.run()
    finally:
        source.close()
    return (timeline, run.accuracy), list(run.ended.values())


def facts_of(pipeline: Names, entries: Sequence[HistoryEntry]) -> Facts:
    """What stands in the topics and on S3 of the local cluster after a run."""
    verdict = partial(Buckets(S3).verdict, pipeline.bucket, pipeline.prefix)
    return read_facts(pipeline, entries, partial(kafka.read_back, KAFKA), verdict)


def print_next_steps(pipeline: Names, file: Path) -> None:
    runs = tracking.describe_runs(pipeline.experiment) if pipeline.experiment else ""
    print(next_steps(pipeline, file, runs))
