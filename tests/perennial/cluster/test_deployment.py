from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from perennial.cluster.deployment import deployment_step
from perennial.cluster.pods import condition, hash_of, is_available
from tests.support.perennial.clusters import Controlled, a_template, an_owner, uids

Json = dict[str, Any]
ROLLING = {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}


def wanted(
    version: str = "v1", replicas: int = 1, strategy: Json = ROLLING, ready: int = 1
) -> Json:
    return an_owner(
        "Deployment",
        replicas=replicas,
        minReadySeconds=ready,
        strategy=strategy,
        template=a_template(version),
    )


def controlled(owner: Json) -> Controlled:
    return Controlled(owner, partial(deployment_step, suffix=uids()))


def versions(run: Controlled) -> list[str]:
    return sorted(pod["metadata"]["annotations"]["version"] for pod in run.pods)


def settled(run: Controlled) -> Controlled:
    run.work()
    for pod in run.pods:
        run.turn(pod, ready=True)
    run.wait(1)
    run.work()
    return run


def test_pods_carry_the_hash_of_their_template() -> None:
    run = controlled(wanted(replicas=2))

    run.work()

    hashed = hash_of(a_template("v1"))
    assert run.names == [f"it-{hashed}-uid-1", f"it-{hashed}-uid-2"]
    assert run.pods[0]["metadata"]["labels"] == {"app": "it", "pod-template-hash": hashed}
    assert run.pods[0]["spec"] == {**a_template()["spec"], "nodeName": "laptop"}


def test_an_old_pod_ends_only_when_a_new_one_has_been_ready_for_long_enough() -> None:
    run = settled(controlled(wanted("v1", ready=3)))
    run.apply(wanted("v2", ready=3))

    run.work()
    assert versions(run) == ["v1", "v2"]
    new = next(pod for pod in run.pods if pod["metadata"]["annotations"]["version"] == "v2")
    run.work()
    assert versions(run) == ["v1", "v2"]
    run.wait(10)
    run.turn(new, ready=True)
    run.wait(2)
    run.work()
    assert versions(run) == ["v1", "v2"]
    run.wait(1)
    run.work()
    assert versions(run) == ["v2"]


def test_a_new_pod_that_never_turns_ready_leaves_the_old_one_and_goes_when_it_is_taken_back() -> (
    None
):
    run = settled(controlled(wanted("v1")))
    run.apply(wanted("v2"))
    for _ in range(5):
        run.wait(60)
        run.work()
    assert versions(run) == ["v1", "v2"]

    run.apply(wanted("v1"))
    run.work()

    assert versions(run) == ["v1"]


def test_the_status_counts_pods_as_kubernetes_does() -> None:
    run = settled(controlled(wanted(replicas=2)))

    status = run.work().status

    counts = {name: value for name, value in status.items() if name != "conditions"}
    assert counts == {
        "observedGeneration": 1,
        "replicas": 2,
        "updatedReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "unavailableReplicas": 0,
    }
    assert condition(status, "Available")["status"] == "True"
    assert condition(status, "Progressing")["reason"] == "NewReplicaSetAvailable"


def test_a_rollout_without_progress_for_ten_minutes_says_so() -> None:
    run = controlled(wanted())
    run.work()
    run.wait(1)
    run.work()

    run.wait(600)
    assert condition(run.work().status, "Progressing")["status"] == "True"
    run.wait(1)
    assert condition(run.work().status, "Progressing")["reason"] == "ProgressDeadlineExceeded"


def test_a_deployment_that_is_scaled_down_keeps_the_pods_that_work() -> None:
    run = controlled(wanted(replicas=3))
    run.work()
    run.turn(run.pods[1], ready=True)
    name = run.names[1]
    run.wait(1)

    run.apply(wanted(replicas=1))
    run.work()

    assert run.names == [name]


STEPS = st.lists(
    st.tuples(st.sampled_from(["edit", "ready", "unready", "wait", "work"]), st.integers(0, 5)),
    max_size=40,
)


@given(replicas=st.integers(1, 4), surge=st.integers(0, 2), down=st.integers(0, 2), steps=STEPS)
def test_no_step_of_a_rollout_takes_more_pods_away_than_may_be_unavailable(
    replicas: int, surge: int, down: int, steps: list[tuple[str, int]]
) -> None:
    strategy = {"rollingUpdate": {"maxUnavailable": down, "maxSurge": surge}}
    run = controlled(wanted(replicas=replicas, strategy=strategy))
    most = max(down, int(surge == 0))
    for what, number in steps:
        pods = run.pods
        match what:
            case "edit":
                run.apply(wanted(f"v{number}", replicas, strategy))
            case "ready" | "unready" if pods:
                run.turn(pods[number % len(pods)], ready=what == "ready")
            case "wait":
                run.wait(number)
            case _:
                before = sum(is_available(pod, 1, run.now) for pod in pods)
                run.work()
                after = sum(is_available(pod, 1, run.now) for pod in run.pods)
                assert after >= min(before, replicas - most)
                assert len(run.pods) <= replicas + surge


@given(replicas=st.integers(1, 4), surge=st.integers(0, 2), down=st.integers(0, 2))
def test_every_rollout_ends_where_new_pods_turn_ready(replicas: int, surge: int, down: int) -> None:
    strategy = {"rollingUpdate": {"maxUnavailable": down, "maxSurge": surge}}
    run = settled(controlled(wanted("v1", replicas, strategy)))
    run.apply(wanted("v2", replicas, strategy))

    for _ in range(4 * replicas):
        run.work()
        for pod in run.pods:
            run.turn(pod, ready=True)
        run.wait(1)

    assert versions(run) == ["v2"] * replicas
