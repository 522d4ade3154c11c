import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from perennial.validation.check import Diagnostic, Level, check
from perennial.validation.documents import Place
from perennial.validation.refusals import refusals
from perennial_operator.api.errors import explain
from perennial_operator.api.spec import Spec
from tests.support.operator.builders import a_spec
from tests.support.perennial.running import a_manifest
from tests.support.tree import ROOT

EXAMPLES = sorted((ROOT / "examples/pipelines").glob("*.yaml"))


def found(manifest: Any) -> list[str]:
    text = manifest if isinstance(manifest, str) else yaml.safe_dump(manifest, sort_keys=False)
    return [f"{each.level} {each.field}: {each.why}" for each in check(text).diagnostics]


def with_spec(**sections: Any) -> list[str]:
    return found(a_manifest(**sections))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_accepted_with_no_word_but_on_its_keys(path: Any) -> None:
    report = check(path.read_text())
    assert report.pipelines == [f"default/{path.stem}"]
    said = {"short": ["warning spec.events.id: is left out: an event is known by its key"]}
    told = [each.partition(",")[0] for each in found(path.read_text())]
    assert told == said.get(path.stem, [])


def test_a_field_that_there_is_not_is_called_so() -> None:
    assert with_spec(retrain={"treshold": 300}) == [
        "error spec.retrain.treshold: there is no such field"
    ]


MANIFEST = """\
apiVersion: perennial.dev/v1alpha1
kind: ModelPipeline
metadata: {name: Mine}
surplus: 1
spec:
  kafka:
    bootstrapServers: kafka:9092
  events: {topic: e, id: {path: id}, colour: red}
  labels: {topic: l, maxDelay: soon}
  schema:
    label: {positive: a, negative: a}
    features:
    - {name: x, type: Number}
    - name: y
  retrain:
    threshold: "5000"
"""


def test_every_diagnostic_stands_at_its_field_or_at_what_would_hold_it() -> None:
    places = [
        (each.place.line, each.place.column, each.field) for each in check(MANIFEST).diagnostics
    ]
    assert places == [
        (3, 12, "metadata.name"),
        (4, 1, "surplus"),
        (5, 1, "spec.storage"),
        (8, 38, "spec.events.colour"),
        (9, 22, "spec.labels.maxDelay"),
        (11, 13, "spec.schema.label"),
        (14, 7, "spec.schema.features[1].type"),
        (16, 5, "spec.retrain.threshold"),
    ]


def test_rules_between_sections_are_all_told_at_the_field_that_they_begin_with() -> None:
    text = yaml.safe_dump(
        a_manifest(
            retrain={"threshold": 100},
            deadLetters={"topic": "applications"},
            events={"topic": "applications"},
            labels={"topic": "groups"},
            dataset=None,
            schema={"exclude": ["x"]},
        )
    )
    lines = text.splitlines()
    shown = [(lines[each.place.line - 1].strip(), each.why) for each in check(text).diagnostics]
    assert sorted(shown) == [
        ("spec:", "schema.label may be left out only where there is a dataset"),
        ("threshold: 100", "retrain.threshold must be at least 2 * promotion.minJudged"),
        ("topic: applications", "deadLetters.topic must be another topic than events.topic"),
    ]


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"retrain": {"threshold": "5000"}}, "spec.retrain.threshold: Input should be a valid int"),
        ({"retrain": {"suspend": "yes"}}, "spec.retrain.suspend: Input should be a valid bool"),
        ({"model": {"pin": "newest"}}, "spec.model.pin: must be a version such as v7-3fa9c1d2"),
        ({"retrain": {"schedule": {"cron": "61 * * * *"}}}, "spec.retrain.schedule.cron: "),
        ({"kafka": None}, "spec.kafka: Field required"),
        ({"dataset": None, "labels": None}, "spec: dataset or labels is needed"),
    ],
)
def test_what_an_api_server_refuses_is_an_error(sections: dict[str, Any], said: str) -> None:
    (only,) = with_spec(**sections)
    assert only.startswith(f"error {said}")


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "retrain": st.fixed_dictionaries({"threshold": st.integers(90, 700)}),
            "promotion": st.fixed_dictionaries({"minJudged": st.integers(40, 400)}),
            "labels": st.sampled_from([None, {"path": "group"}, {"topic": "applications"}]),
            "predictions": st.sampled_from([{}, {"topic": "applications"}, {"topic": "a b"}]),
        },
    )
)
def test_whatever_the_operator_refuses_is_told_and_nothing_else(sections: dict[str, Any]) -> None:
    told = [each.why for each in refusals(a_manifest(**sections))]
    assert any(why in refused(sections) for why in told) if refused(sections) else told == []


