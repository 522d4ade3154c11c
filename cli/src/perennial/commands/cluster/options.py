"""Options that every command on a cluster has, and the access that they name."""

from __future__ import annotations

from typing import Annotated

import typer

Context = Annotated[
    str, typer.Option(help="A context of the kubeconfig.", show_default="the current one")
]
Namespace = Annotated[
    str, typer.Option("--namespace", "-n", help="Whose.", show_default="the context's own")
]
