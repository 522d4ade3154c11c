from datetime import UTC, datetime

from perennial.report.view import UNSEEN, View, aligned, read, sentence
from perennial_operator.api.attempts import AttemptOutcome
from tests.fakes.loans import entry

ROW = (("NAME", "loans"), ("READY", "True"), ("MODEL", "v1-3fa9c1d2"))


def test_a_resource_that_nobody_has_seen_yet_is_not_ready() -> None:
    assert read({"spec": {}}, ROW) == View(row=ROW, waits_for=UNSEEN)


def test_what_the_status_says_is_what_is_seen() -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC).isoformat()
    condition = {"observedGeneration": 1, "lastTransitionTime": now}
    status = {
        "conditions": [
            {"type": "Accepted", "status": "True", "reason": "A", "message": "", **condition},
            {"type": "Ready", "status": "False", "reason": "NoModel", "message": "m", **condition},
        ],
        "attempt": {"number": 3, "trigger": "Threshold", "startedAt": now},
        "model": {"version": "v1-3fa9c1d2", "digest": "3f", "since": now},
        "written": {"t": {"0": 700, "1": 500}},
        "handled": {"watermark": {"t": {"0": 400}}},
        "history": [entry(2).model_dump(mode="json", exclude_none=True)],
    }

    assert read({"status": status}, ROW) == View(
        row=ROW,
        waits_for="NoModel: m",
        attempt=3,
        serving="v1-3fa9c1d2",
        written=1_200,
        fresh=800,
        ended=(entry(2),),
    )


def test_a_verdict_is_a_sentence() -> None:
    assert sentence(entry(2)) == "attempt 2: no gain: kept v1"
    assert (
        sentence(entry(3, AttemptOutcome.PROMOTED))
        == "attempt 3: promoted v3, since-rise: log loss 0.2 instead of 1.3"
    )
    assert sentence(entry(4, AttemptOutcome.SUPERSEDED)).startswith("attempt 4: superseded, ")
    assert sentence(entry(5, AttemptOutcome.REFUSED, message="")) == "attempt 5: NoGain"


def test_a_row_is_printed_below_its_header() -> None:
    assert aligned(ROW) == ["NAME    READY   MODEL", "loans   True    v1-3fa9c1d2"]
    assert aligned(()) == []
