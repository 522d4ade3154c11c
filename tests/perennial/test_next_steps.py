from dataclasses import replace
from pathlib import Path

from perennial.next_steps import next_steps
from perennial.pipeline import load
from tests.support.examples.builders import LOANS


def test_the_commands_name_the_file_and_the_pipeline() -> None:
    pipeline = replace(load(LOANS), name="mine")
    assert next_steps(pipeline, Path("mine.yaml"), "3 runs").splitlines() == [
        "Look on:       kubectl get mp -w",
        "               kubectl describe mp mine",
        "               .venv/bin/perennial answers mine.yaml",
        "MLflow:        3 runs",
        "Send more:     .venv/bin/perennial stream mine.yaml",
        "Remove it all: make demo-down",
    ]


def test_nothing_is_said_of_mlflow_where_nothing_is_logged() -> None:
    assert "MLflow" not in next_steps(load(LOANS), LOANS, "")
