"""Pods into which somebody else's webhook has put containers."""

from typing import Any

import pytest

from perennial_contract.status import Problem
from perennial_operator.observe.containers import Ended
from perennial_operator.observe.pods import Pod, read_pod

Json = dict[str, Any]
RUNS: Json = {"running": {"startedAt": "2026-11-21T12:00:00Z"}}
DIED: Json = {"terminated": {"exitCode": 3, "reason": "Error", "message": "no route\n"}}
DONE: Json = {"terminated": {"exitCode": 0, "reason": "Completed", "message": "{}"}}
SLEEPS: Json = {"waiting": {"reason": "PodInitializing"}}
BACK_OFF: Json = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
NO_IMAGE: Json = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
INJECTED = ("a-proxy", "zz-agent")  # the kubelet sorts by name: before ours, and after


def a_status(name: str, state: Json, last: Json | None = None, *, ready: bool = False) -> Json:
    return {
        "name": name,
        "ready": ready,
        "restartCount": 0,
        "state": state,
        "lastState": last or {},
    }


def a_pod(component: str, *containers: Json, init: tuple[Json, ...] = (), **status: Any) -> Pod:
    raw = {
        "metadata": {
            "name": "income-x",
            "uid": "pod-1",
            "labels": {"perennial.dev/component": component},
        },
        "status": {
            "phase": "Running",
            "containerStatuses": sorted(containers, key=lambda each: str(each["name"])),
            "initContainerStatuses": list(init),
            **status,
        },
    }
    return read_pod(raw)


@pytest.mark.parametrize("other", INJECTED)
@pytest.mark.parametrize("component", ["predictor", "recorder", "trainer"])
def test_our_container_is_read_wherever_its_name_stands(component: str, other: str) -> None:
    ours = a_status(component, RUNS, DIED, ready=True)

    assert a_pod(component, ours, a_status(other, RUNS, ready=True)) == a_pod(component, ours)


@pytest.mark.parametrize("other", INJECTED)
def test_how_an_injected_container_ended_is_not_how_ours_did(other: str) -> None:
    pod = a_pod("predictor", a_status("predictor", RUNS), a_status(other, RUNS, DIED))

    assert (pod.started, pod.running, pod.last, pod.problem) == (True, True, None, None)


@pytest.mark.parametrize("other", INJECTED)
@pytest.mark.parametrize("state", [RUNS, NO_IMAGE], ids=["runs on", "never started"])
def test_a_trainer_that_has_ended_is_over_though_an_injected_container_is_not(
    other: str, state: Json
) -> None:
    pod = a_pod("trainer", a_status("trainer", DONE), a_status(other, state))

    assert pod.ended == Ended(0, "Completed", "{}")
    assert (pod.over, pod.held_up, pod.stays) == (True, True, False)


@pytest.mark.parametrize("other", INJECTED)
def test_a_trainer_whose_pod_has_ended_is_held_up_by_nothing(other: str) -> None:
    pod = a_pod("trainer", a_status("trainer", DONE), a_status(other, DIED), phase="Failed")

    assert pod.ended == Ended(0, "Completed", "{}")
    assert (pod.over, pod.held_up) == (True, False)


def test_a_trainer_whose_native_sidecar_is_about_to_be_ended_is_not_held_up() -> None:
    pod = a_pod("trainer", a_status("trainer", DONE), init=(a_status("a-proxy", RUNS),))

    assert (pod.over, pod.held_up) == (True, False)


@pytest.mark.parametrize("component", ["predictor", "recorder", "trainer"])
@pytest.mark.parametrize(
    ("state", "last", "problem"),
    [
        (
            DIED,
            {},
            ("InitContainerFailed", "init container istio-init ended with Error (3): no route"),
        ),
        (
            BACK_OFF,
            DIED,
            ("CrashLoopBackOff", "init container istio-init ended with Error (3): no route"),
        ),
        (NO_IMAGE, {}, ("ImagePullBackOff", "init container istio-init: no such image")),
    ],
)
def test_an_init_container_that_fails_is_told_by_name(
    component: str, state: Json, last: Json, problem: tuple[str, str]
) -> None:
    init = (a_status("first", DONE), a_status("istio-init", state, last))

    pod = a_pod(component, a_status(component, SLEEPS), init=init, phase="Pending")

    assert pod.problem == Problem(reason=problem[0], message=problem[1])
    assert not pod.started


