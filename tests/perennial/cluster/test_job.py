from functools import partial
from typing import Any

from perennial.cluster.job import job_step
from perennial.cluster.objects import key_of
from perennial.cluster.pods import condition
from perennial_operator.manifests.job import DISRUPTION
from tests.support.perennial.clusters import Controlled, an_owner, uids

Json = dict[str, Any]
DISRUPTED = {"type": "DisruptionTarget", "status": "True"}


def controlled(**spec: Any) -> Controlled:
    given: Json = {
        "backoffLimit": 0,
        "activeDeadlineSeconds": 700,
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {"rules": [DISRUPTION]},
        "ttlSecondsAfterFinished": 3600,
    }
    run = Controlled(an_owner("Job", **{**given, **spec}), partial(job_step, suffix=uids()))
    run.work()
    return run


def said(run: Controlled) -> list[tuple[str, str]]:
    """The conditions after one more step, and their reasons."""
    run.work()
    found = run.objects.get(key_of(run.owner))
    assert found
    conditions = found["status"].get("conditions", [])
    return [(each["type"], each.get("reason", "")) for each in conditions]


def test_a_job_has_one_pod_until_it_ends() -> None:
    run = controlled()

    assert said(run) == []

    assert run.names == ["it-uid-1"]


def test_a_pod_that_succeeds_completes_its_job() -> None:
    run = controlled()
    run.over(run.pods[0], "Succeeded")

    assert said(run) == [("Complete", "")]
    assert len(run.pods) == 1


def test_a_pod_that_fails_fails_a_job_with_no_pod_to_spare() -> None:
    run = controlled()
    run.over(run.pods[0], "Failed")

    assert said(run) == [("Failed", "BackoffLimitExceeded")]
    assert len(run.pods) == 1


def test_a_pod_that_is_gone_unseen_has_failed() -> None:
    run = controlled()
    run.work()
    run.objects.remove(run.pods[0])

    assert said(run) == [("Failed", "BackoffLimitExceeded")]


def test_a_job_with_pods_to_spare_makes_another_only_when_the_first_has_ended() -> None:
    run = controlled(backoffLimit=1)
    run.work()
    run.objects.delete(run.pods[0], run.now)
    assert said(run) == []
    assert len(run.pods) == 1

    run.objects.remove(run.pods[0])

    assert said(run) == []
    assert run.names == ["it-uid-2"]


def test_a_pod_that_was_shut_down_with_its_node_fails_the_job_by_its_policy() -> None:
    run = controlled()
    run.over(run.pods[0], "Failed", DISRUPTED)

    assert said(run) == [("Failed", "PodFailurePolicy")]


def test_a_job_that_takes_too_long_ends_its_pod_and_fails_when_that_is_gone() -> None:
    run = controlled()
    run.wait(700)
    assert said(run) == []
    run.wait(1)

    assert said(run) == [("FailureTarget", "DeadlineExceeded")]
    assert run.pods == []
    found = dict(said(run))

    assert found == {"FailureTarget": "DeadlineExceeded", "Failed": "DeadlineExceeded"}


def test_a_finished_job_stays_for_an_hour() -> None:
    run = controlled()
    run.over(run.pods[0], "Succeeded")
    run.work()
    run.wait(3599)
    assert run.work().delete == ()
    run.wait(1)

    (job,) = run.work().delete

    assert key_of(job) == ("Job", "team", "it")
    assert condition(job["status"], "Complete")
