"""What a hostile or broken program says of itself, and how much of it gets anywhere."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.status import MAX_BYTES, RecorderReport, Verdict
from perennial_operator.observe.bounds import PARTITIONS, REQUESTS, TEXT
from perennial_operator.observe.containers import Ended
from perennial_operator.observe.reports import Invalid, read_report
from perennial_operator.observe.terminations import read_problem, read_verdict
from tests.support.operator.builders import (
    UID,
    a_pipeline,
    a_recorder,
    a_verdict,
    a_world,
    after,
    decide,
    serving,
)

Json = dict[str, Any]
POD = a_recorder()
SAID: Json = {"uid": UID, "pod": POD.name, "ready": True}


def told(**said: Any) -> RecorderReport | str:
    """What becomes of a recorder's report with these fields."""
    document = json.dumps({**SAID, **said}, separators=(",", ":"))
    read = read_report(document.encode(), POD, UID)
    if isinstance(read, Invalid):
        return read.why
    assert isinstance(read, RecorderReport)
    return read


@pytest.mark.parametrize("field", ["written", "requests"])
@pytest.mark.parametrize(
    "watermark",
    [
        {"topic": {"x": 1}},
        {"topic": {"": 1}},
        {"topic": {"-1": 1}},
        {"topic": {"01": 1}},
        {"topic": {"٣": 1}},
        {"topic": {"1" * 400: 1}},
        {"topic": {"0": -1}},
        {"topic": {"0": 2**63}},
        {"topic": {"0": 10**400}},
        {"topic": {"0": 1e308}},
        {"topic": {"0": math.inf}},
        {"topic\x00": {"0": 1}},
        {"": {"0": 1}},
        {"t" * 65: {"0": 1}},
        {"topic": {str(n): 1 for n in range(PARTITIONS + 1)}},
        {str(n): {} for n in range(PARTITIONS + 1)},
    ],
)
def test_positions_that_no_topic_has_make_a_report_invalid_and_are_named(
    field: str, watermark: Json
) -> None:
    why = told(**{field: watermark})

    assert isinstance(why, str)
    assert why.startswith(f"{field}")
    assert len(why) <= TEXT


def test_positions_of_many_partitions_are_taken() -> None:
    written = {"Vn3zE0yqQp6c8lq5dK2aXw": {str(n): 2**63 - 1 for n in range(1024)}}
    read = told(written=written)

    assert isinstance(read, RecorderReport)
    assert read.written == written


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**300])
def test_a_number_beyond_64_bits_makes_a_report_invalid(number: int) -> None:
    assert told(attempts=number) == "attempts: beyond 64 bits"
    assert told(counts={"orphan_label": number}) == "counts: beyond 64 bits"


@pytest.mark.parametrize("reason", ["", "two words", "x" * 65, "Not\x00Json", "a/b", "Ünread"])
def test_a_reason_that_is_no_word_makes_a_report_invalid(reason: str) -> None:
    why = told(problem={"reason": reason, "message": "why"})

    assert why == "problem: reason: not one word"


def test_texts_are_cut_to_one_line_of_500_characters_that_can_be_printed() -> None:
    read = told(
        problem={"reason": "NotJson", "message": "a\x00b\x1b[2J\nc\u202e" + "x" * 1000},
        request="why " * 1000,
    )

    assert isinstance(read, RecorderReport)
    assert read.problem
    assert read.problem.message.startswith("a b [2J c x")
    assert len(read.problem.message) == len(read.request) == TEXT
    assert read.request.endswith("…")


def test_counts_by_name_are_cut_to_32() -> None:
    read = told(counts={f"{n}" * 150: n for n in range(1000, 1100)})

    assert isinstance(read, RecorderReport)
    assert len(read.counts) == 32
    assert max(map(len, read.counts)) == TEXT


@pytest.mark.parametrize(
    "data",
    [
        b" " * (MAX_BYTES + 1),
        json.dumps({**SAID, "request": "x" * 1_000_000}).encode(),
        json.dumps({**SAID, "written": {"t": {str(n): n for n in range(100_000)}}}).encode(),
    ],
)
def test_a_report_of_more_than_64_kib_is_none(data: bytes) -> None:
    assert read_report(data, POD, UID) == Invalid("it is longer than 64 KiB")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"uid": 1' + b"9" * 60_000 + b"}",
        json.dumps({**SAID, "ready": "x" * 60_000}).encode(),
        json.dumps({**SAID, "written": {"x" * 60_000: 3}}).encode(),
        b'{"uid": "\\ud800"}',
    ],
)
def test_what_is_no_report_is_told_in_a_few_words(data: bytes) -> None:
    read = read_report(data, POD, UID)

    assert isinstance(read, Invalid)
    assert 0 < len(read.why) <= TEXT
    assert read.why.isprintable()


FIELDS = ("problem", "written", "requests", "counts", "request", "attempts", "reason", "message")
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.sampled_from(FIELDS) | st.text(), below),
)


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_whatever_a_pod_says_is_a_report_that_json_can_hold_or_is_none(said: Json) -> None:
    read = told(**said)

    assert isinstance(read, str) or read.model_dump(mode="json")


@given(st.dictionaries(st.sampled_from([*FIELDS, *Verdict.model_fields]), VALUES))
def test_whatever_a_trainer_ends_with_is_a_verdict_or_a_problem_of_few_words(said: Json) -> None:
    document = {**a_verdict().model_dump(mode="json"), **said}
    verdict = read_verdict(Ended(0, "Completed", json.dumps(document)))
    problem = read_problem(Ended(1, "Error", json.dumps({"problem": document})))

    assert verdict is None or len(verdict.message) <= TEXT
    assert len(problem.message) <= TEXT


@pytest.mark.parametrize(
    "said",
    [
        {"judged": 10**30},
        {"score": math.nan},
        {"score": math.inf},
        {"watermark": {"topic": {"x": 1}}},
        {"reason": "x" * 100},
        {"message": "x" * 5000},
    ],
)
def test_a_verdict_that_no_status_could_hold_is_none(said: Json) -> None:
    document = {**a_verdict().model_dump(mode="json"), **said}

    assert read_verdict(Ended(0, "Completed", json.dumps(document))) is None


def test_the_status_stays_small_whatever_the_pods_say() -> None:
    rows = {str(99_999 - n): 2**63 - 1 for n in range(PARTITIONS)}
    asked = {str(n): 2**63 - 1 for n in range(REQUESTS)}
    problem = {"reason": "R" * 64, "message": "\x00m" * 100}
    pipeline = a_pipeline(serving(), lifecycle={"topic": "lifecycle"})
    for number in range(100, 140):
        topic = f"{number}{'w' * 61}"
        report = told(written={topic: rows}, requests={topic: asked}, request="y", problem=problem)
        assert isinstance(report, RecorderReport)
        pipeline = after(pipeline, decide(pipeline, a_world(pipeline, reports=(report,))))

    assert pipeline.status.written == {topic: rows}
    assert len(json.dumps(pipeline.status.to_json())) < 300 * 1024
