"""`perennial run` as a user types it: in a folder of its own, and with a Kafka of one's own."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml

from perennial.adapters import kafka
from perennial.adapters.broker import Broker
from perennial.adapters.topics import Topic, create_topics
from perennial.pipeline import event, parse
from perennial.sending import answer
from perennial.world.dataset import base_dataset
from perennial.world.rows import Applications
from tests.support.examples.builders import LOANS

pytestmark = pytest.mark.embedded

PATIENCE = 240.0  # seconds; only ends a test


def a_file(folder: Path) -> Path:
    manifest: dict[str, Any] = yaml.safe_load(LOANS.read_text())
    spec = manifest["spec"]
    del spec["tracking"]
    spec["predictor"]["replicas"] = 1
    spec["optimizer"]["maxEvals"] = 1
    file = folder / "loans.yaml"
    file.write_text(yaml.safe_dump(manifest))
    (folder / "rows.csv").write_bytes(base_dataset(parse(manifest), 1_500))
    return file


@contextmanager
def running(file: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """The command, interrupted at the end, and what it printed."""
    command = [sys.executable, "-m", "perennial", "run", file.name, "--no-open", *options]
    with subprocess.Popen(command, cwd=file.parent, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=PATIENCE)


def said(process: "subprocess.Popen[str]", what: str) -> str:
    """The next line with that."""
    assert process.stdout
    for line in process.stdout:
        if what in line:
            return line
    raise AssertionError(f"it ended without saying {what!r}")


def answered(bootstrap: str, file: Path, identity: str) -> str:
    """The version that answers an event."""
    pipeline = parse(yaml.safe_load(file.read_text()))
    row = next(iter(Applications(1)))
    answers = kafka.Answers(bootstrap, pipeline.predictions)
    sender = kafka.Sender(bootstrap)
    sender.send([event(pipeline, identity, row.record, row.label)])
    sender.flush()
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for record in answers.poll(0.5):
            found = answer(record, pipeline)
            if found and found.id == identity:
                return found.model
    raise AssertionError("no answer")


def seen_on(page: str, met: Callable[[Any], bool]) -> Any:
    """The page's data, once it shows that."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with urlopen(f"{page}data") as answer:
            found = json.load(answer)
        if met(found):
            return found
        time.sleep(0.5)
    raise AssertionError(found)


def test_it_goes_on_where_it_was_at_the_same_address(tmp_path: Path) -> None:
    file = a_file(tmp_path)

    with running(file, "--dataset", "rows.csv") as process:
        address = said(process, "Kafka:").split()[-1]
        said(process, "v1 serves")
        model = answered(address, file, "one")
    assert process.returncode == 130

    with running(file) as process:
        assert said(process, "Kafka:").split()[-1] == address
        page = said(process, "The page:").split()[-1]
        said(process, "v1 serves")
        assert answered(address, file, "two") == model
        seen = seen_on(page, lambda found: found["records"]["answered"] == 2)
        assert (seen["name"], seen["serving"]["version"]) == ("loans", model)
    assert process.returncode == 130
    kept = tmp_path / "perennial-run" / "loans" / "objects" / "ModelPipeline.default.loans.json"
    assert [each["number"] for each in json.loads(kept.read_text())["status"]["history"]] == [1]


def test_a_kafka_and_a_folder_of_ones_own_are_used(broker: Broker, tmp_path: Path) -> None:
    file, models = a_file(tmp_path), tmp_path / "models"
    manifest = yaml.safe_load(file.read_text())
    manifest["spec"]["storage"]["endpoint"] = models.as_uri()
    file.write_text(yaml.safe_dump(manifest))
    (models / "perennial").mkdir(parents=True)
    create_topics(broker.address, [Topic("loans-events", 2)])
    command = [sys.executable, "-m", "perennial", "run", file.name, "--dataset", "rows.csv"]
    command += ["--bootstrap", broker.address]

    refused = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stderr) == (
        1,
        (
            f"perennial: Kafka at {broker.address} has no topic loans-labels, loans-predictions,"
            " loans-dead-letters, loans-lifecycle: --create-topics makes what is missing, with 3"
            " partitions\n"
        ),
    )

    options = "--create-topics", "--dataset", "rows.csv", "--bootstrap", broker.address
    with running(file, *options) as process:
        assert said(process, "loans-labels") == "topic loans-labels: made\n"
        said(process, "v1 serves")
        assert answered(broker.address, file, "one").startswith("v1-")
    assert (models / "perennial/default/loans/attempts/1/verdict.json").is_file()
    made = {each.name for each in (tmp_path / "perennial-run" / "loans").iterdir()}
    assert not made & {"kafka", "store"}


def test_it_ends_by_itself_when_its_time_is_over(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "perennial", "run", a_file(tmp_path).name, "--for", "2s"]
    done = subprocess.run(
        [*command, "--dataset", "rows.csv"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(
        r"^The page: http://127\.0\.0\.1:\d+/default/loans/$", done.stdout, re.MULTILINE
    )
