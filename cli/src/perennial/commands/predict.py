"""Command `predict`: answers of one model, without a stream."""

# ruff: noqa: PLC0415  LightGBM takes a second to load, which the other commands do not wait for

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from perennial.adapters.bundles import ModelTrouble, bundle_in, bundle_of
from perennial.commands.exit_codes import exits_on_trouble
from perennial.commands.output import Chosen, Output
from perennial.pipeline import ManifestTrouble
from perennial_contract.objects.bundle import BundleBroken, version_number

if TYPE_CHECKING:
    from perennial.predict import Model, Outcome

_STANDARD_INPUT: Final = "-"
Folder = Annotated[
    str, typer.Argument(help="A bundle's folder, or a version such as v7-3fa9c1d2 of --pipeline.")
]
Typed = Annotated[
    str, typer.Argument(help="An event's JSON; - for one on each line of standard input.")
]
File = Annotated[
    Path | None,
    typer.Option(
        help="A ModelPipeline's file: where its versions lie, and how its events are read."
        " Without it an event is the record, and its id is topic/partition/offset."
    ),
]
Namespace = Annotated[
    str,
    typer.Option("--namespace", "-n", help="Of the ModelPipeline; by default its file's."),
]
Secret = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        file_okay=False,
        help="A folder with a file for each key of the Secret of storage.secretRef. Without it:"
        " the local cluster's keys, else what the environment holds.",
    ),
]
Key = Annotated[str | None, typer.Option(help="The key of the events' messages.")]
Header = Annotated[
    list[str] | None, typer.Option(help="A header of the events' messages, NAME=VALUE.")
]


def predict(  # noqa: PLR0913, PLR0917  the options that a user has
    model: Folder,
    event: Typed,
    pipeline: File = None,
    namespace: Namespace = "",
    secret: Secret = None,
    key: Key = None,
    header: Header = None,
    output: Chosen = Output.TEXT,
) -> None:
    """Answer one event, or many, with a model, as the predictor would.

    Standard output holds the answers; with --output json each as the bytes that the predictions
    topic would hold. Standard error names what has no answer, and features with values that the
    model has never seen. The exit code is 1 if an event would be a dead letter.
    """
    with exits_on_trouble(stopped="stopped"):
        headers = [_header(each) for each in header or ()]
        loaded = _load(model, pipeline, namespace, secret)
        refused = False
        for number, value in _values(event):
            found = loaded.predict(value, number, key.encode() if key else None, headers)
            where = f"line {number + 1}: " if event == _STANDARD_INPUT else ""
            _show(found, where, output)
            refused = refused or found.reason is not None
        if refused:
            raise typer.Exit(1)


def _load(model: str, file: Path | None, namespace: str, secret: Path | None) -> Model:
    import lightgbm

    from perennial.predict import BARE, Model, settings_of

    lightgbm.register_logger(logging.getLogger("lightgbm"))  # not to standard output
    settings = settings_of(file, namespace) if file else BARE
    if file and version_number(model):
        bundle = bundle_of(settings, model, secret)
    elif Path(model).is_dir():
        bundle = bundle_in(Path(model))
    elif version_number(model):
        raise ManifestTrouble(f"version {model} of which pipeline? --pipeline FILE says it")
    else:
        raise ModelTrouble(f"{model} is neither a folder nor a version such as v7-3fa9c1d2")
    try:
        return Model(bundle, settings)
    except BundleBroken as broken:
        raise ModelTrouble(f"{model}: {broken}") from broken


def _header(text: str) -> tuple[str, bytes]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise typer.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--header")
    return name, value.encode()


def _values(event: str) -> Iterator[tuple[int, bytes]]:
    """Each event's number, from 0, and its bytes; lines without anything are none."""
    if event != _STANDARD_INPUT:
        yield 0, event.encode(errors="surrogateescape")
        return
    for number, line in enumerate(typer.get_binary_stream("stdin")):
        if value := line.rstrip(b"\r\n"):
            yield number, value


def _show(found: Outcome, where: str, output: Output) -> None:
    for name in found.unknown:
        print(f"{where}{name}: a value that the model has never seen", file=sys.stderr)
    if found.reason:
        print(f"{where}dead letter, {found.reason}: {found.detail}", file=sys.stderr)
    elif found.answer is None:
        print(f"{where}no event, by events.filter", file=sys.stderr)
    else:
        typer.echo(found.answer if output is Output.JSON else f"{where}{_text(found.answer)}")


def _text(answer: bytes) -> str:
    identity, _, label, probability, model = msgspec.json.decode(answer).values()
    return f"{identity}: {label}; {probability:.4f} is the positive class's probability by {model}"
