from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_operator.api.spec import Spec
from perennial_operator.api.status import Status
from perennial_operator.decide.versions.revisions import (
    KEPT,
    NoValidSpec,
    accept,
    find,
    missing,
    outdated,
    owned,
)
from tests.support.operator.builders import (
    IMAGES,
    UID,
    a_model,
    a_pipeline,
    a_resource,
    a_spec,
    an_attempt,
    serving,
)

Json = dict[str, Any]
IMAGE = IMAGES.predictor
INVALID: Json = {"retrain": {"threshold": 100}}


def a_revision(number: int, uid: str = UID, **sections: Any) -> Json:
    """As it stands on the API server."""
    accepted = accept(a_resource(**sections), (), IMAGE)
    made = missing(a_pipeline(), accepted, ())
    assert made
    owner = [{"uid": uid, "controller": True}]
    return {
        **made,
        "metadata": {**made["metadata"], "ownerReferences": owner},
        "revision": number,
    }


def test_a_valid_spec_is_written_down_whole_but_for_the_number_of_replicas() -> None:
    pipeline = a_pipeline()
    accepted = accept(a_resource(predictor={"replicas": 3, "image": "mine"}), (), IMAGE)

    written = missing(pipeline, accepted, [a_revision(4)])

    assert accepted.spec == Spec.model_validate(a_spec(predictor={"replicas": 3, "image": "mine"}))
    assert written == {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": accepted.name,
            "namespace": "team",
            "labels": {
                "app.kubernetes.io/name": "perennial-revision",
                "app.kubernetes.io/instance": "income",
                "app.kubernetes.io/component": "revision",
                "app.kubernetes.io/part-of": "perennial",
                "app.kubernetes.io/managed-by": "perennial",
                "perennial.dev/pipeline": "income",
                "perennial.dev/component": "revision",
            },
            "ownerReferences": [
                {
                    "apiVersion": "perennial.dev/v1alpha1",
                    "kind": "ModelPipeline",
                    "name": "income",
                    "uid": UID,
                    "controller": True,
                }
            ],
        },
        "data": {"spec": a_spec(predictor={"image": "mine"}), "predictorImage": "predictor:1"},
        "revision": 5,
    }


def test_the_newest_is_not_written_again_and_an_older_one_gets_a_new_number() -> None:
    old, new = a_revision(1), a_revision(2, retrain={"threshold": 2000})

    again = accept(a_resource(), [old, new], IMAGE)
    written = missing(a_pipeline(), again, [old, new])

    assert missing(a_pipeline(), again, [old]) is None
    assert written
    assert (written["metadata"]["name"], written["revision"]) == (old["metadata"]["name"], 3)


def test_to_scale_is_no_new_revision_and_another_image_or_resource_is() -> None:
    name = accept(a_resource(), (), IMAGE).name
    other = a_resource()
    other["metadata"]["uid"] = "another"

    assert accept(a_resource(predictor={"replicas": 9}), (), IMAGE).name == name
    assert accept(a_resource(), (), "predictor:2").name != name
    assert accept(other, (), IMAGE).name != name


def test_an_invalid_spec_leaves_the_last_valid_one_with_the_number_of_replicas_of_today() -> None:
    stored = [a_revision(1), a_revision(2, predictor={"image": "mine"})]

    accepted = accept(a_resource(**INVALID, predictor={"replicas": 4}), stored, IMAGE)

    assert accepted.name == stored[1]["metadata"]["name"]
    assert accepted.spec == Spec.model_validate(a_spec(predictor={"image": "mine", "replicas": 4}))
    assert accepted.invalid == "spec: retrain.threshold must be at least 2 * promotion.minJudged"


@pytest.mark.parametrize("data", [None, {}, {"spec": {"from": "another version"}}, {"spec": []}])
def test_a_revision_that_cannot_be_read_is_passed_over(data: Json | None) -> None:
    good, bad = a_revision(1), {**a_revision(2), "data": data}

    assert accept(a_resource(**INVALID), [good, bad], IMAGE).spec == a_pipeline().spec
    assert find([bad], bad["metadata"]["name"]) is None
    with pytest.raises(NoValidSpec, match=r"retrain\.threshold must be"):
        accept(a_resource(**INVALID), [bad], IMAGE)


def test_a_revision_is_found_by_its_name() -> None:
    first, second = a_revision(1), a_revision(2, predictor={"image": "mine"})

    found = find([first, second], second["metadata"]["name"])

    assert found
    assert (found.revision, found.image) == (second["metadata"]["name"], IMAGE)
    assert found.spec == Spec.model_validate(a_spec(predictor={"image": "mine"}))
    assert find([first], second["metadata"]["name"]) is None


def test_only_those_of_the_resource_itself_that_stay_count_in_the_order_of_their_numbers() -> None:
    first, second = a_revision(9), a_revision(10, retrain={"threshold": 2000})
    others = a_revision(11, "another", retrain={"threshold": 3000})
    leaving = a_revision(12, retrain={"threshold": 4000})
    leaving["metadata"]["deletionTimestamp"] = "2026-11-21T12:00:00Z"

    assert owned([second, others, leaving, first], UID) == [first, second]


@given(count=st.integers(0, 25), used=st.sets(st.integers(0, 24), max_size=2))
def test_ten_are_kept_and_those_that_are_built_on(count: int, used: set[int]) -> None:
    stored = [{"metadata": {"name": f"r{n}"}} for n in range(count)]
    serves, answered = ([f"r{n}" for n in sorted(used)] + ["", ""])[:2]
    attempt = an_attempt(a_pipeline(), 2, revision=answered)
    status: Status = serving(model=a_model(a_pipeline(), revision=serves), attempt=attempt)

    gone = {each["metadata"]["name"] for each in outdated(stored, status, "new")}

    newest = {f"r{n}" for n in range(count)[-(KEPT - 1) :]}
    assert gone == {f"r{n}" for n in range(count)} - newest - {serves, answered}