def refused(sections: dict[str, Any]) -> str:
    try:
        Spec.model_validate(a_spec(**sections))
    except ValidationError as error:
        return explain(error)
    return ""


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        (
            {"predictions": {"topic": "loans_out"}, "lifecycle": {"topic": "loans.out"}},
            "spec.lifecycle.topic: Kafka makes no topic loans.out beside loans_out",
        ),
        (
            {"tracking": {"uri": "sqlite:////here/mlflow.db"}},
            "spec.tracking.uri: the API server refuses sqlite:",
        ),
        (
            {"storage": {"endpoint": "file:///here", "bucket": "perennial"}},
            "spec.storage.endpoint: the API server refuses file:",
        ),
        (
            {"dataset": None, "retrain": {"threshold": 100_000}},
            "spec.retrain.threshold: without a dataset nothing is answered until 100,000 labels",
        ),
        ({"trainer": {"deadline": "10m"}}, "spec.optimizer.timeout: a search may take all of"),
        ({"storage": {"bucket": "My_Bucket"}}, "spec.storage.bucket: S3 takes only"),
        (
            {"events": {"topic": "applications"}, "labels": {"topic": "decisions"}},
            "spec.events.id: is left out: an event is known by its key, and its label by the same",
        ),
    ],
)
def test_what_is_taken_but_will_bite_is_a_warning(sections: dict[str, Any], said: str) -> None:
    (only,) = with_spec(**sections)
    assert only.startswith(f"warning {said}")


def test_each_document_is_looked_at_and_others_are_let_be() -> None:
    documents = [{"kind": "Secret"}, a_manifest("a"), None, a_manifest("b", unknown=1)]
    report = check(yaml.safe_dump_all(documents))
    assert report.pipelines == ["default/a", "default/b"]
    assert [each.field for each in report.diagnostics] == ["spec.unknown"]
    assert not report.accepted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no ModelPipeline in it"),
        ("kind: Secret", "there is no ModelPipeline in it"),
        ("just a text", "no mapping, and so no ModelPipeline"),
        ("a: &a [*a]", "no YAML: "),
        ("a: \x00", "no YAML: "),
        ("a: !!python/none x", "no YAML: could not determine a constructor"),
    ],
)
def test_a_file_without_a_pipeline_is_refused(text: str, said: str) -> None:
    report = check(text)
    assert not report.accepted
    first = report.diagnostics[0]
    assert (first.place.line, first.why[: len(said)]) == (1, said)


def test_what_is_no_yaml_is_told_by_its_line() -> None:
    (only,) = check("kind: Secret\n---\na: [\nb: 1\n").diagnostics
    assert (only.place, only.level) == (Place(5, 1), Level.ERROR)
    assert re.match("no YAML: expected ',' or ']'", only.why)


@pytest.mark.parametrize(
    "sections",
    [
        {"events": {"topic": "e", "id": {"key": True}}, "labels": {"topic": "decisions"}},
        {"events": {"topic": "e"}, "labels": {"topic": "decisions", "id": {"key": True}}},
        {"events": {"topic": "e"}, "labels": {"path": "group"}},
        {"events": {"topic": "e"}, "labels": None},
    ],
)
def test_an_id_that_is_declared_or_that_no_label_names_is_no_risk(sections: dict[str, Any]) -> None:
    assert with_spec(**sections) == []


def test_a_key_that_stands_twice_is_a_warning_where_it_stands_again() -> None:
    text = yaml.safe_dump(a_manifest()) + "kind: ModelPipeline\n"
    line = text.count("\n")
    assert check(text).diagnostics == [
        Diagnostic(
            Place(line, 1), Level.WARNING, "kind", "stands twice in one mapping: the last counts"
        )
    ]


def test_two_pipelines_of_one_name_are_a_warning() -> None:
    (only,) = check(yaml.safe_dump_all([a_manifest("a"), a_manifest("a")])).diagnostics
    assert only.why == "default/a stands in the file 2 times: the last one counts"


def test_null_is_as_absent() -> None:
    assert with_spec(predictor=None, trainer={"deadline": None}) == []


def test_a_namespace_may_be_longer_than_a_name() -> None:
    metadata = {"name": "a" * 40, "namespace": "b" * 63}
    assert found({**a_manifest(), "metadata": metadata}) == []
    assert len(found({**a_manifest(), "metadata": {k: f"{v}c" for k, v in metadata.items()}})) == 2


def test_a_number_may_be_written_with_a_point_as_in_json() -> None:
    assert with_spec(retrain={"threshold": 5000.0}, predictions={"threshold": 1}) == []


def test_dates_and_keys_are_read_as_json_has_them() -> None:
    text = yaml.safe_dump(a_manifest()).replace("retrain:", "retrain:\n    request: 2026-01-01", 1)
    text = text if "request" in text else text + "  retrain: {request: 2026-01-01}\n"
    assert check(text).diagnostics == []
