from datetime import timedelta
from typing import Any

import pytest

from perennial_contract.status import FoundLabel, Problem
from perennial_operator.api.attempts import AttemptOutcome
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.status import HandledTriggers, Status
from perennial_operator.observe.world import Observed
from perennial_operator.plan import plan
from tests.support.operator.builders import (
    IMAGES,
    NOW,
    V1,
    V2,
    a_deployment,
    a_job,
    a_pipeline,
    a_predictor,
    a_recorder,
    a_trainer,
    a_world,
    after,
    an_attempt,
    an_entry,
    condition,
    decide,
    missing,
    recorded,
    serving,
    verified,
)

TOPIC = missing("TopicMissing", "topic labels does not exist")
SECRET = missing("SecretMissing", "Secret s3-client does not exist")


def with_recorder(pipeline: Pipeline, *, problem: Problem | None = None, **pod: Any) -> Observed:
    recorder = a_recorder(**pod)
    said = recorded(recorder, ready=recorder.ready, problem=problem)
    predictor = a_predictor()
    return a_world(pipeline, pods=(recorder, predictor), reports=(said, verified(predictor)))


def test_what_a_pod_says_is_missing_is_the_reason_of_ready() -> None:
    pipeline = a_pipeline(serving())

    decided = decide(pipeline, with_recorder(pipeline, problem=TOPIC, ready=False))

    assert condition(decided, "RecorderAvailable") == ("False", TOPIC.reason, TOPIC.message)
    assert condition(decided, "Ready") == ("False", TOPIC.reason, TOPIC.message)


def test_what_kubernetes_says_is_missing_is_named_before_any_pod_runs() -> None:
    pipeline = a_pipeline(serving())
    pod = a_recorder(ready=False, started=False, running=False, problem=SECRET)

    decided = decide(pipeline, a_world(pipeline, pods=(pod, a_predictor())))

    assert condition(decided, "Ready") == ("False", SECRET.reason, SECRET.message)


def test_a_pods_own_word_comes_before_kubernetes() -> None:
    pipeline = a_pipeline(serving())
    restarts = missing("CrashLoopBackOff", "the container ended")

    world = with_recorder(pipeline, problem=TOPIC, ready=False)
    pods = tuple(
        a_recorder(problem=restarts) if p.component == "recorder" else p for p in world.pods
    )
    decided = decide(pipeline, a_world(pipeline, pods=pods, reports=tuple(world.reports.values())))

    assert condition(decided, "RecorderAvailable")[1] == "TopicMissing"


def test_the_reason_of_ready_is_rather_a_trouble_than_what_is_under_way() -> None:
    pipeline = a_pipeline()

    decided = decide(pipeline, with_recorder(pipeline, problem=TOPIC, ready=False))

    assert condition(decided, "ModelAvailable")[1] == "AttemptRunning"
    assert condition(decided, "Ready")[1] == "TopicMissing"


def test_a_trainer_that_cannot_start_is_why_there_is_no_model() -> None:
    pipeline = a_pipeline()
    attempt = an_attempt(pipeline, job_uid="job-1")
    status = pipeline.status.model_copy(update={"attempt": attempt})
    pipeline = pipeline.model_copy(update={"status": status})
    pod = a_trainer(started=False, running=False, problem=SECRET)

    decided = decide(pipeline, a_world(pipeline, job=a_job(pipeline, attempt), more=(pod,)))

    assert condition(decided, "ModelAvailable") == ("False", SECRET.reason, SECRET.message)
    assert condition(decided, "Training") == (
        "False",
        SECRET.reason,
        f"attempt 1: {SECRET.message}",
    )


def test_a_pod_that_does_not_answer_makes_the_condition_unknown_and_triggers_nothing() -> None:
    pipeline = a_pipeline(serving(written={"topic": {"0": 20}}))
    world = a_world(pipeline, silent=frozenset({"income-recorder-0", "income-predictor-a"}))
    world = Observed(
        deployment=world.deployment,
        statefulset=world.statefulset,
        pods=world.pods,
        silent=world.silent,
    )

    decided = decide(pipeline, world)

    assert condition(decided, "RecorderAvailable")[:2] == ("Unknown", "NoAnswer")
    assert condition(decided, "PredictorAvailable")[:2] == ("Unknown", "NoAnswer")
    assert condition(decided, "Ready")[:2] == ("Unknown", "NoAnswer")
    assert decided.status.written == {"topic": {"0": 20}}
    assert decided.status.running() is None


