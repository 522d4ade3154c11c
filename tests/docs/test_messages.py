"""The examples of docs/messages.md, run by the programs that they are about."""

import json
import re
from collections import Counter
from datetime import datetime
from math import isnan
from pathlib import Path
from typing import Any, Final

import fastjsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from docs.message_schemas import Told
from perennial_contract.lifecycle import RetrainRequest, read_request
from perennial_contract.messages.provenance import Provenance
from perennial_contract.messages.record import Record
from perennial_contract.messages.references import Rejection, join_id
from perennial_contract.messages.scalars import to_category, to_number
from perennial_contract.messages.spellings import read_label, spellings
from perennial_contract.messages.times import read_time
from perennial_contract.reasons import DeadLetter
from perennial_predictor.scoring.dead_letters import DeadLetters
from tests.support.docs import messages as page
from tests.support.docs.messages import Example, examples
from tests.support.tree import ROOT

OURS: Final = "default/income"
EVENTS: Final = examples("event")


def schema(name: str) -> Any:
    return fastjsonschema.compile(json.loads((ROOT / f"docs/schemas/{name}.json").read_text()))


REQUEST: Final = schema("retrain-request")


def named(example: Example) -> str:
    return f"line-{example.sent[0].line}"


def told(example: Example, *kinds: str) -> list[tuple[str, Record]]:
    return [(each.kind, page.read(each)) for each in example.expected if each.kind in kinds]


def values(cell: str) -> list[Any]:
    """JSON values of a cell, each between backticks."""
    return [json.loads(value) for value in re.findall(r"`([^`]+)`", cell)]


def test_every_example_is_run() -> None:
    run = ["event", "event ignored", "event refused", "lifecycle", "request", "request ignored"]
    found = [block for kind in run for each in examples(kind) for block in each.blocks]

    assert Counter(found) == Counter(block for block in page.blocks() if block.kind != "yaml")
    assert {block.kind for block in found} == {
        *(*run, "label", "answer", "dead-letter", "observation", "counts")
    }
    assert [each for each in EVENTS if not each.expected] == []


@pytest.mark.parametrize(
    "example", [e for e in EVENTS if told(e, "answer", "dead-letter")], ids=named
)
def test_an_event_is_answered_or_refused_as_the_page_shows(example: Example) -> None:
    assert page.predicted(example) == told(example, "answer", "dead-letter")


@pytest.mark.parametrize("example", examples("event ignored"), ids=named)
def test_a_message_that_is_ignored_has_neither_answer_nor_dead_letter(example: Example) -> None:
    assert page.predicted(example) == []
    assert example.expected == []


@pytest.mark.parametrize("example", examples("event refused"), ids=named)
def test_the_last_attempt_at_a_dead_letter_is_as_the_page_shows(example: Example) -> None:
    (_, last) = told(example, "dead-letter")[0]
    detail = dict(last.headers or ())["perennial-detail"] or b""
    said = detail.decode().partition(";")[0]

    assert page.predicted(example, refused=said) == told(example, "dead-letter")


@pytest.mark.parametrize(
    "example",
    [e for e in EVENTS if {"observation", "counts"} & {block.kind for block in e.expected}],
    ids=named,
)
def test_an_event_and_its_labels_are_recorded_as_the_page_shows(
    example: Example, tmp_path: Path
) -> None:
    rows, counts = page.recorded(example, tmp_path)
    found = {"observation": rows, "counts": [counts]}

    for kind in {block.kind for block in example.expected} & found.keys():
        assert found[kind] == [json.loads(b.text) for b in example.expected if b.kind == kind]


def test_an_answer_among_the_events_is_answered_by_nobody() -> None:
    (shared,) = [
        e
        for e in EVENTS
        if e.sections.get("predictions") == {"topic": e.sections["events"]["topic"]}
    ]
    ((_, answer),) = told(shared, "answer")

    assert page.answered_again(shared, answer) == 0
    altered = answer._replace(value=(answer.value or b"") + b" ")
    assert page.answered_again(shared, altered) == 1


def test_a_dead_letter_is_cut_to_the_sizes_that_the_page_names() -> None:
    dead_letters = DeadLetters(Provenance("default.income"))
    large = Record("income-events", 0, 0, None, b"x" * 1_000_000)
    first = dead_letters.write(large, Rejection(DeadLetter.NOT_JSON, "malformed"))
    _, *cut, last = dead_letters.ladder(first, "too large")
    sizes = "{:,} bytes of its value, then to {:,}, {:,} and {:,}".format(
        *(len(out.value or b"") for out in cut)
    )

    assert sizes in " ".join(page.PAGE.split())
    assert last.value is None


