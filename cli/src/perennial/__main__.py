"""Command `perennial`: a pipeline seen from a terminal, and examples to watch."""

from __future__ import annotations

import os

import typer

from perennial.commands import demo, doctor, example, fetch, play, predict, run, table, validate
from perennial.commands.cluster import answers, dead_letters, retrain, rollback, status, why
from perennial.commands.interruption import interruptible
from perennial.commands.ui import ui

app = typer.Typer(no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
app.command()(demo.demo)
app.command()(play.play)
app.command()(run.run)
for command in (example.dataset, example.stream, example.clear):
    app.command()(command)
app.command()(answers.answers)
app.add_typer(dead_letters.app, name="dead-letters")
app.command()(doctor.doctor)
app.command()(fetch.fetch)
app.command()(predict.predict)
app.command()(ui)
app.command()(validate.validate)
app.command()(retrain.retrain)
app.command()(rollback.rollback)
app.command()(status.status)
app.command()(why.why)
app.add_typer(table.app, name="table")


def main() -> None:
    """Runs the command that the arguments name; its exit code is the process's."""
    with interruptible():
        app(obj=dict(os.environ))


if __name__ == "__main__":
    main()
