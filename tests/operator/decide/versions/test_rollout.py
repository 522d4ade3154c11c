from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.operator.builders import (
    D1,
    D2,
    IMAGES,
    NOW,
    V1,
    V2,
    a_deployment,
    a_model,
    a_pipeline,
    a_predictor,
    a_world,
    condition,
    decide,
    names,
    reasons_of,
    serving,
    verified,
)
from tests.support.operator.rolling import complete, promoted, rolling


def test_what_serves_changes_when_every_pod_reports_the_new_digest() -> None:
    pipeline = promoted()

    decided = decide(pipeline, complete(pipeline))

    assert decided.status.model == a_model(
        pipeline, V2, D2, score=0.25, summary="logloss 0.250", since=NOW
    )
    assert reasons_of(decided)[0] == "RolloutComplete"
    assert condition(decided, "Ready") == ("True", "Ready", f"{V2} serves")


def test_a_pod_that_was_evicted_long_ago_does_not_keep_a_rollout_from_its_end() -> None:
    pipeline = promoted()
    evicted = a_predictor(V1, "income-predictor-evicted", ready=False, over=True)
    world = complete(pipeline)

    decided = decide(pipeline, replace(world, pods=(*world.pods, evicted)))

    assert decided.status.model
    assert decided.status.model.version == V2


def test_the_first_rollout_makes_the_model_available() -> None:
    pipeline = a_pipeline(serving(model=None))

    rolls = decide(pipeline, a_world(pipeline, deployment=None))
    pod = a_predictor()
    done = decide(
        pipeline,
        a_world(
            pipeline,
            deployment=a_deployment(pipeline),
            more=(pod,),
            reports=(verified(pod),),
        ),
    )

    assert names(rolls.apply) == ["income-recorder", "income-predictor"]
    assert condition(rolls, "ModelAvailable")[:2] == ("False", "RollingOut")
    assert done.status.model
    assert done.status.model.version == V1
    assert condition(done, "Ready")[0] == "True"


@pytest.mark.parametrize(
    "counts",
    [
        {"observedGeneration": 0},
        {"updatedReplicas": 0},
        {"replicas": 2},
        {"availableReplicas": 0},
    ],
)
def test_a_rollout_goes_on_until_its_controller_has_nothing_left_to_do(
    counts: dict[str, int],
) -> None:
    pipeline = promoted()
    world = complete(pipeline)
    assert world.deployment
    world.deployment["status"] |= counts

    decided = decide(pipeline, world)

    assert decided.status.model
    assert decided.status.model.version == V1


def test_another_digest_than_the_verdict_said_does_not_complete_a_rollout() -> None:
    pipeline = promoted()

    decided = decide(pipeline, complete(pipeline, digest="3" * 64))

    assert decided.status.model
    assert decided.status.model.version == V1


def test_while_it_rolls_old_pods_answer_and_the_pipeline_stays_ready() -> None:
    pipeline = promoted()
    new = a_predictor(V2, "income-predictor-new", ready=False)

    decided = decide(pipeline, rolling(pipeline, new))

    assert condition(decided, "PredictorAvailable")[:2] == ("True", "RollingOut")
    assert condition(decided, "Ready")[0] == "True"
    assert decided.status.bad_versions == []


def test_a_rolled_out_setting_becomes_the_last_good_template() -> None:
    edited = a_pipeline(serving(), 2, predictor={"image": "predictor:2"})
    world = a_world(edited, deployment=a_deployment(edited))

    decided = decide(edited, world)

    before = serving().model
    assert decided.status.model
    assert before
    assert decided.status.model.template != before.template
    assert decided.status.model.since == NOW - timedelta(minutes=1)
    assert reasons_of(decided) == ["Ready"]


def test_the_digest_is_the_one_that_the_pods_report() -> None:
    pipeline = promoted()

    model = decide(pipeline, complete(pipeline)).status.model

    assert model
    assert (model.digest, IMAGES.predictor, D1) == (D2, "predictor:1", D1)