@pytest.mark.parametrize("example", examples("lifecycle"), ids=named)
def test_a_lifecycle_message_is_what_its_program_writes(example: Example) -> None:
    shown = page.read(example.sent[0])
    message = TypeAdapter(Told).validate_json(shown.value or b"")

    assert page.written(example, message) == shown
    schema("lifecycle")(json.loads(shown.value or b""))
    assert read_request(shown.value, OURS) is None


@pytest.mark.parametrize("example", examples("request"), ids=named)
def test_a_request_is_heard(example: Example) -> None:
    value = page.read(example.sent[0]).value or b""
    sent = json.loads(value)

    assert read_request(value, OURS) == RetrainRequest(**sent)
    REQUEST(sent)


@pytest.mark.parametrize("example", examples("request ignored"), ids=named)
def test_another_request_is_not_heard(example: Example) -> None:
    assert read_request(page.read(example.sent[0]).value, OURS) is None


def number_of(value: Any) -> str:
    read = to_number(value)
    return "unknown" if read is None else "missing" if isnan(read) else f"{read:g}"


def category_of(value: Any) -> str:
    read = to_category(value)
    return "unknown" if read is None else read or "missing"


def test_values_of_features_are_read_as_the_table_says() -> None:
    for cell, number, category in page.table("value"):
        read = [(number_of(value), category_of(value)) for value in values(cell)]
        assert read == [(number, category)] * len(read)


def test_times_are_read_as_the_table_says() -> None:
    for cell, meant in page.table("written | read as"):
        expected = None if meant == "no time" else datetime.fromisoformat(meant).timestamp() * 1000
        read = [read_time(value) for value in values(cell)]
        assert read == [expected] * len(read)


def test_ids_are_one_where_the_table_says_so() -> None:
    for event, label, one in page.table("the event's id"):
        assert (join_id(values(event)[0]) == join_id(values(label)[0])) is (one == "yes")


def test_labels_are_read_as_the_table_says() -> None:
    known = spellings(page.label_above("| written | class |"))
    for cell, meant in page.table("written | class"):
        expected = None if meant == "neither" else meant
        read = [read_label(value, known) for value in values(cell)]
        assert read == [expected] * len(read)


ANSWER: Final[dict[str, Any]] = {
    "request_id": "1017",
    "prediction": 1.0,
    "label": ">50K",
    "probability": 0.92,
    "model": "v4-011a9b43",
}


def test_the_schema_of_answers_takes_those_of_the_page() -> None:
    answers = [record for e in EVENTS for _, record in told(e, "answer")]
    for answer in answers:
        schema("answer")(json.loads(answer.value or b""))
    schema("answer")(ANSWER | {"request_id": 1017})
    assert len(answers) > 5


@pytest.mark.parametrize(
    "change",
    [
        {"model": None},
        {"prediction": 0.5},
        {"prediction": "1.0"},
        {"probability": 1.1},
        {"request_id": None},
        {"request_id": ["1017"]},
        {"more": 1},
    ],
    ids=json.dumps,
)
def test_the_schema_of_answers_refuses_what_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(fastjsonschema.JsonSchemaException):
        schema("answer")(ANSWER | change)


@pytest.mark.parametrize("left_out", [*ANSWER])
def test_the_schema_of_answers_misses_a_field(left_out: str) -> None:
    with pytest.raises(fastjsonschema.JsonSchemaException):
        schema("answer")({name: of for name, of in ANSWER.items() if name != left_out})


@pytest.mark.parametrize("example", examples("lifecycle"), ids=named)
def test_the_schema_of_lifecycle_messages_misses_a_field(example: Example) -> None:
    message = json.loads(page.read(example.sent[0]).value or b"")
    for left_out in message:
        with pytest.raises(fastjsonschema.JsonSchemaException):
            schema("lifecycle")({name: of for name, of in message.items() if name != left_out})


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "retrain": st.sampled_from([True, False, 1, "true", None]),
            "pipeline": st.sampled_from([OURS, "", None, 1]),
            "reason": st.sampled_from(["drift", "", None, 1]),
            "more": st.sampled_from(["x", None, 1]),
        },
    )
)
def test_the_schema_of_requests_takes_those_that_are_heard(value: dict[str, Any]) -> None:
    try:
        REQUEST(value)
    except fastjsonschema.JsonSchemaException:
        heard = False
    else:
        heard = True

    assert (read_request(json.dumps(value).encode(), OURS) is not None) is heard
