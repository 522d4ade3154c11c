import json
from shlex import quote
from typing import Any

import pytest
import yaml

from perennial.pipeline import event, late_label, parse
from perennial.running import introduction
from perennial_operator.api.spec import Spec
from tests.support.examples.builders import LOANS
from tests.support.operator.builders import a_spec


def loans() -> Any:
    return yaml.safe_load(LOANS.read_text())


def test_it_says_where_kafka_is_and_how_it_is_used() -> None:
    spec = Spec.model_validate(loans()["spec"])
    assert list(introduction.lines(spec)) == [
        "Kafka:    kafka:9092",
        "Topics:   loans-events        events",
        "          loans-labels        labels",
        "          loans-predictions   answers",
        "          loans-dead-letters  dead letters",
        "          loans-lifecycle     lifecycle messages",
        f"An event: {json.dumps(introduction.event(spec))} with the key 17",
        'A label:  {"request_id": "17", "group": "A"} with the key 17',
        "A client: examples/app/client.py, to copy: write these topics and fields into it",
    ]


@pytest.mark.parametrize(
    ("identity", "header"),
    [
        ({"path": "id"}, ""),
        ({"key": True}, " -H 'perennial-key: 17'"),
        ({"header": "trace"}, " -H 'trace: 17'"),
    ],
)
def test_where_requests_are_answered_it_shows_what_to_type(identity: Any, header: str) -> None:
    features = [{"name": "it's", "type": "Number"}]
    schema = {"label": {"positive": "yes", "negative": "no"}, "features": features}
    spec = Spec.model_validate(a_spec(events={"topic": "e", "id": identity}, schema=schema))

    *_, last = introduction.lines(spec, "127.0.0.1:4711")

    body = json.dumps(introduction.event(spec))
    assert last == f"Predict:  curl --json {quote(body)}{header} http://127.0.0.1:4711/predict"


def test_what_it_shows_is_laid_out_as_what_the_demo_sends() -> None:
    pipeline, spec = parse(loans()), Spec.model_validate(loans()["spec"])
    sent = event(pipeline, "17", introduction.event(spec)["data"], "A")
    assert sorted(introduction.event(spec)["data"]) == ["...", "car", "elevel", "zipcode"]
    assert yaml.safe_load(sent.value) == introduction.event(spec)
    assert yaml.safe_load(late_label(pipeline, "17", "A").value) == introduction.label(spec)


def test_with_a_row_of_the_dataset_it_shows_an_event_that_can_be_sent_as_it_is() -> None:
    spec, row = Spec.model_validate(loans()["spec"]), {"salary": 81_000, "car": 7}

    said = list(introduction.lines(spec, "127.0.0.1:4711", row))

    sent = json.dumps({"request_id": "17", "data": row})
    assert f"An event: {sent} with the key 17" in said
    assert said[-1] == f"Predict:  curl --json {quote(sent)} http://127.0.0.1:4711/predict"


def test_a_label_may_lie_inside_the_event_and_an_id_in_a_header() -> None:
    spec = Spec.model_validate(
        a_spec(
            events={"topic": "e", "id": {"header": "trace"}},
            labels={"path": "outcome.label"},
            schema={"label": {"positive": "yes", "negative": "no"}},
        )
    )
    assert [
        line for line in introduction.lines(spec) if line.startswith(("An event", "A label"))
    ] == ['An event: {"...": "...", "outcome": {"label": "yes"}} with the header trace: 17']
    assert introduction.label(Spec.model_validate(a_spec(labels=None))) == {}
