"""Command `validate`: a manifest's file, before anybody applies it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from perennial.commands.exit_codes import exits_on_trouble
from perennial.commands.output import Chosen, Output
from perennial.pipeline import ManifestTrouble
from perennial.validation.check import Report, check

File = Annotated[Path, typer.Argument(help="A file with ModelPipelines; - for standard input.")]


def validate(file: File, output: Chosen = Output.TEXT) -> None:
    """Say what the API server and the operator would refuse in a file, line by line.

    Warnings are of what is taken but will bite. Rules between sections are looked at once each
    section is right by itself, as the API server does. The exit code is 1 if anything is refused.
    """
    with exits_on_trouble(stopped="stopped"):
        report = check(text_of(file))
    if output is Output.JSON:
        typer.echo(msgspec.json.encode(as_json(file, report)))
    else:
        for line in lines_of(file, report):
            print(line)
        if report.accepted:
            print(f"{file}: {', '.join(report.pipelines)} would be accepted")
    if not report.accepted:
        raise typer.Exit(1)


def text_of(file: Path) -> str:
    """Raises ManifestTrouble: it cannot be read."""
    try:
        content = typer.get_binary_stream("stdin").read() if str(file) == "-" else file.read_bytes()
        return content.decode()
    except OSError as error:
        raise ManifestTrouble(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ManifestTrouble(f"{file} is no text in UTF-8: {error}") from error


def lines_of(file: Path, report: Report) -> Iterator[str]:
    for found in report.diagnostics:
        at = f"{file}:{found.place.line}:{found.place.column}: {found.level}: "
        yield at + (f"{found.field}: " if found.field else "") + found.why


def as_json(file: Path, report: Report) -> dict[str, object]:
    diagnostics = [
        {
            **asdict(found.place),
            "level": found.level.value,
            "field": found.field,
            "message": found.why,
        }
        for found in report.diagnostics
    ]
    return {
        "file": str(file),
        "accepted": report.accepted,
        "pipelines": report.pipelines,
        "diagnostics": diagnostics,
    }