def test_labels_complete_stays_what_it_was_while_the_recorder_is_silent() -> None:
    pipeline = a_pipeline(serving())
    lost = recorded(a_recorder(), labels_complete=False)
    told = after(pipeline, decide(pipeline, a_world(pipeline, reports=(lost,))))
    silent = a_world(told)

    decided = plan(
        told,
        Observed(deployment=silent.deployment, statefulset=silent.statefulset, pods=silent.pods),
        IMAGES,
        NOW,
    )

    assert condition(decided, "LabelsComplete")[:2] == ("False", "LabelsLost")
    assert condition(decided, "Ready")[0] == "True"


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({}, ("True", "Complete", "no label was lost")),
        ({"rejected_label": 5, "observations": 5}, ("True", "Complete", "no label was lost")),
        (
            {"rejected_label": 9, "orphan_label": 1, "observations": 5},
            (
                "False",
                "LabelsUnusable",
                "most labels are neither class: look at schema.label and labels.value",
            ),
        ),
        (
            {"orphan_label": 1},
            (
                "False",
                "LabelsUnusable",
                "most labels match no event: look at labels.id, events.id and labels.maxDelay",
            ),
        ),
    ],
)
def test_labels_that_mostly_cannot_be_used_are_said_with_the_fields_to_look_at(
    counts: dict[str, int], expected: tuple[str, str, str]
) -> None:
    pipeline = a_pipeline(serving())
    world = a_world(pipeline, reports=(recorded(a_recorder(), counts=counts),))

    decided = decide(pipeline, world)

    assert condition(decided, "LabelsComplete") == expected
    assert condition(decided, "Ready")[0] == "True"


@pytest.mark.parametrize("refused", [False, True])
@pytest.mark.parametrize(("left_out", "told"), [(None, "True"), (500, "True"), (501, "False")])
def test_labels_that_mostly_are_not_of_the_dataset_are_said_once_an_attempt_has_read_them(
    left_out: int | None, told: str, *, refused: bool
) -> None:
    later = [an_entry(2, outcome=AttemptOutcome.REFUSED)] if refused else []
    pipeline = a_pipeline(
        serving(
            history=[an_entry(left_out=left_out), *later],
            handled=HandledTriggers(watermark={"topic": {"0": 1000}}),
            label=FoundLabel(positive=">50K", negative="<=50K"),
        ),
        schema={},
    )

    status, reason, message = condition(decide(pipeline, a_world(pipeline)), "LabelsComplete")

    assert status == told
    if told == "False":
        assert reason == "LabelsUnusable"
        assert message == (
            "most labels are neither class: look at schema.label and labels.value;"
            " status.label names the two"
        )


@pytest.mark.parametrize(
    ("available", "status", "reason"),
    [(0, "False", "Starting"), (1, "True", "Scaling"), (2, "True", "Available")],
)
def test_the_predictor_is_available_while_pods_answer_and_all_that_is_wanted_is_more_of_them(
    available: int, status: str, reason: str
) -> None:
    pipeline = a_pipeline(serving(), predictor={"replicas": 2})
    deployment = a_deployment(pipeline, available=available)
    deployment["status"] |= {"replicas": 2, "updatedReplicas": 2}

    decided = decide(pipeline, a_world(pipeline, deployment=deployment))

    message = f"{available} of 2 pods answer"
    assert condition(decided, "PredictorAvailable") == (status, reason, message)


@pytest.mark.parametrize("reason", ["ModelLoading", "GroupNotJoined"])
def test_what_a_new_pod_says_in_its_first_seconds_is_no_trouble_of_a_scale_up(reason: str) -> None:
    pipeline = a_pipeline(serving(), predictor={"replicas": 2})
    new = a_predictor(name="income-predictor-b", ready=False)
    coming = missing(reason, "it comes up")
    said = verified(new).model_copy(update={"ready": False, "problem": coming})
    pods = (a_recorder(), a_predictor(), new)
    reports = (recorded(a_recorder()), verified(a_predictor()), said)

    decided = decide(pipeline, a_world(pipeline, pods=pods, reports=reports))

    message = "1 of 2 pods answer: it comes up"
    assert condition(decided, "PredictorAvailable") == ("True", "Scaling", message)
    assert condition(decided, "Ready")[0] == "True"


