"""Command `perennial`: what it can, in the order in which people meet it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from io import TextIOWrapper
from typing import Annotated, Final

import typer

from perennial.commands import demo, doctor, example, fetch, play, predict, run, table, validate
from perennial.commands.cluster import answers, dead_letters, retrain, rollback, status, why
from perennial.commands.interruption import interruptible
from perennial.commands.ui import ui

Version = Annotated[
    bool, typer.Option("--version", is_eager=True, help="Say which version this is, and end.")
]
Commands = Sequence[Callable[..., None]]
HERE: Final = "On this machine"
PIPELINE: Final = "A pipeline"
EXAMPLES: Final = "Examples, on the local cluster"
PANELS: Final[Mapping[str, Commands]] = {
    HERE: (demo.demo, play.play, run.run, fetch.fetch, predict.predict),
    PIPELINE: (
        validate.validate,
        doctor.doctor,
        status.status,
        why.why,
        ui,
        answers.answers,
        retrain.retrain,
        rollback.rollback,
    ),
    EXAMPLES: (example.dataset, example.stream, example.clear),
}

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # which fills paragraphs to the terminal's width
)
for panel, commands in PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
app.add_typer(dead_letters.app, name="dead-letters", rich_help_panel=PIPELINE)
app.add_typer(table.app, name="table", rich_help_panel=EXAMPLES)


@app.callback(invoke_without_command=True)
def perennial(*, say_version: Version = False) -> None:
    """A model on a Kafka stream, kept fresh: on this machine, or seen from it on a cluster."""
    if say_version:
        typer.echo(version("perennial-loop"))
        raise typer.Exit


def main() -> None:
    """Runs the command that the arguments name; its exit code is the process's."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # in a pipe and in a CI's log as well
    with interruptible():
        app(obj=dict(os.environ))


if __name__ == "__main__":
    main()
