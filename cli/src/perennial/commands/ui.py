"""Command `ui`: pipelines on a page in a browser, read only."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Final

import typer

from perennial.adapters.kubeconfig.access import Access
from perennial.adapters.page_server import ADDRESS, Site, SiteServer
from perennial.adapters.wall_clock import WallClock
from perennial.adapters.watched.cluster import KubeconfigPlace
from perennial.adapters.watched.run import RunFolder
from perennial.adapters.watched.site import site_of
from perennial.commands.cluster.options import Context, Namespace
from perennial.commands.exit_codes import exits_on_trouble
from perennial.commands.page import Open, Shown, opened
from perennial.watching.ports import Place, Unseen
from perennial.watching.watches import Watches

PORT: Final = 8095
STOPPED: Final = "stopped; the pipelines go on by themselves"
_WAIT: Final = 3600.0  # seconds
Name = Annotated[str, typer.Argument(help="A ModelPipeline.", show_default="a list of all")]
Folder = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        file_okay=False,
        help="The folder of a run on this machine, at work or ended.",
        show_default="the cluster that kubectl asks",
    ),
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Of 127.0.0.1; 0 is any that is free.")]
Bootstrap = Annotated[
    str,
    typer.Option(
        help="HOST:PORT of Kafka as this machine reaches it.", show_default="the resource's own"
    ),
]


def ui(  # noqa: PLR0913  the options that a user has
    ctx: typer.Context,
    name: Name = "",
    *,
    folder: Folder = None,
    context: Context = "",
    namespace: Namespace = "",
    bootstrap: Bootstrap = "",
    port: Port = PORT,
    open_: Open = True,
) -> None:
    """Show pipelines on a page in the browser: what serves and why, live.

    The page is served on 127.0.0.1 and changes nothing. Accuracy and loss come from the newest
    answers and labels on the topics; where Kafka cannot be reached from here, the page shows what
    the attempts were judged to lose. While nobody looks at the page, nobody is asked.

    Of a run on this machine: perennial ui --folder perennial-demo

    Of a pipeline in a cluster: perennial ui loans --namespace team
    """
    with exits_on_trouble(STOPPED):
        place = _place(folder, context, namespace, bootstrap)
        path = _path(place, name)
        watches = Watches(place, WallClock().now)
        with closing(watches), closing(_server(site_of(watches), port)) as server:
            address = server.url + path
            print(f"The page, until Ctrl-C: {address}", flush=True)
            opened(address, Shown(serve=True, open=open_, environment=ctx.obj))
            while True:
                time.sleep(_WAIT)


def _place(folder: Path | None, context: str, namespace: str, bootstrap: str) -> Place:
    if folder is None:
        return KubeconfigPlace(Access(context, namespace), bootstrap)
    return RunFolder(folder.absolute())


def _path(place: Place, name: str) -> str:
    """Of the page of that pipeline, or of the only one; of the list where there are several."""
    found = [each["metadata"] for each in place.pipelines()]
    named = [each for each in found if not name or each["name"] == name]
    if name and not named:
        there = ", ".join(sorted(each["name"] for each in found)) or "none"
        raise Unseen(f"there is no ModelPipeline {name}; there is {there}")
    return f"{named[0]['namespace']}/{named[0]['name']}/" if len(named) == 1 else ""


def _server(site: Site, port: int) -> SiteServer:
    try:
        return SiteServer(site, port)
    except OSError as error:
        raise Unseen(f"port {port} of {ADDRESS}: {error.strerror}; --port names another") from error
