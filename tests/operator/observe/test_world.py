from datetime import timedelta
from typing import Any

import pytest

from perennial_contract.status import Problem
from perennial_operator.observe.containers import Ended
from perennial_operator.observe.pods import Pod, read_pod, stuck, unexplained
from perennial_operator.observe.terminations import read_problem
from perennial_operator.observe.world import Observed
from tests.support.operator.builders import NOW

Json = dict[str, Any]


def a_raw_pod(component: str = "trainer", **status: Any) -> Json:
    return {
        "metadata": {
            "name": "income-train-1-x",
            "namespace": "team",
            "uid": "pod-1",
            "labels": {"perennial.dev/component": component},
            "annotations": {
                "perennial.dev/model": "v1-11111111",
                "perennial.dev/template": "0123456789abcdef",
            },
            "ownerReferences": [
                {"uid": "not-the-controller"},
                {"uid": "job-1", "controller": True},
            ],
        },
        "status": status,
    }


def container(state: Json, last: Json | None = None, name: str = "trainer") -> Json:
    return {"containerStatuses": [{"name": name, "state": state, "lastState": last or {}}]}


def test_a_pod_that_runs_is_read() -> None:
    ready = [{"type": "Ready", "status": "True"}]
    raw = a_raw_pod(
        "predictor",
        podIP="10.0.0.1",
        conditions=ready,
        phase="Running",
        **container({"running": {}}, name="predictor"),
    )

    assert read_pod(raw) == Pod(
        name="income-train-1-x",
        uid="pod-1",
        component="predictor",
        ip="10.0.0.1",
        ready=True,
        version="v1-11111111",
        template="0123456789abcdef",
        owner="job-1",
        started=True,
        running=True,
    )


@pytest.mark.parametrize(
    ("phase", "over"),
    [
        ("Pending", False),
        ("Running", False),
        ("Unknown", False),
        ("Failed", True),
        ("Succeeded", True),
    ],
)
def test_a_pod_that_has_ended_for_good_is_over_though_nobody_deletes_it(
    phase: str, *, over: bool
) -> None:
    pod = read_pod(a_raw_pod("predictor", phase=phase))

    assert pod.over is over
    assert Observed(pods=(pod,)).of("predictor") == (() if over else (pod,))


def test_how_the_trainer_ended_is_read() -> None:
    ended = {"exitCode": 42, "reason": "Error", "message": "why"}

    pod = read_pod(a_raw_pod(**container({"terminated": ended})))

    assert pod.ended == Ended(42, "Error", "why")


def test_how_a_container_ended_before_it_was_started_again_is_read() -> None:
    ended = {"exitCode": 139, "reason": "Error", "message": "Loading"}
    raw = a_raw_pod("predictor", **container({"running": {}}, {"terminated": ended}, "predictor"))

    assert read_pod(raw).last == Ended(139, "Error", "Loading")
    assert read_pod(raw).problem is None


SECRET = 'MountVolume.SetUp failed for volume "s3" : secret "s3-client" not found'


@pytest.mark.parametrize(
    ("status", "warnings", "problem"),
    [
        (
            {"phase": "Pending", **container({"waiting": {"reason": "ContainerCreating"}})},
            [("FailedMount", SECRET)],
            ("SecretMissing", "Secret s3-client does not exist"),
        ),
        (
            container(
                {
                    "waiting": {
                        "reason": "CreateContainerConfigError",
                        "message": 'secret "other" not found',
                    }
                }
            ),
            [],
            ("SecretMissing", "Secret other does not exist"),
        ),
        (
            container({"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}),
            [],
            ("ImagePullBackOff", "no such image"),
        ),
        (
            container(
                {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}},
                {
                    "terminated": {
                        "exitCode": 1,
                        "reason": "Error",
                        "message": "x" * 300 + "no broker\n",
                    }
                },
            ),
            [],
            (
                "CrashLoopBackOff",
                "the container ended with Error (1): " + "x" * 291 + "no broker",
            ),
        ),
        (
            {
                "conditions": [
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "0/1 nodes are available",
                    }
                ]
            },
            [],
            ("Unschedulable", "0/1 nodes are available"),
        ),
        (
            {"phase": "Failed", "reason": "Evicted", "message": "low on memory"},
            [],
            ("Evicted", "low on memory"),
        ),
    ],
)
def test_why_a_pod_does_not_run_is_said_by_name(
    status: Json, warnings: list[tuple[str, str]], problem: tuple[str, str]
) -> None:
    pod = read_pod(a_raw_pod(**status), warnings)

    assert pod.problem == Problem(reason=problem[0], message=problem[1])


