"""Back to a whole template: version, image and settings."""

from dataclasses import replace
from typing import Any

import pytest

from perennial_contract.status import BundleState, Report
from perennial_operator.api.pipeline import Pipeline, RolloutSource
from perennial_operator.api.status import Model
from perennial_operator.manifests.deployment import deployment, template_digest
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.world import Observed
from perennial_operator.plan import Plan
from tests.support.operator.builders import (
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
    as_stored,
    condition,
    decide,
    missing,
    reasons_of,
    recorded,
    serving,
    verified,
)

Json = dict[str, Any]
V3, D3 = "v3-33333333", "3" * 64
EDITED = {"image": "predictor:2", "replicas": 1}
OLD = RolloutSource(revision="income-old", image=IMAGES.predictor, spec=a_pipeline().spec)


def edited(pipeline: Pipeline | None = None, revision: str = "income-new", **more: Any) -> Pipeline:
    """The first version serves, the second is promoted, and the predictor's image was edited."""
    status = serving(
        model=a_model(a_pipeline(), revision=OLD.revision),
        head=V2,
        history=[an_entry(1), an_entry(2, champion=V1, score=0.25)],
        attempt=an_attempt(a_pipeline(), 2, champion=V1),
    )
    status = pipeline.status if pipeline else status
    made = a_pipeline(status, 2, predictor={**EDITED, **more})
    return made.model_copy(update={"revision": revision, "good": OLD})


def broken(pipeline: Pipeline) -> Observed:
    """A pod of the new version, made before the edit, finds its bundle broken."""
    old, new = a_predictor(V1, "income-predictor-old"), a_predictor(V2, ready=False)
    said = verified(new).model_copy(update={"bundle": BundleState.BROKEN, "ready": False})
    reports: dict[str, Report] = {r.pod: r for r in (recorded(a_recorder()), verified(old), said)}
    current = a_deployment(pipeline, V2)
    current["status"]["replicas"] = 2
    return replace(
        a_world(pipeline), deployment=current, pods=(a_recorder(), old, new), reports=reports
    )


def predictor_of(decided: Plan) -> Json:
    (found,) = [each for each in decided.apply if each["kind"] == "Deployment"]
    return found


def test_a_bad_version_goes_back_to_the_last_good_template_whatever_was_edited_meanwhile() -> None:
    pipeline = edited()

    decided = decide(pipeline, broken(pipeline))

    good = a_pipeline()
    assert predictor_of(decided) == deployment(good, IMAGES.predictor, V1)
    assert (decided.status.head, decided.status.held_back) == (V1, "income-new")
    assert decided.events[0].note == (
        f"{V2}: {V2} is broken; back to {V1} with the pods of income-old; "
        "income-new waits for the next version or edit"
    )


def gone_back() -> Pipeline:
    pipeline = edited()
    return edited(after(pipeline, decide(pipeline, broken(pipeline))))


def settled(pipeline: Pipeline) -> Observed:
    """The last good version with the last good template, as before."""
    return a_world(pipeline, deployment=a_deployment(a_pipeline()))


def test_it_stays_held_back_and_says_so_and_then_decides_nothing() -> None:
    pipeline = gone_back()

    first = decide(pipeline, settled(pipeline))
    calm = edited(after(pipeline, first))
    second = decide(calm, settled(calm))

    why = f"what was edited in the pods waits for the next version or edit, since {V2} failed"
    said = ("True", "TemplateHeldBack", f"1 of 1 pods answer; {why}")
    assert condition(first, "PredictorAvailable") == said
    assert second.status == calm.status
    assert second.events == ()
    assert predictor_of(second) == deployment(a_pipeline(), IMAGES.predictor, V1)


def test_what_is_held_back_still_scales() -> None:
    pipeline = edited(gone_back(), replicas=3)

    decided = decide(pipeline, settled(pipeline))

    assert predictor_of(decided)["spec"]["replicas"] == 3
    assert decided.status.held_back == "income-new"


def test_the_next_edit_is_rolled_out() -> None:
    pipeline = edited(gone_back(), "income-newer")

    decided = decide(pipeline, settled(pipeline))

    assert decided.status.held_back == ""
    assert predictor_of(decided) == deployment(pipeline, IMAGES.predictor, V1)


def test_the_next_version_comes_with_what_was_edited() -> None:
    before = gone_back().status
    history = [*before.history, an_entry(3, champion=V1, version=V3, digest=D3)]
    pipeline = edited(a_pipeline(before.model_copy(update={"head": V3, "history": history})))

    decided = decide(pipeline, settled(pipeline))

    assert decided.status.held_back == ""
    assert predictor_of(decided) == deployment(pipeline, IMAGES.predictor, V3)


def test_another_look_of_the_same_spec_is_no_edit() -> None:
    pipeline = edited(revision=OLD.revision)

    decided = decide(pipeline, broken(pipeline))

    assert (decided.status.head, decided.status.held_back) == (V1, "")


