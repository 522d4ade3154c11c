from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.reasons import ProgramReason
from perennial_contract.status import Report, VerdictOutcome
from perennial_operator.api.reasons import Reason
from perennial_operator.api.status import Status
from perennial_operator.plan import refuse
from tests.support.operator.builders import (
    NOW,
    V1,
    V2,
    a_job,
    a_pipeline,
    a_predictor,
    a_recorder,
    a_trainer,
    a_verdict,
    a_world,
    after,
    an_attempt,
    condition,
    decide,
    missing,
    names,
    patch_of,
    reasons_of,
    recorded,
    serving,
    with_verdict,
)

ALL = [
    "Ready",
    "Accepted",
    "ModelAvailable",
    "PredictorAvailable",
    "RecorderAvailable",
    "LabelsComplete",
    "Training",
]


def test_the_first_visit_sets_all_conditions_records_the_intent_and_starts_the_recorder() -> None:
    pipeline = a_pipeline()

    decided = decide(pipeline, a_world(pipeline, statefulset=None, pods=(), reports=()))

    assert [c.type for c in decided.status.conditions] == ALL
    assert {c.observed_generation for c in decided.status.conditions} == {1}
    assert decided.status.attempt == an_attempt(pipeline, started_at=NOW)
    assert names(decided.apply) == ["income-recorder"]
    assert decided.create == ()
    assert reasons_of(decided) == ["AttemptStarted"]
    assert decided.again_in == timedelta(0)


def test_the_job_is_made_only_after_the_status_holds_the_intent() -> None:
    pipeline = a_pipeline()
    intent = decide(pipeline, a_world(pipeline))

    decided = decide(after(pipeline, intent), a_world(pipeline))

    assert names(intent.create) == []
    assert names(decided.create) == ["income-train-1"]


def test_a_pipeline_whose_parts_all_work_is_ready() -> None:
    pipeline = a_pipeline(serving())

    decided = decide(pipeline, a_world(pipeline))

    assert condition(decided, "Ready") == ("True", "Ready", f"{V1} serves")
    assert names(decided.apply) == ["income-recorder", "income-predictor"]
    assert decided.status.replicas == 1
    assert decided.status.selector == (
        "perennial.dev/pipeline=income,perennial.dev/component=predictor"
    )


def test_a_second_pass_over_the_same_world_changes_nothing() -> None:
    pipeline = a_pipeline(serving())
    first = decide(pipeline, a_world(pipeline))

    settled = after(pipeline, first)
    second = decide(settled, a_world(settled), NOW + timedelta(minutes=10))

    assert patch_of(settled, second) == {}
    assert (second.create, second.delete, second.events) == ((), (), ())
    assert second.apply == first.apply


REPORTS = st.sampled_from(["topic", "silent", "loading", "fine"])
JOBS = st.sampled_from(["none", "runs", "lost", "promoted", "refused", "later", "pending"])


@given(job=JOBS, recorder=REPORTS, begun=st.booleans(), deployed=st.booleans(), new=st.booleans())
def test_whatever_is_seen_a_pass_over_what_it_led_to_settles(
    *, job: str, recorder: str, begun: bool, deployed: bool, new: bool
) -> None:
    written = {"topic": {"0": 2000 if new else 20}}
    pipeline = a_pipeline(serving(written=written) if deployed else None)
    number = 2 if deployed else 1
    attempt = an_attempt(pipeline, number, champion=pipeline.status.head)
    if begun:
        status = pipeline.status.model_copy(update={"attempt": attempt})
        pipeline = pipeline.model_copy(update={"status": status})
    verdict = a_verdict(number, champion=pipeline.status.head)
    ends = {
        "promoted": with_verdict(verdict),
        "refused": with_verdict(a_verdict(number, VerdictOutcome.REFUSED), 42),
        "later": with_verdict(verdict.model_copy(update={"uid": "another"}), 75),
    }
    pod = a_recorder(ready=recorder == "fine")
    problem = (
        missing("TopicMissing", "topic labels does not exist") if recorder == "topic" else None
    )
    reports: tuple[Report, ...] = (recorded(pod, problem=problem),)
    trainers = {
        "none": (),
        "lost": (),
        "pending": (a_trainer(started=False, running=False),),
    }
    world = a_world(
        pipeline,
        reports=() if recorder == "silent" else reports,
        job=None if job == "none" or not begun else a_job(pipeline, attempt),
        more=trainers.get(job, (a_trainer(ended=ends.get(job)),)),
    )
    if job == "lost" and world.job:
        world.job["status"] = {"conditions": [{"type": "Failed", "status": "True"}]}

    passes = 0
    while passes < 5:
        decided = decide(pipeline, world)
        assert all(not decided.create or pipeline.status.running() for _ in decided.create)
        assert {c.reason for c in decided.status.conditions} <= {*Reason, *ProgramReason}
        assert {event.reason for event in decided.events} <= {*Reason, *ProgramReason}
        if patch_of(pipeline, decided) == {}:
            break
        running = pipeline.status.running()
        pipeline = after(pipeline, decided)
        if running and pipeline.status.running() != running:
            world = replace(world, job=world.job if pipeline.status.running() else None)
        passes += 1

    assert passes < 5