@pytest.mark.parametrize("state", [RUNS, DONE], ids=["native sidecar", "done"])
def test_an_init_container_that_does_its_work_is_no_problem(state: Json) -> None:
    init = (a_status("istio-init", state, DIED),)

    assert a_pod("trainer", a_status("trainer", SLEEPS), init=init, phase="Pending").problem is None
    assert a_pod("trainer", a_status("trainer", RUNS), init=init).problem is None


def test_a_native_sidecar_that_was_ended_with_the_pod_is_no_problem() -> None:
    pod = a_pod("trainer", a_status("trainer", DONE), init=(a_status("proxy", DIED),))

    assert pod.problem is None


@pytest.mark.parametrize("other", INJECTED)
@pytest.mark.parametrize(
    ("state", "reason", "message"),
    [
        (NO_IMAGE, "ImagePullBackOff", "container {}: no such image"),
        (BACK_OFF, "CrashLoopBackOff", "container {} ended with Error (3): no route"),
    ],
)
def test_an_injected_container_that_cannot_run_is_told_by_name_after_our_own_trouble(
    other: str, state: Json, reason: str, message: str
) -> None:
    theirs = a_status(other, state, DIED)

    well = a_pod("recorder", a_status("recorder", RUNS), theirs)
    unwell = a_pod("recorder", a_status("recorder", BACK_OFF, DONE), theirs)

    assert well.problem == Problem(reason=reason, message=message.format(other))
    assert unwell.problem == Problem(
        reason="CrashLoopBackOff", message="the container ended with Completed (0): {}"
    )


def test_a_native_sidecar_that_cannot_run_is_told_by_name() -> None:
    init = (a_status("proxy", BACK_OFF, DIED),)

    pod = a_pod("recorder", a_status("recorder", RUNS), init=init)

    assert pod.problem == Problem(
        reason="CrashLoopBackOff", message="init container proxy ended with Error (3): no route"
    )


def test_a_pod_of_which_only_injected_containers_are_told_has_not_started() -> None:
    pod = a_pod("trainer", a_status("a-proxy", RUNS))

    assert (pod.started, pod.running, pod.ended) == (False, False, None)


@pytest.mark.parametrize("other", INJECTED)
@pytest.mark.parametrize("component", ["predictor", "recorder"])
def test_an_injected_container_that_runs_and_does_not_turn_ready_is_told_by_name(
    component: str, other: str
) -> None:
    ours, early = (a_status(component, RUNS, ready=ready) for ready in (True, False))
    theirs = a_status(other, RUNS)

    assert a_pod(component, ours, theirs).problem == Problem(
        reason="Starting", message=f"container {other} is not ready"
    )
    assert a_pod(component, early, theirs).problem is None
    assert a_pod(component, ours, a_status(other, RUNS, ready=True)).problem is None


def test_a_native_sidecar_that_does_not_turn_ready_is_told_by_name() -> None:
    pod = a_pod("recorder", a_status("recorder", RUNS, ready=True), init=(a_status("p", RUNS),))

    assert pod.problem == Problem(reason="Starting", message="init container p is not ready")


def test_an_init_container_that_is_done_need_not_be_ready() -> None:
    pod = a_pod("recorder", a_status("recorder", RUNS, ready=True), init=(a_status("i", DONE),))

    assert pod.problem is None


def test_nobody_asks_whether_what_stands_beside_a_trainer_is_ready() -> None:
    ours = a_status("trainer", RUNS, ready=True)

    assert a_pod("trainer", ours, a_status("a-proxy", RUNS)).problem is None