@pytest.mark.parametrize("same", [True, False])
def test_without_an_edit_of_the_pods_or_what_they_were_made_from_nothing_is_held_back(
    *, same: bool
) -> None:
    pipeline = edited()
    update: Json = {"spec": OLD.spec} if same else {"good": None}
    pipeline = pipeline.model_copy(update=update)

    decided = decide(pipeline, broken(pipeline))

    assert (decided.status.head, decided.status.held_back) == (V1, "")
    assert predictor_of(decided) == deployment(pipeline, IMAGES.predictor, V1)


def test_a_rollout_ends_with_the_revision_that_its_pods_were_made_from() -> None:
    pipeline = edited()
    pod = a_predictor(V2, template=template_digest(pipeline, IMAGES.predictor))
    reports = (recorded(a_recorder()), verified(pod, D2))
    world = a_world(
        pipeline, deployment=rolled(pipeline, V2), pods=(a_recorder(), pod), reports=reports
    )

    model = decide(pipeline, world).status.model

    assert model == Model(
        version=V2,
        digest=D2,
        score=0.25,
        summary="logloss 0.250",
        since=NOW,
        template=template_digest(pipeline, IMAGES.predictor),
        revision="income-new",
    )


def rolled(pipeline: Pipeline, version: str) -> Json:
    made = as_stored(deployment(pipeline, IMAGES.predictor, version))
    counts = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
    return {**made, "status": {"observedGeneration": 1, **counts}}


def test_an_edit_that_leaves_the_pods_as_they_are_moves_the_revision_that_serves() -> None:
    status = serving(model=a_model(a_pipeline(), revision="income-old"))
    pipeline = a_pipeline(status, 2, retrain={"threshold": 2000})
    pipeline = pipeline.model_copy(update={"revision": "income-new"})

    decided = decide(pipeline, a_world(pipeline))

    assert decided.status.model == a_model(a_pipeline(), revision="income-new")
    assert "RolloutComplete" not in reasons_of(decided)


# A pin is what serves, and the head stays where it was


def pinned(version: str, **changes: Any) -> Pipeline:
    history = [an_entry(1), an_entry(2, champion=V1, score=0.25)]
    model = a_model(a_pipeline(), V2, D2)
    status = serving(**{"model": model, "head": V2, "history": history, **changes})
    return a_pipeline(status, 2, model={"pin": version})


def serves(pipeline: Pipeline, new: Pod, *reports: Report) -> Observed:
    """The second version's pod answers, and another pod is on its way."""
    old = a_predictor(V2, "income-predictor-old")
    said = {r.pod: r for r in (recorded(a_recorder()), verified(old, D2), *reports)}
    current = a_deployment(pipeline, new.version)
    current["status"]["replicas"] = 2
    return replace(
        a_world(pipeline), deployment=current, pods=(a_recorder(), old, new), reports=said
    )


def test_a_pin_serves_once_every_pod_has_it_and_the_head_stays() -> None:
    pipeline = pinned(V1)

    rolls = decide(pipeline, a_world(pipeline, deployment=a_deployment(pipeline, V2)))
    done = decide(pipeline, a_world(pipeline))

    assert predictor_of(rolls) == deployment(pipeline, IMAGES.predictor, V1)
    assert done.status.model
    assert (done.status.model.version, done.status.head) == (V1, V2)


def test_a_pin_that_is_missing_keeps_the_pods_that_answer() -> None:
    pipeline = pinned("v9-99999999")
    new = a_predictor("v9-99999999", ready=False)
    problem = missing("ModelMissing", "v9-99999999 is not in the bucket")
    said = verified(new).model_copy(
        update={"ready": False, "bundle": BundleState.LOADING, "problem": problem}
    )

    decided = decide(pipeline, serves(pipeline, new, said))

    assert decided.status.model
    assert decided.status.model.version == V2
    assert (decided.status.head, decided.status.bad_versions) == (V2, [])


def test_a_pin_that_is_broken_is_not_tried_again_and_what_served_stays() -> None:
    pipeline = pinned(V1)
    new = a_predictor(V1, ready=False)
    said = verified(new).model_copy(update={"ready": False, "bundle": BundleState.BROKEN})

    decided = decide(pipeline, serves(pipeline, new, said))

    assert (decided.status.head, decided.status.bad_versions) == (V2, [V1])
    assert predictor_of(decided) == deployment(pipeline, IMAGES.predictor, V2)
    assert reasons_of(decided)[0] == "RolledBack"
    calm = a_pipeline(decided.status, 2, model={"pin": V1})
    still = decide(calm, a_world(calm, deployment=a_deployment(calm, V2), pods=(), reports=()))
    assert predictor_of(still) == deployment(calm, IMAGES.predictor, V2)