def test_a_spec_that_cannot_be_read_is_named_and_changes_nothing_else() -> None:
    status = serving()

    decided = refuse(status, 3, "spec.retrain.threshold: too low", NOW)

    assert condition(decided, "Accepted") == (
        "False",
        "SpecInvalid",
        "spec.retrain.threshold: too low",
    )
    assert condition(decided, "Ready")[:2] == ("False", "SpecInvalid")
    assert (decided.apply, decided.create, decided.delete) == ((), (), ())
    assert decided.status.model == status.model
    assert decided.status.head == V1


def test_an_event_tells_that_ready_has_turned() -> None:
    pipeline = a_pipeline(serving())
    ready = after(pipeline, decide(pipeline, a_world(pipeline)))
    missed = recorded(
        a_recorder(), ready=False, problem=missing("TopicMissing", "topic labels does not exist")
    )

    decided = decide(ready, a_world(ready, reports=(missed,)))
    again = decide(after(ready, decided), a_world(ready, reports=(missed,)))

    assert [(h.reason, h.note, h.warning) for h in decided.events] == [
        ("TopicMissing", "topic labels does not exist", True)
    ]
    assert again.events == ()


def test_a_status_survives_the_way_through_json() -> None:
    status = serving(bad_versions=[V2])

    assert Status.model_validate(status.to_json()) == status


def test_only_while_nobody_says_why_a_pod_waits_is_it_looked_at_again_soon() -> None:
    pipeline, why = a_pipeline(serving()), missing("ImagePullBackOff", "Back-off pulling image")
    waits = a_recorder(ready=False, started=False)
    unknown = a_world(pipeline, pods=(waits,))
    known = a_world(pipeline, pods=(replace(waits, problem=why),))
    podless = a_world(pipeline, pods=())

    assert decide(pipeline, unknown).again_in == timedelta(seconds=5)
    assert decide(pipeline, known).again_in == timedelta(seconds=60)
    assert decide(pipeline, podless).again_in == timedelta(seconds=5)
    told = replace(podless, podless={"StatefulSet": why})
    assert decide(pipeline, told).again_in == timedelta(seconds=60)


def test_of_many_pods_that_wait_one_that_says_why_is_enough() -> None:
    pipeline, why = a_pipeline(serving()), missing("SecretMissing", "Secret x does not exist")
    first = a_predictor(ready=False, started=False, problem=why)
    second = a_predictor(name="income-predictor-b", ready=False, started=False)

    told = decide(pipeline, a_world(pipeline, pods=(a_recorder(), first, second)))
    another = a_recorder(ready=False, started=False)
    untold = decide(pipeline, a_world(pipeline, pods=(another, first, second)))

    assert (told.again_in, untold.again_in) == (timedelta(seconds=60), timedelta(seconds=5))


def test_a_trainer_of_which_it_is_known_why_it_waits_is_not_looked_at_every_five_seconds() -> None:
    attempt = an_attempt(a_pipeline(), 2, champion=V1)
    pipeline = a_pipeline(serving(attempt=attempt))
    waits = a_trainer(started=False, running=False, problem=missing("Unschedulable", "no node"))

    world = a_world(pipeline, job=a_job(pipeline, attempt), more=(waits,))

    assert decide(pipeline, world).again_in == timedelta(seconds=60)
    silent = a_world(pipeline, job=a_job(pipeline, attempt), more=(replace(waits, problem=None),))
    assert decide(pipeline, silent).again_in == timedelta(seconds=5)
