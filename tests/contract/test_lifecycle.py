import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.lifecycle import (
    LONGEST_REASON,
    Completed,
    Message,
    RetrainRequest,
    Serving,
    Started,
    read_request,
)
from tests.support.contract.json_values import values

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
OURS = "default/income"


def read(value: Any) -> RetrainRequest | None:
    return read_request(json.dumps(value).encode(), OURS)


@given(st.binary() | values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_request_or_none(value: bytes) -> None:
    assert isinstance(read_request(value, OURS), RetrainRequest | None)


@given(
    st.sampled_from([True]) | values,
    st.sampled_from(["", OURS]) | values,
    st.text() | values,
    values,
)
def test_any_values_of_the_fields_are_a_request_or_none(
    retrain: object, pipeline: object, reason: object, other: object
) -> None:
    told = {"retrain": retrain, "pipeline": pipeline, "reason": reason, "other": other}
    found = read(told)
    meant = retrain is True and pipeline in (None, "", OURS) and isinstance(reason, str | None)
    assert (found is not None) is meant


@pytest.mark.parametrize("value", [None, b"", b"{", b"\xff", b"true", b'{"retrain": tru'])
def test_what_is_no_json_is_no_request(value: bytes | None) -> None:
    assert read_request(value, OURS) is None


def test_a_request_may_say_why_and_whom_it_means() -> None:
    assert read({"retrain": True}) == RetrainRequest(retrain=True)
    assert read({"retrain": True, "reason": "drift"}) == RetrainRequest(
        retrain=True, reason="drift"
    )
    assert read({"retrain": True, "reason": None, "pipeline": None}) == RetrainRequest(retrain=True)
    assert read({"retrain": True, "pipeline": OURS}) == RetrainRequest(retrain=True, pipeline=OURS)


@pytest.mark.parametrize(
    "value",
    [
        {"retrain": False},
        {"retrain": 1},
        {"retrain": "true"},
        {"retrain": True, "pipeline": "default/other"},
        {"retrain": None},
        {"pipeline": OURS},
    ],
    ids=json.dumps,
)
def test_another_message_is_no_request(value: object) -> None:
    assert read(value) is None


def test_a_reason_is_cut_to_what_a_status_may_hold() -> None:
    found = read({"retrain": True, "reason": "x" * 1000})
    assert found == RetrainRequest(retrain=True, reason="x" * LONGEST_REASON)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            Started(pipeline=OURS, at=AT, attempt=8, champion="v7-3fa9c1d2"),
            {
                "pipeline": OURS,
                "at": "2026-05-01T12:00:00Z",
                "type": "started",
                "attempt": 8,
                "champion": "v7-3fa9c1d2",
                "watermark": {},
            },
        ),
        (
            Completed(pipeline=OURS, at=AT, attempt=8, verdict="Rejected", reason="NoGain"),
            {
                "pipeline": OURS,
                "at": "2026-05-01T12:00:00Z",
                "type": "completed",
                "attempt": 8,
                "verdict": "Rejected",
                "reason": "NoGain",
                "version": "",
                "champion": "",
                "score": None,
                "metric": "logloss",
                "watermark": {},
            },
        ),
        (
            Serving(
                pipeline=OURS,
                at=AT,
                version="v8-00000000",
                digest="00",
                pod="p-0",
                attempt=8,
                watermark={"id": {"0": 5}},
            ),
            {
                "pipeline": OURS,
                "at": "2026-05-01T12:00:00Z",
                "type": "serving",
                "version": "v8-00000000",
                "digest": "00",
                "pod": "p-0",
                "attempt": 8,
                "watermark": {"id": {"0": 5}},
            },
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_happens_is_told_in_these_fields_and_is_no_request(
    message: Message, text: dict[str, object]
) -> None:
    written = message.model_dump_json().encode()
    assert json.loads(written) == text
    assert read_request(written, OURS) is None
