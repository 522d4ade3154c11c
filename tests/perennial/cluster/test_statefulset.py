from typing import Any

from perennial.cluster.objects import key_of
from perennial.cluster.statefulset import statefulset_step
from tests.support.perennial.clusters import Controlled, a_template, an_owner

Json = dict[str, Any]


def wanted(version: str = "v1", replicas: int = 1, **spec: Any) -> Json:
    return an_owner("StatefulSet", replicas=replicas, template=a_template(version), **spec)


def controlled(owner: Json) -> Controlled:
    return Controlled(owner, statefulset_step)


def test_pods_are_named_by_number() -> None:
    run = controlled(wanted(replicas=2, podManagementPolicy="Parallel"))
    run.work()
    assert run.names == ["it-0", "it-1"]


def test_pods_come_one_after_the_other_where_their_order_counts() -> None:
    run = controlled(wanted(replicas=2))
    run.work()
    run.work()
    assert run.names == ["it-0"]

    run.turn(run.pods[0], ready=True)
    run.work()

    assert run.names == ["it-0", "it-1"]


def test_a_new_template_has_the_pod_made_again_once_the_old_one_is_gone() -> None:
    run = controlled(wanted("v1"))
    run.work()
    (old,) = run.pods
    run.apply(wanted("v2"))
    run.objects.delete(old, run.now)

    leaving = run.work()
    assert (leaving.create, leaving.delete) == ((), ())
    run.objects.remove(old)
    run.work()

    assert [pod["metadata"]["annotations"]["version"] for pod in run.pods] == ["v2"]


def test_a_broken_pod_does_not_wait_for_readiness_before_it_takes_a_mended_template() -> None:
    run = controlled(wanted("broken", podManagementPolicy="Parallel"))
    run.work()
    run.apply(wanted("mended", podManagementPolicy="Parallel"))

    run.work()
    run.work()

    assert [pod["metadata"]["annotations"]["version"] for pod in run.pods] == ["mended"]


def test_of_two_pods_the_last_takes_a_new_template_first_and_the_other_when_it_is_ready() -> None:
    run = controlled(wanted("v1", 2, podManagementPolicy="Parallel"))
    run.work()
    for pod in run.pods:
        run.turn(pod, ready=True)
    run.apply(wanted("v2", 2, podManagementPolicy="Parallel"))
    for _ in range(3):
        run.work()
    assert [pod["metadata"]["annotations"]["version"] for pod in run.pods] == ["v1", "v2"]

    run.turn(run.pods[1], ready=True)
    for _ in range(2):
        run.work()

    assert [pod["metadata"]["annotations"]["version"] for pod in run.pods] == ["v2", "v2"]


def test_the_status_counts_the_pods() -> None:
    run = controlled(wanted())
    run.work()
    run.turn(run.pods[0], ready=True)
    run.work()

    found = run.objects.get(key_of(run.owner))

    assert found
    revision = found["status"].pop("updateRevision")
    assert revision.startswith("it-")
    assert found["status"] == {
        "observedGeneration": 1,
        "replicas": 1,
        "readyReplicas": 1,
        "availableReplicas": 1,
        "updatedReplicas": 1,
    }
