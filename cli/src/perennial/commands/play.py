"""Command `play`: the whole loop on a table of a user's own, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from perennial.adapters import kafka
from perennial.adapters.run_folder import emptied, write_new
from perennial.adapters.wall_clock import WallClock
from perennial.commands.exit_codes import exits_on_trouble
from perennial.commands.local import Local, local
from perennial.commands.mlflow import Mlflow, tracking_of
from perennial.commands.page import Open, Serve, Shown, followed, left_behind
from perennial.display.screen import Screen
from perennial.local_manifest import Servers
from perennial.play import TableRun
from perennial.report.report import count
from perennial.sending import Stream, traffic
from perennial.stream.accuracy import Accuracy
from perennial.table.dataset import base_dataset, unusable
from perennial.table.manifest import manifest, text
from perennial.table.report import report
from perennial.table.sizes import Sizes, described, sizes
from perennial.table.table import Table, read
from perennial_operator.api.attempts import HistoryEntry

FOLDER: Final = Path("perennial-play")


LabelColumn = Annotated[
    str,
    typer.Option(
        metavar="COLUMN",
        help="The column of the label, which has two values: the second in sorted order, numbers"
        " by number, is the positive class.",
    ),
]


def play(  # noqa: PLR0913  each is an option
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A csv or csv.gz with a header.")],
    *,
    label: LabelColumn,
    write: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the ModelPipeline too, and its dataset beside it."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be played, and write, but not run.")
    ] = False,
    folder: Annotated[
        Path, typer.Option(help="Where all that it makes lies; emptied before.")
    ] = FOLDER,
    rate: Annotated[
        float | None,
        typer.Option(min=0.1, max=10_000, help="Events a second; by default by the table's size."),
    ] = None,
    page: Serve = True,
    open_: Open = True,
    mlflow: Mlflow = False,
) -> None:
    """Play a table in the order of its rows: the first make a model, the others keep it fresh.

    The other rows are sent as events, their labels follow a little later, and the model is trained
    again as labels come in. The page shows it live; report.html in the folder stays. Of a large
    file the first rows are used. Example: perennial play payments.csv --label fraud
    """
    with exits_on_trouble(f"stopped; what it made lies in {folder}"):
        table = read(file.expanduser(), label)
        chosen = sizes(table, rate)
        excluded = unusable(table, chosen.base)
        print("\n".join(described(table, chosen, excluded)), flush=True)
        made = manifest(table, chosen, excluded)
        del made["spec"]["tracking"]  # that of the local cluster
        if write is not None:
            _write(write.expanduser(), made, table, chosen.base)
        if not dry_run:
            place = folder.expanduser().absolute()
            tracking = tracking_of(place, mlflow)
            _play(table, chosen, _for_one(made), place, Shown(page, open_, ctx.obj), tracking)


def _write(file: Path, made: dict[str, Any], table: Table, base: int) -> None:
    dataset = file.with_name(f"{file.stem}-train.csv")
    write_new({file: text(made, table).encode(), dataset: base_dataset(table, base)})
    print(f"{file}: the ModelPipeline; {dataset}: what lies at {made['spec']['dataset']['uri']}")


def _for_one(made: dict[str, Any]) -> dict[str, Any]:
    """The manifest for one machine that nobody else shares."""
    return {**made, "spec": {**made["spec"], "predictor": {"replicas": 1}}}


def _play(  # noqa: PLR0913, PLR0917
    table: Table,
    chosen: Sizes,
    made: dict[str, Any],
    folder: Path,
    shown: Shown,
    tracking: str,
) -> None:
    rows = table.rows[chosen.base :]

    def follow(screen: Screen) -> tuple[Accuracy, list[HistoryEntry]]:
        answers = kafka.Answers(here.bootstrap, here.pipeline.predictions)
        sent = traffic(here.pipeline, iter(rows), chosen.rate)
        source = Stream(sent, kafka.Sender(here.bootstrap), answers.poll)
        run = TableRun(here.loop, source, screen, WallClock(), len(rows), chosen.threshold)
        run.limit += len(rows) / chosen.rate
        try:
            run.run()
        finally:
            source.close()
        return run.accuracy, list(run.ended.values())

    def dataset(_: object) -> bytes:
        return base_dataset(table, chosen.base)

    here: Local
    named = Servers(tracking=tracking)
    with local(made, dataset, emptied(folder), shown.environment, print, named) as here:
        accuracy, facts = followed(here, shown, follow)
    print("\n" + "\n".join(report(facts, accuracy.grades, table, chosen.base)) + "\n")
    print("\n".join(left_behind(folder, tracking)))
    if not count(facts).whole:
        raise typer.Exit(1)
