"""Command `status`: one pipeline on one screen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from perennial.adapters.kubeconfig.trouble import Away
from perennial.adapters.wall_clock import WallClock
from perennial.client.pipeline import Clock
from perennial.client.progress import status_of
from perennial.commands.cluster.look import Place, place
from perennial.commands.cluster.options import Context, Folder, Name, Namespace
from perennial.commands.exit_codes import exits_on_trouble
from perennial.commands.output import Chosen, Output
from perennial.display import status as screen
from perennial.page.data import Page
from perennial.page.pipeline import Measured, page
from perennial.watching.reports import Sums
from perennial_operator.api.status import Status

_EVERY: Final = 5.0  # seconds between two looks
_SHOWN: Final = (
    *("name", "namespace", "problem", "state", "concerns", "serving", "labels", "next"),
    *("running", "attempts", "earlier", "lag", "deadLetters"),
)
Seen = tuple[Page, Status]


def status(  # noqa: PLR0913  the options that a user has
    name: Name = "",
    *,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on looking.")] = False,
    folder: Folder = None,
    context: Context = "",
    namespace: Namespace = "",
    output: Chosen = Output.TEXT,
) -> None:
    """Show what serves and why, its loss over the attempts, and what comes next.

    Lag and dead letters are what the pods say since their start; on a cluster the right to
    `pods/proxy` lets them be asked. With --watch and --output json each change is a line.

        perennial status loans --watch
    """
    with exits_on_trouble(stopped="stopped"):
        where = place(name, folder, context, namespace)
        if not watch:
            _print(_look(where, Sums()), output)
        elif output is Output.TEXT and Console().is_terminal:
            _draw(looks(where, WallClock()))
        else:
            _follow(looks(where, WallClock()), output)


def _look(where: Place, sums: Sums) -> Seen:
    resource = where.resource()
    told = status_of(resource)
    sums.hear(where.reports(resource))
    measured = Measured(lag=sums.lag, dead_letters=sums.dead_letters)
    return page(resource, measured, problem=where.problem(), status=told), told


def looks(where: Place, clock: Clock) -> Iterator[Seen]:
    """An API server that is away afterwards ends nothing: the last look stays, and says so."""
    sums = Sums()
    seen = _look(where, sums)
    while True:
        yield seen
        clock.pause(_EVERY)
        try:
            seen = _look(where, sums)
        except Away as away:
            seen = msgspec.structs.replace(seen[0], problem=f"As of before: {away}"), seen[1]


def _draw(looks: Iterator[Seen]) -> None:
    console = Console()
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        for seen in looks:
            live.update(Text("\n".join(_lines(seen, console.width))), refresh=True)


def _follow(looks: Iterator[Seen], output: Output) -> None:
    last = None
    for seen in looks:
        if (now := _document(seen[0])) != last:
            last = now
            _print(seen, output)


def _print(seen: Seen, output: Output) -> None:
    if output is Output.JSON:
        typer.echo(msgspec.json.encode(_document(seen[0])))
    else:
        print("\n".join(_lines(seen, Console().width)), flush=True)


def _lines(seen: Seen, width: int) -> list[str]:
    return screen.lines(*seen, datetime.fromtimestamp(WallClock().now(), UTC), width)


def _document(shown: Page) -> dict[str, Any]:
    document = msgspec.to_builtins(shown)
    return {key: document[key] for key in _SHOWN}
