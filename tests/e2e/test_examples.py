import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import ROOT
from tests.e2e.kubectl import Json, kubectl

pytestmark = pytest.mark.e2e


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def demo(*command: str) -> str:
    return run(sys.executable, "-m", "examples.demo", *command)


@pytest.fixture
def loans(installed: str) -> Iterator[None]:
    """The README's steps up to `kubectl apply`."""
    assert installed
    demo("clear")
    run("cluster/cluster", "prepare", "loans")
    demo("dataset")
    kubectl("apply", "-f", str(ROOT / "examples" / "loans.yaml"))
    yield
    demo("clear")


@pytest.mark.usefixtures("loans")
def test_the_steps_of_the_readme_do_what_it_says() -> None:
    kubectl("wait", "--for=condition=Ready", "--timeout=10m", "modelpipeline/loans")
    demo("stream", "30")

    columns, row = kubectl("get", "mp").splitlines()
    assert columns.split() == [
        "NAME",
        "READY",
        "MODEL",
        "SCORE",
        "LABELS",
        "ATTEMPT",
        "REPLICAS",
        "AGE",
    ]
    assert row.startswith("loans   True    v1-")
    assert "/2000" in row
    answers = [json.loads(line) for line in demo("answers").splitlines()]
    assert answers
    assert {tuple(answer) for answer in answers} == {
        ("request_id", "prediction", "label", "probability", "model")
    }
    status: Json = json.loads(kubectl("get", "mp", "loans", "-o", "json"))["status"]
    assert status["history"][0]["reason"] == "FirstModel"
    kubectl("wait", "--for=jsonpath={.status.replicas}=2", "--timeout=10s", "mp/loans")


@pytest.mark.usefixtures("installed")
def test_a_field_explains_itself() -> None:
    said = kubectl("explain", "modelpipeline.spec.retrain")

    assert "Labelled observations since the last attempt that start the next one." in said


@pytest.mark.usefixtures("loans")
def test_replicas_are_scaled_through_the_pipeline() -> None:
    kubectl("wait", "--for=condition=Ready", "--timeout=10m", "modelpipeline/loans")

    kubectl("scale", "modelpipeline/loans", "--replicas=1")

    kubectl("wait", "--for=jsonpath={.status.replicas}=1", "--timeout=60s", "mp/loans")
    deployment: Json = json.loads(kubectl("get", "deployment", "loans-predictor", "-o", "json"))
    assert deployment["spec"]["replicas"] == 1
