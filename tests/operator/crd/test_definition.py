from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perennial_operator.api.spec import Spec
from perennial_operator.api.status import Status
from perennial_operator.crd.definition import definition, to_yaml
from perennial_operator.crd.rules import RULES
from tests.support.operator.builders import a_spec

Json = dict[str, Any]
CHART = Path(__file__).parents[3] / "helm" / "perennial" / "files" / "crd.yaml"
SCHEMA: Json = definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
LATER = {"window", "alerts", "space", "delivery", "rollout", "startAt"}


def fields(schema: Json, at: str) -> Iterator[tuple[str, Json]]:
    yield at, schema
    for name, below in schema.get("properties", {}).items():
        yield from fields(below, f"{at}.{name}")
    for kind in ("items", "additionalProperties"):
        if kind in schema:
            yield from fields(schema[kind], f"{at}.{kind}")


def test_the_charts_definition_is_what_the_models_say() -> None:
    assert CHART.read_text() == to_yaml(), "run: make crd"


def test_every_string_list_map_and_number_of_the_spec_is_bounded() -> None:
    unbounded = []
    for at, schema in fields(SCHEMA["spec"], "spec"):
        match schema.get("type"):
            case "string":
                bounded = "maxLength" in schema or "enum" in schema
            case "array":
                bounded = "maxItems" in schema
            case "object":
                bounded = "properties" in schema or "maxProperties" in schema
            case "integer" | "number":
                bounded = "minimum" in schema and "maximum" in schema
            case _:
                bounded = True
        if not bounded:
            unbounded.append(at)
    assert unbounded == []


def test_the_status_takes_whatever_a_later_operator_writes() -> None:
    closed = [
        at
        for at, schema in fields(SCHEMA["status"], "status")
        if "enum" in schema
        or ("properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"))
    ]
    assert closed == []


def test_every_field_explains_itself() -> None:
    silent = [
        at
        for at, schema in fields(SCHEMA["spec"], "spec")
        if "description" not in schema and not at.endswith((".items", ".additionalProperties"))
    ]
    assert silent == []


def test_what_is_not_built_yet_is_absent() -> None:
    names = {at.rsplit(".", 1)[1] for at, _ in fields(SCHEMA["spec"], "spec.") if "." in at}

    assert names & LATER == set()


def test_an_object_whose_fields_all_have_defaults_is_filled_in() -> None:
    defaults = {name: s.get("default", ...) for name, s in SCHEMA["spec"]["properties"].items()}

    assert {name for name, default in defaults.items() if default == {}} == {
        "predictions", "deadLetters", "schema",
        "retrain", "optimizer", "model", "promotion", "predictor", "recorder", "trainer",
    }  # fmt: skip
    assert SCHEMA["spec"]["properties"]["trainer"]["properties"]["deadline"]["default"] == "1h"


def test_every_rule_has_its_place_and_says_the_field() -> None:
    places = {at for at, _ in fields(SCHEMA["spec"], "spec")} | {""}

    for rule in RULES:
        assert rule.at.replace("[]", ".items") in places
        assert rule.message.startswith(("spec", "metadata.name"))


def test_the_status_that_is_written_is_declared() -> None:
    declared = {at for at, _ in fields(SCHEMA["status"], "status")}

    for name in Status().to_json():
        assert f"status.{name}" in declared


def test_the_models_read_what_the_schema_allows() -> None:
    spec = Spec.model_validate(a_spec(trainer={"resources": {"limits": {"cpu": 2}}}))

    assert spec.trainer.resources.limits == {"cpu": "2"}


def test_kstatus_waits_for_the_first_pass_as_no_generation_is_observed_yet() -> None:
    assert SCHEMA["status"]["default"] == {"observedGeneration": -1}
