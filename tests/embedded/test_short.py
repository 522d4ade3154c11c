"""Shortest pipeline on this machine: its dataset tells the classes, and keys name events."""

import json
import os
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml

from perennial.adapters import kafka
from perennial.commands.local import Local, local
from perennial.pipeline import event, late_label
from perennial.world.dataset import base_dataset
from perennial.world.rows import Applications
from perennial_contract.status import FoundLabel
from perennial_operator.api.attempts import AttemptOutcome
from perennial_operator.api.status import Status
from tests.support.tree import ROOT

pytestmark = pytest.mark.embedded

SHORT = ROOT / "examples/pipelines/short.yaml"
PATIENCE = 240.0  # seconds; only ends a test
THRESHOLD = 600
ODD: dict[str, str | int] = {"odd-1": "C", "odd-2": 7}


def short() -> dict[str, Any]:
    manifest: dict[str, Any] = yaml.safe_load(SHORT.read_text())
    manifest["spec"] |= {"retrain": {"threshold": THRESHOLD}, "optimizer": {"maxEvals": 2}}
    return manifest


def ended(here: Local, number: int) -> Status:
    """The status once attempt `number` has ended and what it left serves."""
    end = time.monotonic() + PATIENCE
    while True:
        found = Status.model_validate(here.loop.resource().get("status", {}))
        entry = found.history[-1] if found.history else None
        if entry and entry.number == number and found.model and found.model.version == found.head:
            return found
        assert time.monotonic() < end, found
        time.sleep(0.5)


def send(here: Local, rows: Applications, ids: list[str]) -> None:
    sender = kafka.Sender(here.bootstrap)
    for identity, row in zip(ids, islice(rows, len(ids)), strict=True):
        sender.send([event(here.pipeline, identity, row.record, row.label)])
        told = ODD.get(identity, row.label)
        sender.send([late_label(here.pipeline, identity, told)])
    sender.flush()


def answers(here: Local, ids: set[str]) -> list[dict[str, Any]]:
    end = time.monotonic() + PATIENCE
    while True:
        records = kafka.read_back(here.bootstrap, here.pipeline.predictions)
        found = [json.loads(record.value) for record in records]
        if {each["id"] for each in found} >= ids:
            return found
        assert time.monotonic() < end, len(found)
        time.sleep(0.5)


def test_ten_lines_learn_answer_and_learn_again_from_what_came_true(tmp_path: Path) -> None:
    rows, ids = Applications(seed=1), [*ODD, *(f"id-{n}" for n in range(THRESHOLD))]
    with local(short(), base_dataset, tmp_path, os.environ, print) as here:
        first = ended(here, 1)
        assert first.history[0].outcome is AttemptOutcome.PROMOTED
        assert first.label == FoundLabel(positive="B", negative="A")

        rows.change(4)
        send(here, rows, ids)
        second = ended(here, 2)
        answered = answers(here, set(ids))

    assert second.history[1].outcome is AttemptOutcome.PROMOTED
    assert second.history[1].left_out == len(ODD)
    assert "whose label ('C', '7') is neither 'B' nor 'A'" in second.history[1].message
    assert Counter(each["id"] for each in answered) == Counter(ids)
    assert {(each["prediction"], each["label"]) for each in answered} == {(1.0, "B"), (0.0, "A")}
