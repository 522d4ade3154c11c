"""Next steps: what a person may do when a run has ended."""

from __future__ import annotations

from pathlib import Path

from perennial.pipeline import Names


def next_steps(pipeline: Names, file: Path, runs: str) -> str:
    """Commands for looking on, sending more and removing it all; `runs` is what MLflow holds."""
    lines = [
        "Look on:       kubectl get mp -w",
        f"               kubectl describe mp {pipeline.name}",
        f"               .venv/bin/perennial answers {file}",
    ]
    if runs:
        lines.append(f"MLflow:        {runs}")
    lines.append(f"Send more:     .venv/bin/perennial stream {file}")
    return "\n".join([*lines, "Remove it all: make demo-down"])
