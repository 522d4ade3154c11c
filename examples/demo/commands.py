"""The commands' common ends: what a person may do next, and an exit code for every trouble."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from examples.demo.adapters import tracking
from examples.demo.adapters.cluster import ClusterTrouble
from examples.demo.adapters.kafka import KafkaTrouble
from examples.demo.adapters.store import StoreTrouble
from examples.demo.follow import Failed
from examples.demo.pipeline import MANIFEST, ManifestTrouble, Pipeline

_INTERRUPTED: Final = 130  # exit code after Ctrl-C, as shells have it


def print_next_steps(pipeline: Pipeline, file: Path = MANIFEST) -> None:
    """Print the commands for looking on, sending more and removing it all."""
    this = "" if file == MANIFEST else f" -f {file}"
    lines = [
        "Look on:       kubectl get mp -w",
        f"               kubectl describe mp {pipeline.name}",
        f"               .venv/bin/python -m examples.demo answers{this}",
    ]
    if pipeline.experiment:
        lines.append(f"MLflow:        {tracking.describe_runs(pipeline.experiment)}")
    if not this:
        lines.append("Send more:     .venv/bin/python -m examples.demo stream")
    print("\n".join([*lines, "Remove it all: make demo-down"]))


def run_guarded(command: Callable[[], int]) -> int:
    """The command's exit code; trouble is one line on standard error."""
    try:
        return command()
    except (ClusterTrouble, KafkaTrouble, ManifestTrouble, StoreTrouble, Failed) as trouble:
        print(f"demo: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; the stream has ended, the pipeline goes on by itself")
        print("Look on:       kubectl get mp -w\nRemove it all: make demo-down")
        return _INTERRUPTED
