import json

from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.status import (
    MAX_BYTES,
    MAX_TERMINATION_BYTES,
    FoundLabel,
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
    label=st.none()
    | st.builds(
        FoundLabel,
        positive=st.just("\U0001f600" * 253) | st.just("yes"),
        negative=st.just("no"),
        aliases=st.dictionaries(st.text(max_size=9), st.just("yes"), max_size=64),
    ),
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


names = st.text("\x00\U0001f600", min_size=200, max_size=253)
predictors = st.builds(
    PredictorReport,
    uid=st.just("u-1"),
    pod=st.just("p-0"),
    ready=st.booleans(),
    problem=st.none() | st.builds(Problem, reason=st.just("DataRefused"), message=texts),
    version=st.just("v7-3fa9c1d2"),
    answered=st.integers(0, 10**12),
    unknown=st.dictionaries(names, st.integers(0, 10**9), max_size=5).map(
        lambda some: {f"{i} {name}": n + i for name, n in some.items() for i in range(100)}
    ),
)


@given(predictors)
def test_a_status_is_cut_to_its_bound_and_not_dropped(report: PredictorReport) -> None:
    text = report.to_status()

    read = PredictorReport.model_validate_json(text)
    assert len(text.encode()) <= MAX_BYTES
    assert read.unknown.items() <= report.unknown.items()
    assert len(read.unknown) in {len(report.unknown), 100, 10, 0}
    left = [count for name, count in report.unknown.items() if name not in read.unknown]
    assert min(read.unknown.values(), default=0) >= max(left, default=0) or not read.unknown
    assert read.model_copy(update={"unknown": report.unknown}) == report


def test_a_status_with_an_endless_problem_keeps_its_beginning() -> None:
    problem = Problem(reason="DataRefused", message="column a" * 20_000)
    report = RecorderReport(
        uid="u-1", pod="p-0", ready=False, problem=problem, written={"t": {"0": 7}}, request="r"
    )

    read = RecorderReport.model_validate_json(report.to_status())

    cut = Problem(reason="DataRefused", message=problem.message[:4096])
    assert read == report.model_copy(update={"problem": cut})
