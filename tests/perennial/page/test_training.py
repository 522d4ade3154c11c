from datetime import UTC, datetime
from typing import Any

import pytest

from perennial.page.data import Labels, Next
from perennial.page.training import following, labels
from perennial_operator.api.attempts import Attempt, AttemptOutcome, Trigger
from perennial_operator.api.spec import Spec
from perennial_operator.api.status import HandledTriggers, Status
from tests.support.perennial.pages import FIRST, SPEC, TOPIC, V1, a_status, at, entry

FULL = {TOPIC: {"0": 4000, "1": 2000}}


def spec(**retrain: Any) -> Spec:
    return Spec.read(SPEC | {"retrain": {"threshold": 2000} | retrain})


def status(**more: Any) -> Status:
    return a_status(V1, 34, [FIRST]).model_copy(update=more)


def test_labels_are_counted_towards_the_threshold() -> None:
    assert labels(spec(), status()) == Labels(new=1104, threshold=2000, total=5104)


def test_a_pipeline_without_labels_counts_none() -> None:
    read = Spec.read({name: value for name, value in SPEC.items() if name != "labels"})

    assert labels(read, status()) is None
    assert following(read, status()) == Next(text="It retrains when asked to.", at=None)


@pytest.mark.parametrize(
    ("retrain", "more", "said", "due"),
    [
        ({}, {}, "896 more labels start the next attempt.", None),
        ({}, {"written": FULL}, "The threshold is full: an attempt is due.", None),
        (
            {"minInterval": "1h"},
            {"written": FULL},
            "The threshold is full: an attempt is due.",
            at(34 - 12 + 3600),
        ),
        (
            {"schedule": {"cron": "0 3 * * *"}},
            {"handled": HandledTriggers(watermark={TOPIC: {"0": 4000}}, schedule=at(0))},
            "896 more labels start the next attempt, or the schedule does.",
            datetime(2026, 11, 29, 3, tzinfo=UTC),
        ),
        ({"suspend": True}, {}, "Suspended: set retrain.suspend to false to go on.", None),
        (
            {},
            {"history": [entry(1, AttemptOutcome.REFUSED, 28, reason="DataRefused")]},
            "It waits for you: fix the data, then change retrain.request.",
            None,
        ),
        (
            {},
            {"attempt": Attempt(number=2, trigger=Trigger.THRESHOLD, started_at=at(50))},
            "Attempt 2 runs; its verdict decides.",
            None,
        ),
        (
            {},
            {
                "attempt": Attempt(
                    number=2, trigger=Trigger.THRESHOLD, started_at=at(50), not_before=at(90)
                )
            },
            "Attempt 2 is tried again.",
            at(90),
        ),
    ],
)
def test_what_comes_next_is_told_and_when(
    retrain: dict[str, Any], more: dict[str, Any], said: str, due: datetime | None
) -> None:
    assert following(spec(**retrain), status(**more)) == Next(text=said, at=due)


def test_a_spec_that_cannot_be_read_is_told() -> None:
    assert following(None, status()) == Next(text="This version cannot read the spec.", at=None)
