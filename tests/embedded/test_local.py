"""Whole loop on this machine: broker, store and programs of its own, without a cluster."""

import os
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml

from perennial.adapters import kafka
from perennial.commands.local import Local, local
from perennial.pipeline import event, late_label
from perennial.report.report import count
from perennial.sending import answer
from perennial.world.dataset import base_dataset
from perennial.world.rows import Applications
from perennial_operator.api.attempts import AttemptOutcome
from perennial_operator.api.status import Status
from tests.support.examples.builders import LOANS

pytestmark = pytest.mark.embedded

PATIENCE = 240.0  # seconds; only ends a test
THRESHOLD = 600


def a_manifest() -> dict[str, Any]:
    manifest: dict[str, Any] = yaml.safe_load(LOANS.read_text())
    spec = manifest["spec"]
    del spec["tracking"]
    spec["predictor"]["replicas"] = 1
    spec["retrain"]["threshold"] = THRESHOLD
    spec["optimizer"]["maxEvals"] = 2
    return manifest


def running(folder: Path) -> AbstractContextManager[Local]:
    return local(a_manifest(), base_dataset, folder, os.environ, print)


def send(here: Local, rows: Applications, first: int, rows_count: int) -> set[str]:
    """Events with their labels; their ids."""
    sender = kafka.Sender(here.bootstrap)
    ids = [f"id-{number}" for number in range(first, first + rows_count)]
    for identity, row in zip(ids, islice(rows, rows_count), strict=True):
        about = here.pipeline, identity
        sender.send([event(*about, row.record, row.label), late_label(*about, row.label)])
    sender.flush()
    return set(ids)


def until(here: Local, met: Callable[[Status], bool]) -> Status:
    end = time.monotonic() + PATIENCE
    while not met(found := Status.model_validate(here.loop.resource().get("status", {}))):
        assert time.monotonic() < end, found
        time.sleep(0.5)
    return found


def ended(number: int, status: Status) -> bool:
    return any(entry.number == number for entry in status.history)


def answered(here: Local) -> Counter[str]:
    records = kafka.read_back(here.bootstrap, here.pipeline.predictions)
    return Counter(found.id for record in records if (found := answer(record, here.pipeline)))


def all_of(ids: set[str], here: Local) -> Counter[str]:
    end = time.monotonic() + PATIENCE
    while set(found := answered(here)) != ids:
        assert time.monotonic() < end, len(found)
        time.sleep(0.5)
    return found


def test_a_pipeline_learns_from_what_came_true_and_goes_on_where_it_was(tmp_path: Path) -> None:
    rows = Applications(seed=1)
    with running(tmp_path) as here:
        first = until(here, partial(ended, 1))
        assert (first.history[0].outcome, first.history[0].reason) == (
            AttemptOutcome.PROMOTED,
            "FirstModel",
        )
        rows.change(4)
        ids = send(here, rows, 0, THRESHOLD)
        second = until(here, partial(ended, 2))
        assert second.history[1].outcome is AttemptOutcome.PROMOTED
        until(here, lambda s: s.model is not None and s.model.version == second.history[1].version)
        uid = here.loop.resource()["metadata"]["uid"]

    with running(tmp_path) as here:
        assert here.loop.resource()["metadata"]["uid"] == uid
        ids |= send(here, rows, THRESHOLD, 50)
        assert all_of(ids, here) == Counter(ids)
        status = until(here, lambda s: s.model is not None)
        assert status.model
        assert status.model.version == second.history[1].version
        assert count(here.facts(status.history)).whole
