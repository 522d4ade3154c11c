from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.cluster.kubelet import (
    Order,
    PodStep,
    back_off,
    interrupted,
    message_of,
    pod_step,
    started,
)
from perennial.ports import Sighting
from perennial_operator.observe.containers import Ended
from perennial_operator.observe.pods import read_pod
from tests.support.perennial.clusters import NOW, a_pod, ended

Json = dict[str, Any]
RUNS = Sighting()


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def step(
    pod: Json, seen: Sighting | None, now: datetime = NOW, *, ready: bool = True, alive: bool = True
) -> PodStep:
    return pod_step(pod, seen, now, ready=ready, alive=alive)


def followed(pod: Json, made: PodStep) -> Json:
    return {**pod, "status": made.status}


def crashed(pod: Json, now: datetime) -> Json:
    return followed(pod, step(pod, ended(1), now))


def leaving(pod: Json) -> Json:
    return {**pod, "metadata": {**pod["metadata"], "deletionTimestamp": "2026-11-21T12:00:30Z"}}


def as_read(pod: Json) -> tuple[bool, bool, str]:
    """Running, ready, and why not, as the operator reads it."""
    found = read_pod({**pod, "metadata": {**pod["metadata"], "labels": {COMPONENT: "it"}}})
    return found.running, found.ready, found.problem.reason if found.problem else ""


COMPONENT = "perennial.dev/component"


def test_a_new_pod_is_started() -> None:
    pod = a_pod(running=False)

    assert step(pod, None) == PodStep({"phase": "Pending"}, Order.START)
    assert as_read({**pod, "status": started(pod, NOW)}) == (True, False, "")


def test_a_pod_whose_start_was_not_written_down_is_not_started_twice() -> None:
    pod = a_pod(running=False)
    assert step(pod, RUNS) == PodStep(started(pod, NOW))


