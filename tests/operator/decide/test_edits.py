"""An edit, from the pass that sees it until every pod runs it: what waits for it, and for how long.

`kubectl wait` compares a condition's observedGeneration with the resource's generation, kstatus the
status's; kstatus then takes the first of Reconciling and Stalled that is True.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from perennial_operator.api.pipeline import Pipeline, RolloutSource
from perennial_operator.api.programs import Images
from perennial_operator.api.status import Condition, Status
from perennial_operator.manifests import deployment, statefulset
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.world import Observed
from perennial_operator.plan import Plan, plan
from tests.support.operator.builders import (
    IMAGES,
    NOW,
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
    patch_of,
    reasons_of,
    recorded,
    serving,
    verified,
)

NOPE = missing("ImagePullBackOff", 'Back-off pulling image "nope:1"')
EDITED: dict[str, Any] = {"predictor": {"image": "nope:1"}}
MINUTE = timedelta(minutes=1)


def settled(**sections: Any) -> Pipeline:
    """A pipeline that serves, as a pass over it at generation 1 leaves it."""
    pipeline = a_pipeline(serving(), **sections)
    return after(pipeline, decide(pipeline, a_world(pipeline)))


def edited(before: Pipeline, generation: int = 2, **sections: Any) -> Pipeline:
    return a_pipeline(before.status, generation, **sections)


def predictor_of(pipeline: Pipeline, name: str, **changes: Any) -> Pod:
    digest = deployment.template_digest(pipeline, IMAGES.predictor)
    return a_predictor(name=name, **{"template": digest, **changes})


def recorder_of(pipeline: Pipeline, **changes: Any) -> Pod:
    digest = statefulset.template_digest(pipeline, IMAGES.recorder)
    return a_recorder(**{"template": digest, **changes})


def stuck(pipeline: Pipeline) -> Observed:
    """The old pod answers; a new one cannot pull its image."""
    new = predictor_of(pipeline, "income-predictor-b", ready=False, started=False, problem=NOPE)
    return a_world(pipeline, pods=(a_recorder(), a_predictor(), new))


def done(pipeline: Pipeline) -> Observed:
    new = predictor_of(pipeline, "income-predictor-b")
    recorder = recorder_of(pipeline)
    reports = (recorded(recorder), verified(new))
    return a_world(pipeline, pods=(recorder, new), reports=reports)


def passed(pipeline: Pipeline, observed: Observed, now: datetime = NOW) -> Pipeline:
    return after(pipeline, decide(pipeline, observed, now))


def kubectl_waits(decided: Plan, generation: int) -> bool:
    """As `kubectl wait --for=condition=Ready` decides."""
    ready = next(c for c in decided.status.conditions if c.type == "Ready")
    return ready.observed_generation < generation or ready.status != "True"


def kstatus(decided: Plan, generation: int) -> str:
    """As kstatus computes it of any resource."""
    if decided.status.observed_generation != generation:
        return "InProgress"
    verdicts = {"Reconciling": "InProgress", "Stalled": "Failed"}
    found = (c for c in decided.status.conditions if c.type in verdicts and c.status == "True")
    first: Condition | None = next(found, None)
    return verdicts[first.type] if first else "Current"


def types(decided: Plan) -> set[str]:
    return {c.type for c in decided.status.conditions}


def test_ready_waits_for_an_edited_image_that_cannot_be_pulled_while_the_old_pod_answers() -> None:
    pipeline = edited(settled(), **EDITED)

    first = decide(pipeline, a_world(pipeline, pods=(a_recorder(), a_predictor())))
    later = decide(after(pipeline, first), stuck(pipeline), NOW + MINUTE)

    for decided in (first, later):
        assert kubectl_waits(decided, 2)
        assert kstatus(decided, 2) == "InProgress"
        assert decided.status.observed_generation == 1
        assert condition(decided, "Ready")[:2] == ("True", "Ready")
        assert condition(decided, "Accepted")[0] == "True"
    told = '1 of 2 pods run what was edited: Back-off pulling image "nope:1"'
    assert condition(later, "Reconciling") == ("True", "RollingOut", told)
    assert "Stalled" not in types(later)


def test_after_ten_minutes_the_edit_is_stalled_with_the_image_named() -> None:
    pipeline = passed(edited(settled(), **EDITED), stuck(edited(settled(), **EDITED)))

    early = decide(pipeline, stuck(pipeline), NOW + 10 * MINUTE - timedelta(seconds=1))
    late = decide(pipeline, stuck(pipeline), NOW + 10 * MINUTE)

    assert "Stalled" not in types(early)
    told = '1 of 2 pods run what was edited: Back-off pulling image "nope:1"'
    assert condition(late, "Stalled") == ("True", "ImagePullBackOff", told)
    assert (reasons_of(early), reasons_of(late)) == ([], ["ImagePullBackOff"])
    assert condition(late, "Ready")[0] == "True"
    assert kubectl_waits(late, 2)
    assert kstatus(late, 2) == "Failed"
    calm = decide(after(pipeline, late), stuck(pipeline), NOW + 11 * MINUTE)
    assert (patch_of(after(pipeline, late), calm), calm.events) == ({}, ())


def test_once_all_pods_run_the_edit_ready_is_about_it_and_nothing_is_said_of_it() -> None:
    pipeline = passed(edited(settled(), **EDITED), stuck(edited(settled(), **EDITED)))
    stalled = passed(pipeline, stuck(pipeline), NOW + 11 * MINUTE)

    for before in (pipeline, stalled):
        decided = decide(before, done(before), NOW + 12 * MINUTE)

        assert not kubectl_waits(decided, 2)
        assert kstatus(decided, 2) == "Current"
        assert {c.observed_generation for c in decided.status.conditions} == {2}
        assert types(decided).isdisjoint({"Reconciling", "Stalled"})


def test_an_edit_of_the_recorder_waits_for_its_pod() -> None:
    sections: dict[str, Any] = {"recorder": {"flushInterval": "5s"}}
    pipeline = edited(settled(), **sections)
    comes = recorder_of(pipeline, ready=False)

    first = decide(pipeline, a_world(pipeline))
    restarting = decide(
        after(pipeline, first), a_world(pipeline, pods=(comes, a_predictor())), NOW + MINUTE
    )
    new = a_world(pipeline, pods=(recorder_of(pipeline), a_predictor()))
    complete = decide(after(pipeline, restarting), new, NOW + 2 * MINUTE)

    assert [kubectl_waits(each, 2) for each in (first, restarting, complete)] == [True, True, False]
    assert condition(first, "Reconciling")[2] == "1 of 2 pods run what was edited"


@pytest.mark.parametrize(
    "sections",
    [
        {"retrain": {"threshold": 2000}},
        {"predictor": {"replicas": 3}},
        {"model": {"pin": ""}},
        {"trainer": {"deadline": "2h"}},
    ],
    ids=["threshold", "scaling", "the same", "trainer"],
)
def test_an_edit_that_changes_no_pod_is_observed_at_once(sections: dict[str, Any]) -> None:
    pipeline = edited(settled(), 7, **sections)
    lame = a_predictor(ready=False)

    decided = decide(pipeline, a_world(pipeline, pods=(a_recorder(), lame)))

    assert decided.status.observed_generation == 7
    assert {c.observed_generation for c in decided.status.conditions} == {7}
    assert types(decided).isdisjoint({"Reconciling", "Stalled"})


def test_a_spec_that_cannot_be_read_is_observed_at_once_even_while_an_edit_is_under_way() -> None:
    pipeline = passed(edited(settled(), **EDITED), stuck(edited(settled(), **EDITED)))
    invalid = edited(pipeline, 3, **EDITED).model_copy(update={"invalid": "spec.x: unknown"})

    told = decide(invalid, stuck(invalid), NOW + MINUTE)
    mended = decide(edited(after(invalid, told), 4, **EDITED), stuck(invalid), NOW + 2 * MINUTE)

    assert told.status.observed_generation == 3
    assert condition(told, "Ready")[:2] == ("False", "SpecInvalid")
    assert {c.observed_generation for c in told.status.conditions if c.type == "Ready"} == {3}
    assert kubectl_waits(mended, 4)
    assert kstatus(mended, 4) == "InProgress"


def test_an_operator_upgrade_or_a_promotion_is_no_edit() -> None:
    pipeline = settled()
    newer = Images(predictor="predictor:2", recorder="recorder:2", trainer="trainer:2")
    promoted = pipeline.model_copy(
        update={"status": pipeline.status.model_copy(update={"head": V2, "history": [an_entry(2)]})}
    )

    upgraded = plan(pipeline, a_world(pipeline), newer, NOW)
    rolling = decide(promoted, a_world(promoted, deployment=a_deployment(promoted, V2)))

    for decided in (upgraded, rolling):
        assert not kubectl_waits(decided, 1)
        assert kstatus(decided, 1) == "Current"


def test_a_scaling_during_an_operator_upgrade_is_no_edit_either() -> None:
    pipeline = settled()
    newer = Images(predictor="predictor:2", recorder="recorder:2", trainer="trainer:2")
    upgraded = after(pipeline, plan(pipeline, a_world(pipeline), newer, NOW))

    scaled = edited(upgraded, predictor={"replicas": 2})
    decided = plan(scaled, a_world(scaled), newer, NOW + MINUTE)

    assert decided.status.observed_generation == 2


def test_a_scaling_while_an_edit_is_under_way_does_not_begin_the_ten_minutes_again() -> None:
    pipeline = passed(edited(settled(), **EDITED), stuck(edited(settled(), **EDITED)))
    scaled = edited(pipeline, 3, predictor={"image": "nope:1", "replicas": 2})

    later = decide(scaled, stuck(scaled), NOW + 10 * MINUTE)

    assert condition(later, "Stalled")[1] == "ImagePullBackOff"


def test_another_edit_begins_the_ten_minutes_again_and_going_back_waits_for_the_new_pod() -> None:
    pipeline = passed(edited(settled(), **EDITED), stuck(edited(settled(), **EDITED)))
    stalled = passed(pipeline, stuck(pipeline), NOW + 11 * MINUTE)
    back = edited(stalled, 3)

    first = decide(back, stuck(pipeline), NOW + 12 * MINUTE)
    gone = decide(after(back, first), a_world(back), NOW + 13 * MINUTE)

    assert kstatus(first, 3) == "InProgress"
    assert kubectl_waits(first, 3)
    assert "Stalled" not in types(first)
    assert not kubectl_waits(gone, 3)


def test_an_edit_that_is_held_back_stalls_with_that_reason() -> None:
    before = settled()
    pipeline = edited(before, **EDITED)
    held = before.status.model_copy(
        update={"held_back": "income-2", "bad_versions": [V2], "observed_generation": 1}
    )
    pipeline = pipeline.model_copy(update={"status": held, "revision": "income-2"})
    old = before.model_copy(update={"revision": "income-1"})
    good = RolloutSource(revision="income-1", image=IMAGES.predictor, spec=old.spec)
    pipeline = pipeline.model_copy(update={"good": good})

    waits = passed(pipeline, a_world(old))
    waits = waits.model_copy(update={"good": good})
    decided = decide(waits, a_world(old), NOW + 10 * MINUTE)

    assert condition(decided, "Stalled")[:2] == ("True", "TemplateHeldBack")


def test_an_edit_waits_while_the_pipeline_is_paused_and_its_ten_minutes_begin_after() -> None:
    pipeline = edited(settled(), **EDITED).model_copy(update={"paused": True})

    decided = decide(pipeline, stuck(pipeline), NOW)
    late = decide(after(pipeline, decided), stuck(pipeline), NOW + 20 * MINUTE)
    resumed = after(pipeline, late).model_copy(update={"paused": False})
    goes_on = decide(resumed, stuck(resumed), NOW + 30 * MINUTE)

    for each in (decided, late, goes_on):
        assert each.status.observed_generation == 1
        assert kubectl_waits(each, 2)
        assert "Stalled" not in types(each)
    assert patch_of(after(pipeline, decided), late) == {}
    assert condition(goes_on, "Reconciling")[0] == "True"


def test_an_edit_that_changes_no_pod_is_observed_while_the_pipeline_is_paused() -> None:
    pipeline = edited(settled(), predictor={"replicas": 3}).model_copy(update={"paused": True})

    assert decide(pipeline, a_world(pipeline)).status.observed_generation == 2


def test_a_recorder_that_restarts_does_not_turn_ready_for_ten_minutes() -> None:
    pipeline = settled()
    world = a_world(pipeline, pods=(a_recorder(ready=False), a_predictor()))

    first = decide(pipeline, world, NOW)
    late = decide(after(pipeline, first), world, NOW + 10 * MINUTE)

    assert condition(first, "RecorderAvailable")[:2] == ("False", "Starting")
    assert condition(first, "Ready")[:2] == ("True", "Ready")
    assert condition(late, "Ready")[:2] == ("False", "Starting")


def test_a_pod_that_is_too_few_keeps_the_edit_under_way() -> None:
    pipeline = edited(settled(), predictor={"image": "other:1", "replicas": 2})
    one = replace(done(pipeline), deployment=a_deployment(pipeline))

    decided = decide(pipeline, one)

    assert kubectl_waits(decided, 2)
    assert condition(decided, "Reconciling")[2] == "2 of 3 pods run what was edited"


def test_a_pipeline_that_was_just_created_is_observed_by_its_first_pass() -> None:
    created = a_pipeline(Status(observed_generation=-1))

    decided = decide(created, a_world(created))

    assert decided.status.observed_generation == 1
    assert "Reconciling" not in types(decided)


@pytest.mark.parametrize("kind", ["ControllerRevision", "ConfigMap", "StatefulSet", "Deployment"])
def test_an_edit_whose_children_are_refused_stalls_with_what_the_api_server_says(
    kind: str,
) -> None:
    pipeline = edited(settled(), **EDITED)
    refused = replace(a_world(pipeline), refused={kind: "the API server refuses it: a quota"})
    waits = passed(pipeline, refused)

    stalled = decide(waits, refused, NOW + 10 * MINUTE)

    told = "1 of 2 pods run what was edited: the API server refuses it: a quota"
    assert condition(stalled, "Stalled") == ("True", "ChildRefused", told)
