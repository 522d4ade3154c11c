import json

from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.status import (
    MAX_TERMINATION_BYTES,
    PredictorReport,
    Problem,
    RecorderReport,
    Report,
    Score,
    Verdict,
    VerdictOutcome,
)

texts = st.text(st.characters(exclude_categories=["Cs"]))
verdicts = st.builds(
    Verdict,
    uid=st.uuids().map(str),
    number=st.integers(1, 10**6),
    outcome=st.sampled_from(VerdictOutcome),
    reason=st.sampled_from(["Better", "NoGain", "DataRefused"]),
    message=texts | st.text("\x00\U0001f600", min_size=2000, max_size=5000),
    version=st.sampled_from(["", "v7-3fa9c1d2"]),
    score=st.none() | st.floats(0, 10),
    scores=st.lists(st.builds(Score, candidate=texts, loss=st.floats(0, 10)), max_size=60),
    watermark=st.integers(0, 600).map(lambda n: {"t" * 22: {str(p): 10**9 for p in range(n)}}),
    seconds=st.dictionaries(st.sampled_from(["data", "search", "judge"]), st.floats(0, 1e4)),
)


@given(verdicts)
def test_a_verdict_fits_into_a_termination_message(verdict: Verdict) -> None:
    text = verdict.to_termination()

    read = Verdict.model_validate_json(text)
    assert len(text.encode()) <= MAX_TERMINATION_BYTES
    assert (read.uid, read.number, read.outcome, read.reason, read.version, read.score) == (
        verdict.uid,
        verdict.number,
        verdict.outcome,
        verdict.reason,
        verdict.version,
        verdict.score,
    )
    assert verdict.message.startswith(read.message)


def test_a_verdict_that_fits_is_whole() -> None:
    verdict = Verdict(
        uid="u-1",
        number=8,
        outcome=VerdictOutcome.PROMOTED,
        reason="Better",
        message="v8 is better",
        scores=[Score(candidate="search", loss=0.3, gain=0.01, confidence=0.9)],
        watermark={"t": {"0": 5}},
    )

    assert Verdict.model_validate_json(verdict.to_termination()) == verdict


def test_a_report_is_read_by_who_knows_less_of_it() -> None:
    problem = Problem(reason="TopicMissing", message="topic events does not exist")
    report = PredictorReport(
        uid="u-1", pod="p-0", ready=False, problem=problem, version="v1-3fa9c1d2", answered=3
    )

    text = report.model_dump_json()

    assert PredictorReport.model_validate_json(text) == report
    assert Report.model_validate_json(text) == Report(
        uid="u-1", pod="p-0", ready=False, problem=problem
    )


def test_a_recorder_that_says_less_has_heard_of_no_request_and_no_attempt() -> None:
    read = RecorderReport.model_validate_json('{"uid": "u-1", "pod": "p-0", "ready": true}')

    assert read == RecorderReport(uid="u-1", pod="p-0", ready=True)
    assert (read.requests, read.request, read.attempts, read.lag) == ({}, "", 0, {})


def test_a_recorders_report_is_read_as_it_was_written() -> None:
    report = RecorderReport(
        uid="u-1",
        pod="p-0",
        ready=True,
        written={"e": {"0": 7, "1": 5}},
        pending=3,
        counts={"observations": 12, "given_up": 1},
        requests={"l": {"0": 4}},
        request="drift",
        attempts=8,
        lag={"events": 2, "labels": 0},
        labels_complete=False,
    )

    text = report.model_dump_json()

    assert RecorderReport.model_validate_json(text) == report
    assert json.loads(text)["labelsComplete"] is False
