"""Command `retrain`: an attempt now, whatever the labels."""

from __future__ import annotations

import msgspec
import typer

from perennial.adapters.kubeconfig.trouble import ClusterTrouble
from perennial.client.pipeline import Pipeline
from perennial.commands.cluster.options import Context, Name, Namespace, Timeout, Wait
from perennial.commands.exit_codes import exits_on_trouble
from perennial.commands.output import Chosen, Output
from perennial.page.texts import plain
from perennial.report.view import sentence
from perennial_operator.api.attempts import AttemptOutcome, HistoryEntry
from perennial_operator.api.names import PAUSED_ANNOTATION, Manifest


def retrain(  # noqa: PLR0913  the options that a user has
    name: Name = "",
    *,
    wait: Wait = False,
    timeout: Timeout = 3600.0,
    context: Context = "",
    namespace: Namespace = "",
    output: Chosen = Output.TEXT,
) -> None:
    """Ask for an attempt now: it sets `retrain.request` to the time.

    An attempt that runs ends first. With --wait the exit code is 1 if the attempt could not use
    data or settings; a model that was no better is no failure.

        perennial retrain loans --wait
    """
    with exits_on_trouble(stopped="stopped; the request stands"):
        pipeline = Pipeline.named(name, context=context, namespace=namespace)
        held = _held(pipeline.resource())
        if held and wait:
            raise ClusterTrouble(f"{held}: there would be nothing to wait for")
        request = pipeline.retrain()
        if output is Output.TEXT:
            print(
                f"{pipeline.name}: asked for an attempt, {request}" + (f"; {held}" if held else "")
            )
        entry = pipeline.retrained(request, timeout) if wait else None
        if entry and output is Output.TEXT:
            print(plain(sentence(entry)))
        if output is Output.JSON:
            typer.echo(msgspec.json.encode(_document(request, entry)))
        if entry and entry.outcome is AttemptOutcome.REFUSED:
            raise typer.Exit(1)


def _held(resource: Manifest) -> str:
    """Why no attempt starts; empty where nothing holds it up."""
    if resource["spec"].get("retrain", {}).get("suspend"):
        return "no attempt starts while retrain.suspend is true"
    if resource["metadata"].get("annotations", {}).get(PAUSED_ANNOTATION) == "true":
        return f"no attempt starts while the annotation {PAUSED_ANNOTATION} is true"
    return ""


def _document(request: str, entry: HistoryEntry | None) -> dict[str, object]:
    attempt = entry.model_dump(mode="json", exclude_none=True) if entry else None
    return {"request": request, "attempt": attempt}
