from typing import Any

import pytest

from perennial_contract.status import BundleState
from perennial_operator.api.attempts import AttemptOutcome, Trigger
from perennial_operator.manifests.deployment import template_digest
from perennial_operator.observe.containers import Ended
from tests.support.operator.builders import (
    D1,
    D2,
    IMAGES,
    V1,
    V2,
    a_deployment,
    a_pipeline,
    a_predictor,
    a_recorder,
    a_world,
    after,
    an_entry,
    condition,
    decide,
    missing,
    names,
    served_version,
    serving,
    verified,
)
from tests.support.operator.rolling import promoted, rolling

Json = dict[str, Any]
LOADING = Ended(139, "Error", "Loading")


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
    why = f"{V1} failed through its own fault; set retrain.request to try again"
    assert condition(decided, "ModelAvailable") == ("False", "BundleBroken", why)
    assert condition(decided, "Ready") == ("False", "BundleBroken", why)
    assert decided.status.progress
    assert decided.status.progress.attempt == "#1 broken"
    asked = a_pipeline(decided.status, 2, retrain={"threshold": 1000, "request": "again"})
    again = decide(asked, a_world(asked)).status.running()
    assert again
    assert again.trigger is Trigger.REQUEST


def test_an_adopted_model_that_is_broken_gives_way_to_the_one_before_it() -> None:
    left = an_entry(7, AttemptOutcome.ADOPTED, version=V2, digest=D2, champion=V1)
    pipeline = a_pipeline(serving(model=None, head=V2, history=[left]))
    pod = a_predictor(V2, ready=False)
    said = verified(pod).model_copy(update={"bundle": BundleState.BROKEN, "ready": False})
    deployment = a_deployment(pipeline, V2, available=0)

    decided = decide(
        pipeline, a_world(pipeline, deployment=deployment, more=(pod,), reports=(said,))
    )

    assert (decided.status.head, decided.status.bad_versions) == (V1, [V2])
    assert served_version(decided) == V1
    assert decided.events[0].note == f"{V2}: {V2} is broken; back to {V1}"


def test_a_model_that_was_adopted_and_is_broken_is_told_of_as_the_first_would_be() -> None:
    left = an_entry(7, AttemptOutcome.ADOPTED, version=V1, digest=D1)
    status = serving(model=None, head="", history=[left], bad_versions=[V1])
    pipeline = a_pipeline(status)

    decided = decide(pipeline, a_world(pipeline))

    why = f"{V1} failed through its own fault; set retrain.request to try again"
    assert condition(decided, "Ready") == ("False", "BundleBroken", why)
    assert decided.status.progress
    assert decided.status.progress.attempt == "#7 broken"


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


def test_a_wrong_digest_is_the_versions_fault_under_an_edited_template_too() -> None:
    pipeline, edited = promoted(**EDITED), template_digest(promoted(**EDITED), IMAGES.predictor)
    new = a_predictor(V2, "income-predictor-new", ready=False, template=edited)
    problem = missing("BundleBroken", "model.txt has another SHA-256 than its manifest says")
    altered: Json = {"bundle": BundleState.BROKEN, "altered": True, "problem": problem}
    said = verified(new).model_copy(update=altered)

    decided = decide(pipeline, rolling(pipeline, new, said))

    assert (decided.status.head, decided.status.bad_versions) == (V1, [V2])
    assert decided.status.held_back == ""
    assert decided.events[0].note == f"{V2}: {problem.message}; back to {V1}"
    (_, predictor) = decided.apply
    annotations = predictor["spec"]["template"]["metadata"]["annotations"]
    assert annotations == {"perennial.dev/model": V1, "perennial.dev/template": edited}


def test_only_the_newest_bad_versions_are_kept() -> None:
    many = [f"v{number}-00000000" for number in range(10, 30)]
    pipeline = promoted()
    status = pipeline.status.model_copy(update={"bad_versions": many})
    pipeline = pipeline.model_copy(update={"status": status})
    new = a_predictor(V2, "income-predictor-new", ready=False)
    said = verified(new, "").model_copy(update={"bundle": BundleState.BROKEN})

    decided = decide(pipeline, rolling(pipeline, new, said))

    assert decided.status.bad_versions == [*many[1:], V2]
