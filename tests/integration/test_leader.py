"""Operators that end, stand by and take over, against a real API server."""

import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.operator.builders import V1
from tests.support.operator.control_plane import (
    ACCOUNT,
    a_pipeline,
    apply,
    eventually,
    ready,
    start_api_server,
)
from tests.support.operator.process import Operator, World

pytestmark = pytest.mark.integration

Json = dict[str, Any]


def test_an_operator_that_is_killed_in_the_middle_changes_nothing_in_the_end(
    operators: Callable[[], Operator], world: World
) -> None:
    first = operators()
    apply(world.plane, world.namespace, a_pipeline(labels=None))
    job = world.made_job()

    first.stop(signal.SIGKILL)
    world.end_trainer(job, world.verdict())
    operators()

    eventually("promoted", lambda: world.status().get("head") == V1, 60)
    assert world.status()["attempt"]["number"] == 1
    again = world.job()
    assert again
    assert again["metadata"]["uid"] == job["metadata"]["uid"]


def test_a_leader_that_ends_gives_the_lease_back_to_one_that_stands_by(
    operators: Callable[[], Operator], world: World
) -> None:
    def holder() -> str:
        found = world.plane.get("perennial-system", "lease", "perennial-operator")
        return str(found["spec"].get("holderIdentity", "")) if found else ""

    first = operators()
    eventually("the first leads", lambda: holder() == first.name, 60)
    second = operators()
    apply(world.plane, world.namespace, a_pipeline(labels=None))
    world.made_job()

    first.stop()
    eventually("the second leads", lambda: holder() == second.name, 10)
    world.plane.kubectl(
        "-n", world.namespace, "delete", "job", "income-train-1", "--cascade=background"
    )
    world.made_job()

    assert first.process.returncode == 0
    assert world.status()["attempt"]["number"] == 1


def may_lead(world: World, lease: str) -> None:
    """What the chart of another release would let its operator do with its Lease."""
    where = ("-n", "perennial-system")
    verbs = ("--verb=get,update", "--resource=leases", f"--resource-name={lease}")
    world.plane.kubectl(*where, "create", "role", lease, *verbs)
    world.plane.kubectl(
        *(*where, "create", "rolebinding", lease, f"--role={lease}", f"--user={ACCOUNT}")
    )


def test_two_operators_share_a_cluster_and_one_of_them_looks_after_a_pipeline(
    operators: Callable[..., Operator], world: World
) -> None:
    first = operators()
    apply(world.plane, world.namespace, a_pipeline(labels=None))
    world.made_job()
    may_lead(world, "neighbour")
    second = operators(lease="neighbour")

    told = "another operator looks after a ModelPipeline"
    eventually("the second leaves it alone", lambda: told in second.log())
    assert world.status()["operator"] == "perennial-system/perennial-operator"

    first.stop()
    world.plane.kubectl("-n", "perennial-system", "delete", "lease", "perennial-operator")
    world.plane.kubectl("-n", world.namespace, "annotate", "mp", "income", "wake=1")
    eventually(
        "the second takes over",
        lambda: world.status()["operator"] == "perennial-system/neighbour",
    )
    deleted_job_is_made_again(world)
    assert world.status()["attempt"]["number"] == 1


def deleted_job_is_made_again(world: World) -> None:
    uid = world.made_job()["metadata"]["uid"]
    deletion = ("delete", "job", "income-train-1", "--cascade=background", "--wait=false")
    world.plane.kubectl("-n", world.namespace, *deletion)
    world.made_job(but=uid)


def test_an_api_server_that_hangs_for_some_seconds_ends_nobody(
    operators: Callable[[], Operator], world: World
) -> None:
    operator = operators()
    apply(world.plane, world.namespace, a_pipeline(labels=None))
    world.made_job()
    server = world.plane.process("kube-apiserver")

    server.send_signal(signal.SIGSTOP)
    try:
        eventually("it is missed", lambda: "no answer about the lease" in operator.log())
    finally:
        server.send_signal(signal.SIGCONT)
    eventually("the API server is back", lambda: ready(world.plane))
    deleted_job_is_made_again(world)

    assert operator.process.poll() is None


def test_an_api_server_that_is_away_has_the_leader_begin_again_in_its_container(
    operators: Callable[..., Operator], world: World
) -> None:
    operator = operators()
    apply(world.plane, world.namespace, a_pipeline(labels=None))
    job = world.made_job()
    uid = job["metadata"]["uid"]
    for _ in range(2):  # no container ends, so no kubelet makes it wait
        world.plane.end("kube-apiserver")
        eventually("it waits", lambda: waits(operator), 60)
        start_api_server(world.plane)
        eventually("it is ready", operator.ready)
        deleted_job_is_made_again(world)

    assert world.status()["attempt"]["number"] == 1
    assert world.made_job(but=uid)
    assert operator.process.poll() is None


def waits(operator: Operator) -> bool:
    """Whether it has begun anew, and is not ready since there is no API server."""
    last = operator.log().rstrip().rpartition("\n")[2]
    return "no CustomResourceDefinition yet" in last and not operator.ready()
