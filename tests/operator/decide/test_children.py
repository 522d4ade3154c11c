from perennial_operator.manifests.deployment import template_digest
from perennial_operator.manifests.service import service
from tests.support.operator.builders import (
    IMAGES,
    V1,
    a_deployment,
    a_pipeline,
    a_statefulset,
    a_world,
    as_stored,
    condition,
    decide,
    names,
    serving,
)


def test_without_labels_there_is_no_recorder_and_none_is_needed() -> None:
    pipeline = a_pipeline(labels=None)

    decided = decide(pipeline, a_world(pipeline))

    assert decided.apply == ()
    assert condition(decided, "RecorderAvailable")[:2] == ("True", "NotNeeded")
    assert condition(decided, "LabelsComplete")[:2] == ("True", "NotNeeded")


def test_a_recorder_goes_when_the_labels_go() -> None:
    pipeline = a_pipeline(labels=None)
    world = a_world(pipeline, statefulset=a_statefulset(a_pipeline()))

    assert names(decide(pipeline, world).delete) == ["income-recorder"]


def test_there_is_no_predictor_before_there_is_a_model() -> None:
    pipeline = a_pipeline()

    decided = decide(pipeline, a_world(pipeline))

    assert names(decided.apply) == ["income-recorder"]
    assert condition(decided, "PredictorAvailable")[:2] == ("False", "NoModel")
    assert condition(decided, "Ready")[:2] == ("False", "AttemptRunning")


def test_a_child_of_another_is_left_alone_and_named() -> None:
    pipeline = a_pipeline(serving())
    stranger = a_deployment(pipeline)
    stranger["metadata"]["ownerReferences"][0]["uid"] = "another"

    decided = decide(pipeline, a_world(pipeline, deployment=stranger))

    assert names(decided.apply) == ["income-recorder"]
    assert condition(decided, "Accepted") == (
        "False",
        "NameTaken",
        "Deployment income-predictor exists and is not ours: delete it",
    )


def test_a_child_that_leaves_is_made_again_when_it_is_gone() -> None:
    pipeline = a_pipeline(serving())
    leaving = a_deployment(pipeline)
    leaving["metadata"]["deletionTimestamp"] = "2026-11-21T11:59:00Z"

    during = decide(pipeline, a_world(pipeline, deployment=leaving))
    after_it = decide(pipeline, a_world(pipeline, deployment=None))

    assert names(during.apply) == ["income-recorder"]
    assert names(after_it.apply) == ["income-recorder", "income-predictor"]


def test_a_changed_setting_rolls_like_anything_else() -> None:
    before = a_pipeline(serving())
    pipeline = a_pipeline(serving(), 2, predictions={"topic": "predictions", "threshold": 0.7})

    decided = decide(pipeline, a_world(before))

    (_, wanted) = decided.apply
    annotations = wanted["spec"]["template"]["metadata"]["annotations"]
    digest = template_digest(pipeline, IMAGES.predictor)
    assert annotations == {"perennial.dev/model": V1, "perennial.dev/template": digest}
    assert wanted["metadata"]["annotations"] != a_deployment(before)["metadata"]["annotations"]


def test_a_service_is_made_when_it_is_asked_for_and_goes_when_it_is_not() -> None:
    asked = a_pipeline(predictor={"http": {"enabled": True, "service": True}})
    made = as_stored(service(asked) or {})
    other = as_stored(service(asked) or {})
    other["metadata"]["ownerReferences"][0]["uid"] = "another"

    assert names(decide(asked, a_world(asked)).apply) == ["income-recorder", "income-predictor"]
    plain = a_pipeline()
    assert names(decide(plain, a_world(plain, service=made)).delete) == ["income-predictor"]
    taken = decide(asked, a_world(asked, service=other))
    assert names(taken.apply) == ["income-recorder"]
    assert condition(taken, "Accepted") == (
        "False",
        "NameTaken",
        "Service income-predictor exists and is not ours: delete it",
    )


def test_a_service_that_is_refused_is_named() -> None:
    asked = a_pipeline(predictor={"http": {"enabled": True, "service": True}})

    decided = decide(asked, a_world(asked, refused={"Service": "no services here"}))

    assert condition(decided, "Accepted") == ("False", "ChildRefused", "no services here")
