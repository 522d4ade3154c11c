"""A definition that is older than the operator is found by what it lacks."""

from copy import deepcopy
from typing import Any

from perennial_operator.crd.comparison import lacking
from perennial_operator.crd.definition import definition

Json = dict[str, Any]
NEEDED: Json = definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def spec(schema: Json) -> Json:
    found: Json = schema["properties"]["spec"]["properties"]
    return found


def test_our_own_definition_and_a_newer_one_lack_nothing() -> None:
    newer = deepcopy(NEEDED)
    spec(newer)["window"] = {"type": "string"}
    spec(newer)["task"]["enum"].append("Regression")

    assert list(lacking(NEEDED, NEEDED)) == []
    assert list(lacking(NEEDED, newer)) == []


def test_each_field_and_word_that_an_older_definition_lacks_is_named() -> None:
    older = deepcopy(NEEDED)
    del spec(older)["lifecycle"]
    del spec(older)["retrain"]["properties"]["schedule"]
    del spec(older)["schema"]["properties"]["features"]["items"]["properties"]["missing"]
    del older["properties"]["status"]["properties"]["attempt"]["properties"]["verdict"]
    spec(older)["optimizer"]["properties"]["algorithm"]["enum"].remove("Random")

    assert sorted(lacking(NEEDED, older)) == [
        "spec.lifecycle",
        "spec.optimizer.algorithm: Random",
        "spec.retrain.schedule",
        "spec.schema.features[].missing",
        "status.attempt.verdict",
    ]


def test_a_section_that_api_servers_describe_by_reference_lacks_nothing() -> None:
    served = deepcopy(NEEDED)
    served["properties"]["metadata"] = {"allOf": [{"$ref": "#/components/schemas/ObjectMeta"}]}

    assert list(lacking(NEEDED, served)) == []
