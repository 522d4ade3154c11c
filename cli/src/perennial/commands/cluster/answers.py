"""Command `answers`: the newest answers of a pipeline, and those that come."""

from __future__ import annotations

from typing import Annotated

import typer

from perennial.commands.cluster.options import Context, Namespace
from perennial.commands.cluster.showing import Follow, Last, show
from perennial.commands.cluster.source import Bootstrap, Folder, Name, Options, Secrets, find
from perennial.commands.exit_codes import exits_on_trouble
from perennial.commands.output import Chosen, Output
from perennial.messages.answers import Wanted, fields, text


def answers(  # noqa: PLR0913, PLR0917  the options that a user has
    name: Name = "",
    follow: Follow = False,  # noqa: FBT002  an option
    last: Last = 10,
    version: Annotated[str, typer.Option(help="Only what that version answered.")] = "",
    id_: Annotated[
        str, typer.Option("--id", help="Only the answers to the event of that id.")
    ] = "",
    folder: Folder = None,
    secrets: Secrets = None,
    bootstrap: Bootstrap = "",
    context: Context = "",
    namespace: Namespace = "",
    output: Chosen = Output.TEXT,
) -> None:
    """Show the newest answers of a pipeline, and with -f those that come.

    The topic is read near its end and in no consumer group, so that nobody else is disturbed;
    --version and --id look back as far as it takes. With --output json each line is an object.

        perennial answers loans -f -o json | jq .answer.probability
    """
    with exits_on_trouble(stopped="stopped"):
        topics, connection = find(Options(name, folder, secrets, bootstrap, context, namespace))
        wanted = Wanted(topics, version, id_)
        shown = text if output is Output.TEXT else fields
        show(connection, topics.predictions, wanted.matches, shown, last, follow=follow)
