"""Command `doctor`: what a pipeline lacks, before it exists."""

# ruff: noqa: PLC0415  what reads a dataset takes a second to load

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import msgspec
import typer
from rich.console import Console

from perennial.adapters import addresses
from perennial.adapters.addresses import seen_from_here
from perennial.adapters.kubeconfig.access import Access
from perennial.adapters.kubeconfig.trouble import ClusterTrouble
from perennial.commands.cluster.options import Context
from perennial.commands.cluster.source import Bootstrap, Secrets
from perennial.commands.exit_codes import exits_on_trouble
from perennial.commands.output import Chosen, Output
from perennial.commands.validate import File, as_json, lines_of, text_of
from perennial.diagnosis.defect import Defect, Severity, unseen
from perennial.messages.shown import line
from perennial.running.secrets import with_environment
from perennial.validation.check import check
from perennial.validation.documents import Document, documents
from perennial.validation.refusals import without_nulls
from perennial_operator.api.errors import joined
from perennial_operator.api.names import KIND

_LIMIT: Final = 17.0  # seconds for all inspections: the whole command ends within 30
_JUDGING: Final = 9.0  # seconds for what they found, most of it for a dataset
_LEAST: Final = 10.0  # seconds of them for each pipeline: with less, servers would be blamed
_AT_ONCE: Final = 8  # pipelines of a file

S3 = Annotated[
    str,
    typer.Option(
        "--s3",
        help="Address of the S3 server as this machine reaches it, or file:///folder.",
        show_default="storage.endpoint",
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option(
        file_okay=False,
        help="Of a run on this machine: its Secrets lie in it, and no cluster is looked at.",
    ),
]


class Ways(NamedTuple):
    """How servers, Secrets and cluster are reached."""

    bootstrap: str
    s3: str
    folder: Path | None
    secrets: Path | None
    context: str
    environment: Mapping[str, str]


class Placed(NamedTuple):
    """A finding, and where its field stands in the file."""

    pipeline: str
    line: int
    column: int
    finding: Defect


def doctor(  # noqa: PLR0913, PLR0917  the options that a user has
    ctx: typer.Context,
    file: File,
    bootstrap: Bootstrap = "",
    s3: S3 = "",
    folder: Folder = None,
    secrets: Secrets = None,
    context: Context = "",
    output: Chosen = Output.TEXT,
) -> None:
    """Name what a pipeline lacks before it exists, a line each with its remedy.

    It says first what validate says. Then it looks at what there is, as the programs would with the
    Secrets of the file: brokers, topics and rights; bucket, credentials and dataset; the newest
    messages; and in the cluster of the kubeconfig the definition, the operator and what pods need.
    Nothing is changed, but that an object doctor-... is written below storage.prefix and removed
    again. An error keeps the pipeline from working, a warning will bite; what could not be looked
    at is told as unseen. It ends within 30 seconds. The exit code is 1 if anything is found.

        perennial doctor pipeline.yaml --bootstrap 127.0.0.1:9092 --s3 http://127.0.0.1:9000
    """
    with exits_on_trouble(stopped="stopped"):
        text = text_of(file)
        report = check(text)
        if output is Output.TEXT:
            for each in lines_of(file, report):
                print(each)
        found: list[Placed] = []
        if report.accepted:
            with Console(stderr=True).status("Looking at what the pipeline needs"):
                ways = Ways(bootstrap, s3, folder, secrets, context, ctx.obj)
                found = list(_found(text, ways))
    if output is Output.JSON:
        findings = [_as_json(each) for each in found]
        typer.echo(msgspec.json.encode(as_json(file, report) | {"findings": findings}))
    elif report.accepted:
        _show(file, report.pipelines, found)
    if not report.accepted or any(_counts(each) for each in found):
        raise typer.Exit(1)


def _found(text: str, ways: Ways) -> Iterator[Placed]:
    """The findings of each pipeline, in the order of the file."""
    from perennial.adapters.inspection.deadline import Turns

    end = time.monotonic() + _LIMIT
    turns = Turns(_AT_ONCE, end - _LEAST)

    def look(document: Document) -> list[Placed]:
        found = _findings(without_nulls(document.content), ways, end)
        return [_placed(document, each) for each in found]

    ours = [each for each in documents(text) if each.content.get("kind") == KIND]
    for document, running in [(each, turns.run(partial(look, each))) for each in ours]:
        try:
            yield from running.result(end + _JUDGING)
        except TimeoutError:
            said = "there was no time to look at it"
            yield _placed(document, unseen(("kind",), said, "Give it a file of its own."))


def _findings(manifest: dict[str, Any], ways: Ways, end: float) -> Iterator[Defect]:
    from perennial.adapters.inspection.inspection import Asked, inspect, with_cluster
    from perennial.adapters.inspection.secrets import in_cluster, in_folder
    from perennial.diagnosis.diagnosis import diagnose
    from perennial.diagnosis.subject import subject_of

    if ways.folder:  # as a run there does
        there = {each.name for each in (ways.folder / "secrets").glob("*")}
        with_environment(manifest["spec"], ways.environment, there)
    kafka, storage = manifest["spec"]["kafka"], manifest["spec"]["storage"]
    bootstrap = ways.bootstrap or seen_from_here(kafka["bootstrapServers"])
    endpoint = ways.s3 or (addresses.S3 if storage.get("endpoint") == addresses.INSIDE else "")
    access, secrets = None, in_folder(ways.folder / "secrets") if ways.folder else None
    if not ways.folder:
        try:
            access = Access(ways.context, manifest["metadata"].get("namespace", ""))
        except ClusterTrouble as trouble:
            if ways.context:
                raise
            said = f"no cluster was looked at: {trouble}"
            yield unseen(("kind",), said, "Of a run on this machine give --folder.")
        else:
            manifest["metadata"]["namespace"] = access.namespace  # where kubectl would put it
            secrets = in_cluster(access)
    if ways.secrets:
        secrets = in_folder(ways.secrets)
    subject = subject_of(manifest, bootstrap, endpoint)
    facts = inspect(Asked(subject, manifest, secrets, access), end)
    yield from diagnose(with_cluster(subject, facts), facts)


def _placed(document: Document, finding: Defect) -> Placed:
    place, _ = document.find(finding.path)
    meta = document.content["metadata"]
    name = f"{meta.get('namespace') or 'default'}/{meta['name']}"
    return Placed(name, place.line, place.column, finding)


def _counts(placed: Placed) -> bool:
    return placed.finding.severity is not Severity.UNSEEN


def _show(file: Path, pipelines: list[str], found: list[Placed]) -> None:
    for _, row, column, each in found:
        at = f"{file}:{row}:{column}: {each.severity}: {joined(each.path)}: "
        said = line(each.what.encode(errors="replace")).rstrip(".?")  # others write what it quotes
        print(f"{at}{said}. {each.remedy}".rstrip())
    count = sum(map(_counts, found))
    said = f"{count} finding{'s' if count > 1 else ''}"
    if not count:
        said = "nothing is missing" + (" of what was looked at" if found else "")
    print(f"{file}: {', '.join(pipelines)}: {said}")


def _as_json(placed: Placed) -> dict[str, object]:
    each = placed.finding
    return {
        "pipeline": placed.pipeline,
        "line": placed.line,
        "column": placed.column,
        "severity": each.severity.value,
        "field": joined(each.path),
        "message": each.what,
        "remedy": each.remedy,
    }
