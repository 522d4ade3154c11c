import contextlib
import re
from typing import Any

import pytest

from perennial.cluster.admission import UNCHANGEABLE, NotAdmitted, admitted, filled, may_follow
from perennial_operator.api.spec import Spec
from perennial_operator.crd.rules import RULES
from tests.support.operator.builders import a_spec
from tests.support.perennial.running import a_manifest

Json = dict[str, Any]


def test_a_manifest_is_kept_with_the_defaults_that_the_definition_has() -> None:
    kept = admitted(a_manifest())

    assert kept["metadata"] == {"name": "income", "namespace": "default"}
    assert Spec.model_validate(kept["spec"]) == Spec.model_validate(a_spec())
    assert kept["spec"]["predictor"] == {
        "replicas": 1,
        "image": "",
        "resources": {},
        "template": kept["spec"]["predictor"]["template"],
        "http": {"enabled": False, "service": False},
    }
    assert kept["spec"]["trainer"]["deadline"] == "1h"


def test_defaults_are_filled_below_lists_and_maps_and_null_is_as_absent() -> None:
    fields = {"a": {"default": 1}, "b": {"default": {}, "properties": {"c": {"default": 2}}}}
    item = {"type": "object", "properties": fields}
    schema = {"properties": {"list": {"items": item}, "map": {"additionalProperties": item}}}

    found = filled(schema, {"list": [{}], "map": {"x": {"a": None, "b": {"c": 3}}}})

    assert found == {"list": [{"a": 1, "b": {"c": 2}}], "map": {"x": {"a": 1, "b": {"c": 3}}}}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"kind": "Pipeline"}, "kind: 'Pipeline' is not ModelPipeline"),
        ({"spec": None}, "metadata and spec are needed"),
        ({"metadata": {"name": "../up"}}, "metadata.name: '../up' is no name"),
        ({"metadata": {"name": "a" * 41}}, "is no name of at most 40"),
        (
            {
                **a_manifest(predictor={"http": {"enabled": True, "service": True}}),
                "metadata": {"name": "1st"},
            },
            "metadata.name: must begin with a letter for spec.predictor.http.service",
        ),
        ({"metadata": {"name": "a", "namespace": "a.b"}}, "metadata.namespace: 'a.b'"),
        ({"spec": a_spec(retrain={"threshold": 100})}, "retrain.threshold must be at least"),
        ({"spec": a_spec(unknown=1)}, "spec.unknown: "),
    ],
)
def test_what_an_api_server_refuses_is_refused_by_its_field(change: Json, why: str) -> None:
    with pytest.raises(NotAdmitted, match=re.escape(why)):
        admitted({**a_manifest(), **change})


def test_fields_that_cannot_be_changed_are_those_of_the_definition() -> None:
    rules = [rule for rule in RULES if "oldSelf" in rule.rule and rule.at]
    paths = (re.findall(r"has\(self\.(\w+)\)", rule.rule)[0] for rule in rules)
    places = (rule.at.split(".")[1:] for rule in rules)
    assert {(*place, name) for place, name in zip(places, paths, strict=True)} == {*UNCHANGEABLE}

    before, after = a_spec(), a_spec()
    may_follow(before, a_spec(retrain={"threshold": 5000}), {})
    after["storage"] = {**before["storage"], "bucket": "another"}
    with pytest.raises(NotAdmitted, match=r"spec\.storage\.bucket cannot be changed"):
        may_follow(before, after, {})


YES, NO = ({"label": {"positive": name, "negative": "?"}} for name in ("yes", "no"))


@pytest.mark.parametrize(
    ("before", "after", "status", "taken"),
    [
        ({}, YES, {}, True),
        ({}, YES, YES, True),
        ({}, YES, NO, False),
        (YES, {}, {}, False),
        (YES, {}, YES, True),
        (YES, {}, NO, False),
        (YES, NO, YES, False),
        ({}, {}, YES, True),
    ],
)
def test_a_label_may_be_declared_or_left_out_later_where_the_positive_class_stays(
    before: Json, after: Json, status: Json, *, taken: bool
) -> None:
    outcome = contextlib.nullcontext() if taken else pytest.raises(NotAdmitted, match="positive")
    with outcome:
        may_follow(a_spec(schema=before), a_spec(schema=after), status)
