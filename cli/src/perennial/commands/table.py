"""Commands on a table of a user's own, streamed in the order of its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perennial.adapters import kafka
from perennial.adapters.addresses import KAFKA, S3
from perennial.adapters.kubeconfig.api_server import Cluster
from perennial.adapters.store import Buckets
from perennial.adapters.wall_clock import WallClock
from perennial.commands.demo import facts_of, print_next_steps
from perennial.commands.exit_codes import exits_on_trouble
from perennial.display.screen import choose_screen
from perennial.pipeline import parse
from perennial.play import TableRun
from perennial.report.report import count
from perennial.sending import Stream, traffic
from perennial.table.dataset import base_dataset, unusable
from perennial.table.manifest import manifest, name_of, text
from perennial.table.report import report
from perennial.table.sizes import described, sizes
from perennial.table.table import Table, read

app = typer.Typer(no_args_is_help=True, help=__doc__)
File = Annotated[Path, typer.Argument(help="A csv or csv.gz with a header.")]
Label = Annotated[str, typer.Argument(help="The column of the label, which has two values.")]
Cache = Annotated[
    Path,
    typer.Option(envvar="XDG_CACHE_HOME", help="The user's cache folder.", show_default="~/.cache"),
]
_CACHE = Path("~/.cache")


@app.command()
def check(file: File, label: Label) -> None:
    """Say whether a table can be streamed, and with which sizes."""
    with exits_on_trouble():
        table = read(file.expanduser(), label)
        chosen = sizes(table)
        print("\n".join(described(table, chosen, unusable(table, chosen.base))))


@app.command("manifest")
def write_manifest(file: File, label: Label, cache: Cache = _CACHE) -> None:
    """Write the ModelPipeline for a table to a file, and print that file's path."""
    with exits_on_trouble():
        table = read(file.expanduser(), label)
        chosen, place = sizes(table), manifest_file(table, cache)
        place.parent.mkdir(parents=True, exist_ok=True)
        made = manifest(table, chosen, unusable(table, chosen.base))
        place.write_text(text(made, table))
        print(place)


def manifest_file(table: Table, cache: Path) -> Path:
    """Where the manifest is kept: with what else is made on this machine."""
    return cache.expanduser() / "perennial" / "demo" / f"{name_of(table.path)}.yaml"


@app.command()
def dataset(file: File, label: Label) -> None:
    """Write the first rows of a table to S3 as the base dataset."""
    with exits_on_trouble():
        table = read(file.expanduser(), label)
        chosen = sizes(table)
        uri = parse(manifest(table, chosen, {})).dataset
        Buckets(S3).put(uri, base_dataset(table, chosen.base))
        print(f"{uri}: {chosen.base:,} rows")


@app.command()
def run(file: File, label: Label, cache: Cache = _CACHE) -> None:
    """Send the other rows as events with late labels, and follow the attempts."""
    with exits_on_trouble():
        table = read(file.expanduser(), label)
        chosen = sizes(table)
        pipeline, rows = parse(manifest(table, chosen, {})), table.rows[chosen.base :]
        answers = kafka.Answers(KAFKA, pipeline.predictions)
        sent = traffic(pipeline, iter(rows), chosen.rate)
        source = Stream(sent, kafka.Sender(KAFKA), answers.poll)
        cluster, screen = Cluster(pipeline.name), choose_screen()
        table_run = TableRun(cluster, source, screen, WallClock(), len(rows), chosen.threshold)
        try:
            table_run.run()
        finally:
            source.close()
        facts = facts_of(pipeline, list(table_run.ended.values()))
        lines = report(facts, table_run.accuracy.grades, table, chosen.base)
        print("\n" + "\n".join(lines) + "\n")
        print_next_steps(pipeline, manifest_file(table, cache))
        if not count(facts).whole:
            raise typer.Exit(1)
