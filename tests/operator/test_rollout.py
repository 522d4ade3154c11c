from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from perennial_contract.status import BundleState
from perennial_operator.manifests.deployment import template_digest
from perennial_operator.observed import Ended, Observed, Pod
from perennial_operator.resource import Pipeline, Trigger
from tests.operator.world import (
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
    a_recorder,
    a_world,
    after,
    an_attempt,
    an_entry,
    condition,
    decide,
    missing,
    names,
    reasons_of,
    recorded,
    serving,
    verified,
)

Json = dict[str, Any]
LOADING = Ended(139, "Error", "Loading")


def promoted(**sections: Any) -> Pipeline:
    """The second version was promoted, the first still serves."""
    status = serving(
        head=V2,
        history=[an_entry(1), an_entry(2, champion=V1, score=0.25)],
        attempt=an_attempt(a_pipeline(), 2, champion=V1),
    )
    return a_pipeline(status, **sections)


def rolling(pipeline: Pipeline, new: Pod, *reports: Any, **deployment: int) -> Observed:
    """Both an old pod that serves and a new one are there."""
    current = a_deployment(pipeline, V2)
    current["status"] |= {"replicas": 2, **deployment}
    old = a_predictor(V1, "income-predictor-old")
    world = a_world(pipeline, deployment=current, pods=(a_recorder(), old, new))
    return replace(
        world, reports={**world.reports, **{r.pod: r for r in (verified(old), *reports)}}
    )


def complete(pipeline: Pipeline, digest: str = D2) -> Observed:
    new = a_predictor(V2)
    return a_world(
        pipeline,
        deployment=a_deployment(pipeline, V2),
        pods=(a_recorder(), new),
        reports=(recorded(a_recorder()), verified(new, digest)),
    )


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


def test_a_broken_bundle_is_taken_back_and_never_tried_again() -> None:
    pipeline = promoted()
    new = a_predictor(V2, "income-predictor-new", ready=False)
    problem = missing("BundleBroken", "model.txt has another SHA-256 than its manifest says")
    said = verified(new, "").model_copy(
        update={"ready": False, "bundle": BundleState.BROKEN, "problem": problem}
    )

    decided = decide(pipeline, rolling(pipeline, new, said))
    settled = after(pipeline, decided)
    calm = decide(settled, a_world(settled))

    assert decided.status.head == V1
    assert decided.status.bad_versions == [V2]
    assert decided.events[0].note == (
        f"{V2}: model.txt has another SHA-256 than its manifest says; back to {V1}"
    )
    (_, predictor) = decided.apply
    annotations = predictor["spec"]["template"]["metadata"]["annotations"]
    digest = template_digest(pipeline, IMAGES.predictor)
    assert annotations == {"perennial.dev/model": V1, "perennial.dev/template": digest}
    assert calm.status.bad_versions == [V2]
    assert condition(calm, "Ready")[0] == "True"


def test_a_head_that_is_set_to_a_bad_version_is_set_back() -> None:
    pipeline = a_pipeline(serving(head=V2, bad_versions=[V2]))

    assert decide(pipeline, a_world(pipeline)).status.head == V1


def test_a_first_model_that_is_broken_leaves_no_predictor() -> None:
    pipeline = a_pipeline(serving(model=None))
    pod = a_predictor(ready=False)
    said = verified(pod).model_copy(update={"bundle": BundleState.BROKEN, "ready": False})
    world = a_world(
        pipeline,
        deployment=a_deployment(pipeline, available=0),
        more=(pod,),
        reports=(said,),
    )

    decided = decide(pipeline, world)

    assert decided.status.head == ""
    assert names(decided.delete) == ["income-predictor"]
    why = f"{V1} failed by its own fault; set retrain.request to try again"
    assert condition(decided, "ModelAvailable") == ("False", "BundleBroken", why)
    assert condition(decided, "Ready") == ("False", "BundleBroken", why)
    assert decided.status.progress
    assert decided.status.progress.attempt == "#1 broken"
    asked = a_pipeline(decided.status, 2, retrain={"threshold": 1000, "request": "again"})
    again = decide(asked, a_world(asked)).status.running()
    assert again
    assert again.trigger is Trigger.REQUEST


@pytest.mark.parametrize("code", [132, 134, 135, 136, 139])
def test_a_crash_while_loading_is_the_versions_fault_when_nothing_else_differs(code: int) -> None:
    pipeline = promoted()
    crash = Ended(code, "Error", "Loading")
    new = a_predictor(V2, "income-predictor-new", ready=False, last=crash)

    decided = decide(pipeline, rolling(pipeline, new))

    assert decided.status.bad_versions == [V2]
    assert decided.status.head == V1


EDITED = {"predictor": {"image": "predictor:2"}}


@pytest.mark.parametrize("wanted", [EDITED, {}], ids=["still wanted", "taken back already"])
@pytest.mark.parametrize("broken", [True, False])
def test_what_goes_wrong_under_another_template_is_not_the_versions_fault(
    wanted: Json, *, broken: bool
) -> None:
    pipeline, edited = promoted(**wanted), template_digest(promoted(**EDITED), IMAGES.predictor)
    new = a_predictor(
        V2, "income-predictor-new", ready=False, last=None if broken else LOADING, template=edited
    )
    said = (verified(new).model_copy(update={"bundle": BundleState.BROKEN}),) if broken else ()

    decided = decide(pipeline, rolling(pipeline, new, *said))

    assert decided.status.bad_versions == []
    assert decided.status.head == V2


def test_a_crash_under_the_good_template_is_the_versions_fault_whatever_is_wanted_by_now() -> None:
    pipeline = promoted(**EDITED)
    new = a_predictor(V2, "income-predictor-new", ready=False, last=LOADING)

    decided = decide(pipeline, rolling(pipeline, new))

    assert decided.status.bad_versions == [V2]


@pytest.mark.parametrize(
    ("last", "problem"),
    [
        (Ended(137, "OOMKilled", "Loading"), missing("CrashLoopBackOff", "OOMKilled (137)")),
        (Ended(137, "Error", "Loading"), missing("CrashLoopBackOff", "Error (137)")),
        (Ended(143, "Error", "Loading"), missing("CrashLoopBackOff", "Error (143)")),
        (Ended(255, "Unknown", "Loading"), missing("CrashLoopBackOff", "Unknown (255)")),
        (Ended(1, "Error", "no broker"), missing("CrashLoopBackOff", "no broker")),
        (None, missing("ImagePullBackOff", "no such image")),
        (None, missing("Unschedulable", "0/1 nodes are available")),
    ],
)
def test_any_other_stall_keeps_the_old_pods_and_shows_the_reason(
    last: Ended | None, problem: Any
) -> None:
    pipeline = promoted()
    new = a_predictor(V2, "income-predictor-new", ready=False, last=last, problem=problem)

    decided = decide(pipeline, rolling(pipeline, new))

    assert decided.status.head == V2
    assert decided.status.bad_versions == []
    assert condition(decided, "PredictorAvailable") == (
        "True",
        problem.reason,
        f"1 of 1 pods answer; a new one does not yet: {problem.message}",
    )


def test_a_crash_of_what_serves_already_takes_nothing_back() -> None:
    pipeline = a_pipeline(serving())
    pod = a_predictor(ready=False, last=LOADING)
    world = a_world(
        pipeline, deployment=a_deployment(pipeline, available=0), pods=(a_recorder(), pod)
    )

    decided = decide(pipeline, world)

    assert (decided.status.head, decided.status.bad_versions) == (V1, [])


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