def test_a_pod_is_ready_as_its_probe_says() -> None:
    pod = a_pod()
    waits = followed(pod, step(pod, RUNS, ready=False))
    answers = followed(waits, step(waits, RUNS, after(3)))
    fails = followed(answers, step(answers, RUNS, after(5), ready=False))

    assert [as_read(each)[1] for each in (waits, answers, fails)] == [False, True, False]
    ready = [c for c in answers["status"]["conditions"] if c["type"] == "Ready"]
    assert ready == [
        {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-21T12:00:03Z"}
    ]


def test_the_first_crash_is_followed_by_a_start_at_once_and_the_next_by_a_wait() -> None:
    pod = crashed(a_pod(), after(1))
    assert step(pod, ended(1), after(1)).order is Order.START
    pod["status"] = started(pod, after(1))
    assert pod["status"]["containerStatuses"][0]["restartCount"] == 1

    pod = crashed(pod, after(2))

    assert as_read(pod) == (False, False, "CrashLoopBackOff")
    assert step(pod, ended(1), after(11.9)).order is None
    assert step(pod, ended(1), after(12)).order is Order.START


@given(st.lists(st.floats(0, 700), max_size=12))
def test_a_pod_in_back_off_is_never_started_early(runs: list[float]) -> None:
    pod, at, wait = a_pod(), 0.0, None
    for ran in runs:
        begun = datetime.fromisoformat(
            pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"]
        )
        at += ran
        pod = crashed(pod, after(at))
        wait = back_off(wait, after(at) - begun)
        early, due = after(at + wait - 0.01), after(at + wait)
        assert wait == 0 or step(pod, ended(1), early).order is None
        assert step(pod, ended(1), due).order is Order.START
        at += wait
        pod["status"] = started(pod, after(at))


def test_back_off_grows_to_five_minutes_and_a_long_good_run_forgets_it() -> None:
    waits: list[int] = []
    for _ in range(8):
        waits.append(back_off(waits[-1] if waits else None, timedelta(seconds=1)))

    assert waits == [0, 10, 20, 40, 80, 160, 300, 300]
    assert back_off(300, timedelta(minutes=10)) == 0


def test_how_a_container_ended_before_is_remembered_when_it_runs_again() -> None:
    pod = followed(a_pod(), step(a_pod(), ended(42, "SettingsRefused: no"), after(1)))
    pod["status"] = started(pod, after(1))

    found = read_pod({**pod, "metadata": {**pod["metadata"], "labels": {COMPONENT: "it"}}})

    assert found.last == Ended(42, "Error", "SettingsRefused: no")


@pytest.mark.parametrize(("code", "phase"), [(0, "Succeeded"), (42, "Failed")])
def test_a_pod_that_is_not_restarted_ends_with_its_container(code: int, phase: str) -> None:
    pod = a_pod(restartPolicy="Never")

    over = followed(pod, step(pod, ended(code, "said"), after(7)))

    assert over["status"]["phase"] == phase
    (container,) = over["status"]["containerStatuses"]
    assert container["state"]["terminated"] == {
        "exitCode": code,
        "reason": "Error" if code else "Completed",
        "message": "said",
        "startedAt": "2026-11-21T12:00:00Z",
        "finishedAt": "2026-11-21T12:00:07Z",
    }
    assert step(over, ended(code, "said"), after(9)) == PodStep(over["status"])


def test_a_pod_that_leaves_is_told_to_end_killed_after_its_grace_and_removed_when_it_has() -> None:
    pod = leaving(a_pod(terminationGracePeriodSeconds=10))

    assert step(pod, RUNS).order is Order.END
    assert step(pod, Sighting(told_at=NOW), after(9)).order is None
    assert step(pod, Sighting(told_at=NOW), after(10)).order is Order.KILL
    assert step(pod, ended(0)).order is Order.REMOVE
    assert step(leaving(a_pod(running=False)), None).order is Order.REMOVE


def test_a_container_that_is_no_longer_alive_is_ended_and_started_again() -> None:
    pod = a_pod()
    assert step(pod, RUNS, alive=False).order is Order.END
    assert step(pod, Sighting(told_at=NOW), after(30), alive=False).order is Order.KILL

    pod = followed(pod, step(pod, ended(137), after(30), alive=False))

    assert step(pod, ended(137), after(30)).order is Order.START


def test_what_ran_when_the_command_was_killed_starts_again_and_an_attempt_was_disrupted() -> None:
    lasting, attempt = a_pod(), a_pod(restartPolicy="Never")

    lasting["status"] = interrupted(lasting, after(9))
    attempt["status"] = interrupted(attempt, after(9))

    assert step(lasting, None, after(9)).order is Order.START
    assert step(attempt, None, after(9)) == PodStep(attempt["status"])
    meta = {**attempt["metadata"], "labels": {COMPONENT: "trainer"}}
    found = read_pod({**attempt, "metadata": meta})
    assert (found.over, found.disrupted) == (True, True)


def test_a_command_that_starts_again_waits_for_nothing_that_crashed_before() -> None:
    pod = crashed(a_pod(), after(1))
    pod["status"] = started(pod, after(1))
    pod = crashed(pod, after(2))
    assert step(pod, None, after(3)).order is None

    pod["status"] = interrupted(pod, after(3))

    assert step(pod, None, after(3)).order is Order.START
    pod["status"] = started(pod, after(3))
    pod = crashed(pod, after(4))
    assert step(pod, ended(1), after(4)).order is Order.START


@pytest.mark.parametrize(
    ("seen", "message"),
    [
        (ended(1, "why", "log"), "why"),
        (ended(1, " \n", "log"), "log"),
        (ended(0, "", "log"), ""),
        (ended(1, "x" * 5000), "x" * 4096),
        (ended(1, "", "x" * 3000), "x" * 2048),
        (Sighting(1, b"\xff"), "�"),
    ],
)
def test_a_termination_message_is_the_containers_own_or_the_end_of_its_log(
    seen: Sighting, message: str
) -> None:
    assert message_of(seen) == message