def test_an_old_warning_about_a_pod_that_runs_is_no_problem() -> None:
    raw = a_raw_pod(phase="Running", **container({"running": {}}))

    assert read_pod(raw, [("FailedMount", SECRET)]).problem is None
    assert unexplained([raw]) == []


def test_a_pod_that_is_pulled_or_made_has_no_problem_yet() -> None:
    raw = a_raw_pod(phase="Pending", **container({"waiting": {"reason": "ContainerCreating"}}))

    assert read_pod(raw).problem is None
    assert unexplained([raw]) == [raw]


def test_events_are_asked_for_the_oldest_of_each_program_that_waits_for_no_reason_given() -> None:
    waiting = container({"waiting": {"reason": "ContainerCreating"}})
    made: list[Json] = []
    for number, component in enumerate(["predictor"] * 257 + ["recorder"]):
        pod = a_raw_pod(component, phase="Pending", **waiting)
        pod["metadata"]["creationTimestamp"] = f"2026-11-21T12:{59 - number // 60:02}:00Z"
        made.append(pod)
    unscheduled = {"type": "PodScheduled", "status": "False", "message": "no room"}
    made[256]["status"]["conditions"] = [unscheduled]

    assert unexplained(made) == [made[240], made[257]]


@pytest.mark.parametrize("text", ["", "Killed", "[]", "{}", '{"problem": 3}', "\ud800"])
def test_any_last_words_of_a_trainer_are_a_problem(text: str) -> None:
    problem = read_problem(Ended(137, "OOMKilled", text))

    assert problem.reason == "OOMKilled"
    assert problem.message.startswith("the trainer ended with exit code 137")


def test_a_pod_that_is_evicted_and_does_not_go_is_read() -> None:
    target = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager"}
    raw = a_raw_pod(conditions=[target])
    raw["metadata"]["deletionTimestamp"] = "2026-11-21T12:00:00Z"
    raw["spec"] = {"nodeName": "worker-3"}

    pod = read_pod(raw)

    assert (pod.leaving, pod.disrupted, pod.node) == (True, True, "worker-3")
    assert pod.deleted_at == NOW
    assert stuck(pod, NOW + timedelta(minutes=1)) is None
    assert stuck(pod, NOW + timedelta(minutes=2)) is not None


@pytest.mark.parametrize(
    "status",
    [
        {
            "phase": "Running",
            "conditions": [
                {"type": "ContainersReady", "status": "True"},
                {"type": "Ready", "status": "False"},
            ],
        },
        {"phase": "Unknown"},
    ],
    ids=["the node controller turned Ready alone", "phase Unknown"],
)
def test_a_pod_whose_node_does_not_answer_is_told_by_its_node(status: Json) -> None:
    raw = a_raw_pod("recorder", **status, **container({"running": {}}))
    raw["spec"] = {"nodeName": "worker-3"}

    told = "pod income-train-1-x is on node worker-3, which does not answer"
    assert read_pod(raw).problem == Problem(reason="NodeLost", message=told)


def test_a_readiness_gate_is_no_lost_node() -> None:
    conditions = [
        {"type": "ContainersReady", "status": "True"},
        {"type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady"},
    ]

    pod = read_pod(a_raw_pod("recorder", conditions=conditions, **container({"running": {}})))

    assert pod.problem is None