@pytest.mark.parametrize(
    ("status", "second", "silent"),
    [
        (serving(), {"problem": missing("Unschedulable", "0/1 nodes are available")}, False),
        (serving(), {}, True),
        (serving(), {"template": "another"}, False),
        (serving(head=V2, history=[an_entry(1), an_entry(2)]), {"version": V2}, False),
    ],
    ids=["a pod that cannot start", "a silent pod", "another template", "another version"],
)
def test_too_few_pods_are_a_trouble_when_anything_else_may_be_the_reason(
    status: Status, second: dict[str, Any], *, silent: bool
) -> None:
    pipeline = a_pipeline(status, predictor={"replicas": 2})
    deployment = a_deployment(pipeline, status.head, available=1)
    new = a_predictor(name="income-predictor-b", **{"ready": False, **second})
    pods = (a_recorder(), a_predictor(), new)
    unheard = frozenset({new.name} if silent else ())

    world = a_world(pipeline, deployment=deployment, pods=pods, silent=unheard)

    assert condition(decide(pipeline, world), "PredictorAvailable")[0] == "False"


def test_pods_that_kubernetes_refuses_are_explained_by_the_deployment() -> None:
    pipeline = a_pipeline(serving())
    deployment = a_deployment(pipeline, available=0)
    refused = {
        "type": "ReplicaFailure",
        "status": "True",
        "reason": "FailedCreate",
        "message": "violates PodSecurity",
    }
    deployment["status"]["conditions"] = [refused]

    decided = decide(pipeline, a_world(pipeline, deployment=deployment, pods=(a_recorder(),)))

    assert condition(decided, "PredictorAvailable") == (
        "False",
        "FailedCreate",
        "0 of 1 pods answer: violates PodSecurity",
    )


def test_a_conditions_time_moves_with_its_status_only() -> None:
    pipeline = a_pipeline(serving())
    first = after(pipeline, decide(pipeline, a_world(pipeline)))
    moved = with_recorder(first, problem=TOPIC, ready=False)

    turned = plan(first, moved, IMAGES, NOW.replace(hour=13))

    times = {c.type: c.last_transition_time.hour for c in turned.status.conditions}
    assert times["Ready"] == times["RecorderAvailable"] == 13
    assert times["ModelAvailable"] == times["PredictorAvailable"] == 12


def test_an_edit_is_seen_in_every_condition() -> None:
    pipeline = a_pipeline(serving(), 7)

    decided = decide(pipeline, a_world(pipeline))

    assert decided.status.observed_generation == 7
    assert {c.observed_generation for c in decided.status.conditions} == {7}
    assert condition(decided, "ModelAvailable")[2] == f"{V1} serves"


def test_an_old_definition_is_told_and_stops_nothing() -> None:
    pipeline = a_pipeline(serving())
    plain = decide(pipeline, a_world(pipeline))
    lacks = ("spec.window", "spec.alerts", "status.forecast", "spec.task: Regression")

    decided = decide(pipeline, a_world(pipeline, definition_lacks=lacks))

    why = (
        "the CustomResourceDefinition is older than the operator: it lacks spec.window,"
        " spec.alerts, status.forecast and 1 more; apply the one of the operator's version"
    )
    assert condition(decided, "DefinitionOutdated") == ("True", "DefinitionOutdated", why)
    assert condition(decided, "Ready") == condition(plain, "Ready")
    assert decided.apply == plain.apply
    assert "DefinitionOutdated" not in {c.type for c in plain.status.conditions}


def test_a_recorder_on_a_node_that_is_gone_is_told_as_such() -> None:
    pipeline = a_pipeline(serving())
    leaving = a_recorder(leaving=True, ready=False, deleted_at=NOW, node="worker-3")
    world = a_world(pipeline, pods=(leaving, a_predictor()))

    early = decide(pipeline, world, NOW + timedelta(seconds=60))
    late = decide(pipeline, world, NOW + timedelta(seconds=61))

    assert condition(early, "RecorderAvailable")[1] == "Starting"
    told = (
        "pod income-recorder-0 was to be gone by 2026-11-21 12:00:00 UTC and is not:"
        " its node worker-3 does not answer, or something holds it"
    )
    assert condition(late, "RecorderAvailable") == ("False", "NodeLost", told)
    assert condition(late, "Ready") == ("False", "NodeLost", told)
