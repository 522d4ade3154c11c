"""Options that every command on a cluster has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Name = Annotated[
    str, typer.Argument(help="A ModelPipeline.", show_default="the only one of the namespace")
]
Context = Annotated[
    str, typer.Option(help="A context of the kubeconfig.", show_default="the current one")
]
Namespace = Annotated[
    str, typer.Option("--namespace", "-n", help="Whose.", show_default="the context's own")
]
Folder = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        file_okay=False,
        help="The folder of a run on this machine, in the place of a cluster.",
    ),
]
Timeout = Annotated[float, typer.Option(min=0, help="Seconds that --wait waits at most.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until it has happened.")]
