from dataclasses import replace

import pytest

from perennial.diagnosis.defect import Trouble
from perennial.diagnosis.facts import LifecycleRule, StoreFacts
from perennial.diagnosis.store import store
from perennial.diagnosis.subject import Subject
from perennial_contract.objects.owner import Owner
from perennial_contract.reasons import ProgramReason
from tests.support.perennial.diagnosing import Told, a_subject, told


def found(facts: StoreFacts, subject: Subject | None = None) -> list[Told]:
    return told(store(subject or a_subject(), facts))


def test_nothing_is_said_of_a_store_that_lets_us_work() -> None:
    assert found(StoreFacts()) == []


@pytest.mark.parametrize(
    ("reason", "field"),
    [
        (ProgramReason.BUCKET_MISSING, "spec.storage.bucket"),
        (ProgramReason.STORAGE_UNAVAILABLE, "spec.storage.endpoint"),
    ],
)
def test_a_store_that_cannot_be_asked_is_told_with_the_reason_of_the_programs(
    reason: ProgramReason, field: str
) -> None:
    facts = StoreFacts({"list": Trouble("what it is", reason.remedy, reason)})
    (defect,) = store(a_subject(), facts)
    assert told([defect]) == [Told("error", field, "what it is")]
    assert defect.remedy == reason.remedy


def test_a_right_that_is_missing_is_told_with_what_allows_it() -> None:
    what = "S3 refuses the credentials for bucket perennial: AccessDenied"
    refused = Trouble(what, "", ProgramReason.STORAGE_REFUSED)
    (defect,) = store(a_subject(), StoreFacts({"delete": refused}))
    assert told([defect]) == [
        Told(
            "error",
            "spec.storage",
            f"cannot delete objects below perennial/default/income: {what}",
        )
    ]
    assert defect.remedy == (
        "Check the credentials of storage.secretRef, and allow s3:DeleteObject below the prefix."
    )


def owner(cluster: str, name: str = "income") -> bytes:
    return Owner(cluster=cluster, namespace="default", name=name, uid="u").to_json()


def of_cluster(uid: str) -> Subject:
    subject = a_subject()
    return replace(subject, pipeline=subject.pipeline.model_copy(update={"cluster": uid}))


def test_a_prefix_of_ours_is_in_order_whatever_the_cluster_where_it_is_not_known() -> None:
    assert found(StoreFacts(owner=owner("any"))) == []
    assert found(StoreFacts(owner=owner("c")), of_cluster("c")) == []


@pytest.mark.parametrize(
    ("standing", "theirs"),
    [
        (owner("d"), "default/income of cluster d"),
        (owner("c", "other"), "default/other of cluster c"),
        (b"?", "nobody that can be read"),
    ],
)
def test_a_prefix_of_another_pipeline_is_told(standing: bytes, theirs: str) -> None:
    (defect,) = store(of_cluster("c"), StoreFacts(owner=standing))
    assert told([defect]) == [
        Told(
            "error",
            "spec.storage.prefix",
            f"owner.json below perennial/default/income belongs to {theirs}, not to default/income"
            " of cluster c",
        )
    ]
    assert defect.remedy == (
        "Choose another storage.prefix, remove what is there, or remove owner.json alone to go on"
        " with what is there."
    )


@pytest.mark.parametrize(
    ("prefix", "does"),
    [
        ("", "deletes"),
        ("default/", "deletes"),
        ("default/income/attempts/", "deletes"),
        ("default/income2/", ""),
        ("logs/", ""),
    ],
)
def test_a_rule_that_takes_our_objects_away_is_told(prefix: str, does: str) -> None:
    rules = [LifecycleRule("clean", prefix, expires=True, archives="")]
    expected = [
        Told(
            "warning",
            "spec.storage.bucket",
            f"lifecycle rule clean of bucket perennial {does} objects below default/income/:"
            " observations and models would be missing",
        )
    ]
    assert found(StoreFacts(lifecycle=rules)) == (expected if does else [])


def test_an_archive_is_as_good_as_gone_and_other_rules_are_let_be() -> None:
    rules = [
        LifecycleRule("cold", "", expires=False, archives="GLACIER"),
        LifecycleRule("uploads", "", expires=False, archives=""),
    ]
    (only,) = found(StoreFacts(lifecycle=rules))
    assert only.message.startswith("lifecycle rule cold of bucket perennial moves to GLACIER")


def test_rules_that_cannot_be_read_are_said_to_be_unseen() -> None:
    assert found(StoreFacts(lifecycle=None)) == [
        Told(
            "unseen",
            "spec.storage.bucket",
            "the lifecycle rules of bucket perennial could not be read",
        )
    ]
