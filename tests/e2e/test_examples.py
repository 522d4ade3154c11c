import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest

from perennial.adapters import kafka
from perennial.adapters.addresses import KAFKA
from perennial.pipeline import Names, load
from perennial.world.rows import people
from perennial_contract.watermark import total
from perennial_operator.api.attempts import AttemptOutcome, Trigger
from perennial_operator.api.status import Status
from tests.e2e.conftest import ROOT
from tests.support.e2e.kubectl import Json, eventually, kubectl
from tests.support.e2e.published_client import PublishedClient

pytestmark = pytest.mark.e2e


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def demo(*command: str) -> str:
    return run(sys.executable, "-m", "perennial", *command)


def file_of(name: str) -> str:
    return str(ROOT / "examples" / "pipelines" / f"{name}.yaml")


@contextmanager
def applied(name: str) -> Iterator[str]:
    """An example as its head says it, up to `kubectl apply`; its file."""
    file = file_of(name)
    demo("clear", file)
    run("cluster/cluster", "prepare", file)
    if load(Path(file)).dataset:
        demo("dataset", file)
    kubectl("apply", "-f", file)
    yield file
    demo("clear", file)


@pytest.fixture
def loans(installed: str) -> Iterator[None]:
    """The README's steps up to `kubectl apply`."""
    assert installed
    demo("clear")
    run("cluster/cluster", "prepare", "loans")
    demo("dataset")
    kubectl("apply", "-f", file_of("loans"))
    yield
    demo("clear")


def status_of(name: str) -> Status:
    resource: Json = json.loads(kubectl("get", "mp", name, "-o", "json"))
    return Status.model_validate(resource.get("status", {}))


def written(name: str) -> int:
    return total(status_of(name).written)


def accuracy(said: str) -> float:
    """In percent, as `stream` told it last."""
    return float(said.splitlines()[-1].rpartition("accuracy ")[2].rstrip("%"))


@pytest.mark.usefixtures("loans")
def test_the_steps_of_the_readme_do_what_it_says_and_replicas_are_scaled() -> None:
    kubectl("wait", "--for=condition=Ready", "--timeout=10m", "modelpipeline/loans")
    demo("stream", "--seconds", "30")

    columns, row = kubectl("get", "mp", "loans").splitlines()
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
    answers = [json.loads(line) for line in demo("answers", "loans").splitlines()]
    assert answers
    assert {tuple(answer) for answer in answers} == {
        ("request_id", "prediction", "label", "probability", "model")
    }
    status: Json = json.loads(kubectl("get", "mp", "loans", "-o", "json"))["status"]
    assert status["history"][0]["reason"] == "FirstModel"
    kubectl("wait", "--for=jsonpath={.status.replicas}=2", "--timeout=10s", "mp/loans")

    kubectl("scale", "modelpipeline/loans", "--replicas=1")

    kubectl("wait", "--for=jsonpath={.status.replicas}=1", "--timeout=60s", "mp/loans")
    deployment: Json = json.loads(kubectl("get", "deployment", "loans-predictor", "-o", "json"))
    assert deployment["spec"]["replicas"] == 1


@pytest.mark.usefixtures("installed")
def test_a_field_explains_itself() -> None:
    said = kubectl("explain", "modelpipeline.spec.retrain")

    assert "Labelled observations since the last attempt that start the next one." in said


@pytest.mark.usefixtures("installed")
def test_labels_inside_events_without_an_id_are_learned_from() -> None:
    with applied("label-in-event") as file:
        kubectl("wait", "--for=condition=Ready", "--timeout=5m", "mp/label-in-event")

        said = demo("stream", file, "--seconds", "20")

        assert accuracy(said) > 80
        replies = [json.loads(line) for line in demo("answers", file).splitlines()]
        assert {tuple(reply) for reply in replies} == {
            ("id", "prediction", "label", "probability", "model")
        }
        assert all(reply["id"].startswith("label-in-event-events/") for reply in replies)
        again = eventually(
            120, "a second attempt ends", lambda: status_of("label-in-event").history[1:]
        )
        assert again[0].trigger is Trigger.THRESHOLD


@pytest.mark.usefixtures("installed")
def test_without_a_dataset_the_first_thousand_labels_make_the_model_that_answers_all() -> None:
    with applied("cold-start") as file:
        pipeline = load(Path(file))
        demo("stream", file, "--seconds", "5")
        counted = eventually(60, "labels are counted", lambda: written("cold-start"))
        assert counted < pipeline.threshold
        ready = next(c for c in status_of("cold-start").conditions if c.type == "Ready")
        assert (ready.status, status_of("cold-start").attempt) == ("False", None)
        assert list(kafka.read_back(KAFKA, pipeline.predictions)) == []

        demo("stream", file, "--seconds", "10")
        kubectl("wait", "--for=condition=Ready", "--timeout=5m", "mp/cold-start")

        asked = {record.key for record in kafka.read_back(KAFKA, pipeline.events)}
        answered: Counter[str] = eventually(60, "all are answered", lambda: all_of(asked, pipeline))
        assert set(answered.values()) == {1}
        first = status_of("cold-start").history[0]
        assert (first.outcome, first.reason) == (AttemptOutcome.PROMOTED, "FirstModel")


def all_of(asked: set[str], pipeline: Names) -> Counter[str] | None:
    found = Counter(record.key for record in kafka.read_back(KAFKA, pipeline.predictions))
    return found if set(found) == asked else None


@pytest.mark.usefixtures("installed")
def test_a_client_of_the_published_loop_goes_on_unchanged() -> None:
    name = "migrate-ml-pipeline"
    with applied(name):
        kubectl("wait", "--for=condition=Ready", "--timeout=5m", f"mp/{name}")
        client = PublishedClient()
        rows = list(islice(people(seed=5), 400))
        dots = [".", ""] * 200

        client.ask(
            {**row.record, "income_bracket": f"{row.label}{dot}"}
            for row, dot in zip(rows, dots, strict=True)
        )
        client.read(60)

        assert set(client.answers) == set(client.asked)
        assert {len(replies) for replies in client.answers.values()} == {1}
        said = [client.answers[asked][0]["prediction"] for asked in client.asked]
        assert set(said) == {0.0, 1.0}
        truth = [float(row.label == ">50K") for row in rows]
        assert sum(a == b for a, b in zip(said, truth, strict=True)) > 300
        eventually(60, "every label counts", lambda: written(name) == len(rows))

        client.ask_to_retrain()
        again = eventually(180, "it retrains", lambda: status_of(name).history[1:])
        assert again[0].trigger is Trigger.LIFECYCLE
