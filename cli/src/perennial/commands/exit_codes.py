"""Ends of the commands: an exit code and one line for every trouble."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import typer

from perennial.adapters.api_server import ClusterTrouble
from perennial.adapters.bundles import ModelTrouble
from perennial.adapters.download import DownloadTrouble
from perennial.adapters.kafka import KafkaTrouble
from perennial.adapters.store import StoreTrouble
from perennial.follow import Failed
from perennial.pipeline import ManifestTrouble
from perennial.table.csv_lines import TableRefused

INTERRUPTED: Final = 130  # exit code after Ctrl-C, as shells have it
_TROUBLES: Final = (
    ClusterTrouble,
    DownloadTrouble,
    Failed,
    KafkaTrouble,
    ManifestTrouble,
    ModelTrouble,
    StoreTrouble,
    TableRefused,
)


@contextmanager
def exits_on_trouble(
    say: Callable[[str], object] = lambda line: print(line, file=sys.stderr),
    stopped: str = "stopped; the stream has ended, the pipeline goes on by itself",
) -> Iterator[None]:
    """Ends the command: 1 and a line on standard error after trouble, 130 after Ctrl-C."""
    try:
        yield
    except _TROUBLES as trouble:
        say(f"perennial: {trouble}")
        raise typer.Exit(1) from trouble
    except KeyboardInterrupt:
        say(stopped)
        raise typer.Exit(INTERRUPTED) from None
