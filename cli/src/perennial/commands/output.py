"""Output that a command gives: for a person to read, or for a program."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Output(StrEnum):
    TEXT = "text"
    JSON = "json"


Chosen = Annotated[Output, typer.Option("--output", "-o", help="For a person, or for a program.")]
