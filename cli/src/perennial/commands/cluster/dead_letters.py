"""Commands `dead-letters`: what a pipeline could not answer, shown, and sent again."""

from __future__ import annotations

import typer
from typer.core import TyperGroup

from perennial.commands.cluster.options import Context, Namespace
from perennial.commands.cluster.replaying import Reasons, replay
from perennial.commands.cluster.showing import Follow, Last, show
from perennial.commands.cluster.source import Bootstrap, Folder, Name, Options, Secrets, find
from perennial.commands.exit_codes import exits_on_trouble
from perennial.commands.output import Chosen, Output
from perennial.messages.dead_letters import Wanted, fields, text


class _ListByDefault(TyperGroup):
    """`dead-letters loans` is `dead-letters list loans`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if not args or args[0] not in {*self.commands, "--help"}:
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_ListByDefault, help="Show what a pipeline could not answer, or send it again."
)
app.command()(replay)


@app.command(name="list")
def list_(  # noqa: PLR0913, PLR0917  the options that a user has
    name: Name = "",
    follow: Follow = False,  # noqa: FBT002  an option
    last: Last = 10,
    reason: Reasons = None,
    folder: Folder = None,
    secrets: Secrets = None,
    bootstrap: Bootstrap = "",
    context: Context = "",
    namespace: Namespace = "",
    output: Chosen = Output.TEXT,
) -> None:
    """Show the newest dead letters of a pipeline, each with its reason; with -f those that come.

    The topic is read near its end and in no consumer group. "list" may be left out.

        perennial dead-letters loans --reason NotJson -o json | jq -r .detail
    """
    with exits_on_trouble(stopped="stopped"):
        topics, connection = find(Options(name, folder, secrets, bootstrap, context, namespace))
        wanted = Wanted(topics.id_prefix, frozenset(reason or ()))
        shown = text if output is Output.TEXT else fields
        show(connection, topics.dead_letters, wanted.matches, shown, last, follow=follow)
