"""Command `rollback`: another version serves, until the pin is cleared."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from perennial.client.pipeline import Pipeline
from perennial.commands.cluster.options import Context, Name, Namespace, Timeout, Wait
from perennial.commands.exit_codes import exits_on_trouble
from perennial.commands.output import Chosen, Output
from perennial_contract.objects.bundle import version_number

Version = Annotated[
    str,
    typer.Argument(help="Such as v7-3fa9c1d2 or v7.", show_default="the one that served before"),
]


def rollback(  # noqa: PLR0913  the options that a user has
    name: Name = "",
    version: Version = "",
    *,
    unpin: Annotated[
        bool, typer.Option("--unpin", help="Let serve again what was promoted last.")
    ] = False,
    forgive: Annotated[
        bool, typer.Option("--forgive", help="Also a version that was taken back as broken.")
    ] = False,
    wait: Wait = False,
    timeout: Timeout = 600.0,
    context: Context = "",
    namespace: Namespace = "",
    output: Chosen = Output.TEXT,
) -> None:
    """Go back to a version: it sets `model.pin`.

    The pinned version stays whatever is promoted. Attempts go on, and what they find better waits
    as the candidate. How to undo it is printed. With --wait the exit code is 0 once all predictor
    pods answer with the version.

        perennial rollback loans v6 --wait
        perennial rollback loans --unpin
    """
    if name and not version and (version_number(name) or _is_short(name)):
        name, version = "", name
    if unpin and (version or forgive):
        raise typer.BadParameter("it names no version", param_hint="--unpin")
    with exits_on_trouble(stopped="stopped; the pin is as it was set"):
        pipeline = Pipeline.named(name, context=context, namespace=namespace)
        again = _command(pipeline.name, context, namespace)
        told = _unpin(pipeline) if unpin else _pin(pipeline, version, again, forgive=forgive)
        said = told.pop("said")
        if output is Output.TEXT:
            print(said)
        if wait and told["version"]:
            pipeline.serving(told["version"], timeout)
            if output is Output.TEXT:
                print(f"{told['version']} serves")
        if output is Output.JSON:
            typer.echo(msgspec.json.encode(told))


def _pin(pipeline: Pipeline, version: str, again: str, *, forgive: bool) -> dict[str, str]:
    done = pipeline.rollback(version, forgive=forgive)
    undo = f"{again} {done.pin or '--unpin'}"
    before = f" in the place of {done.served}" if done.served not in {"", done.version} else ""
    said = f"{pipeline.name}: {done.version} is pinned{before}\nundo: {undo}"
    return {"version": done.version, "served": done.served, "undo": undo, "said": said}


def _unpin(pipeline: Pipeline) -> dict[str, str]:
    head = pipeline.unpin()
    what = f"{head}, which was promoted last, serves" if head else "what serves stays"
    return {"version": head, "said": f"{pipeline.name}: nothing is pinned; {what}"}


def _command(name: str, context: str, namespace: str) -> str:
    options = [f"--context {context}"] * bool(context) + [f"-n {namespace}"] * bool(namespace)
    return " ".join(["perennial rollback", *options, name])


def _is_short(name: str) -> bool:
    return name.startswith("v") and name[1:].isdecimal()
