"""Store of a pipeline: whether its bucket is there and lets us work, and whose the prefix is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from perennial.diagnosis.defect import Defect, of_trouble, unseen, warning
from perennial.diagnosis.facts import StoreFacts
from perennial.diagnosis.subject import Subject
from perennial_contract.objects.owner import Owner, StorageTaken, check_owner
from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.file_uri import is_file

LIST, WRITE, READ, DELETE = "list", "write", "read", "delete"
_ALLOWED: Final = {
    LIST: "s3:ListBucket on the bucket",
    WRITE: "s3:PutObject below the prefix",
    READ: "s3:GetObject below the prefix",
    DELETE: "s3:DeleteObject below the prefix",
}
_BUCKET: Final = ("spec", "storage", "bucket")
_PREFIX: Final = ("spec", "storage", "prefix")


def store(subject: Subject, facts: StoreFacts) -> Iterator[Defect]:
    for right, trouble in facts.refused.items():
        if trouble.reason == ProgramReason.BUCKET_MISSING:
            yield of_trouble(_BUCKET, trouble)
        elif trouble.reason == ProgramReason.STORAGE_UNAVAILABLE:
            yield of_trouble(("spec", "storage", "endpoint"), trouble)
        else:
            yield _refused(subject, right, trouble.what)
    if facts.owner:
        yield from _owner(subject, facts.owner)
    yield from _lifecycle(subject, facts)


def _refused(subject: Subject, right: str, message: str) -> Defect:
    prefix = subject.settings.prefix
    remedy = ProgramReason.STORAGE_REFUSED.remedy
    if not is_file(subject.spec.storage.endpoint) and "credentials for bucket" in message:
        remedy = f"Check the credentials of storage.secretRef, and allow {_ALLOWED[right]}."
    what = f"cannot {right} objects below {subject.spec.storage.bucket}/{prefix}: {message}"
    return Defect(("spec", "storage"), what, remedy)


def _owner(subject: Subject, standing: bytes) -> Iterator[Defect]:
    settings = subject.settings
    if not settings.cluster:  # which cluster it will be nobody knows: any may be ours
        settings = settings.model_copy(update={"cluster": _cluster_of(standing)})
    try:
        check_owner(standing, settings)
    except StorageTaken as taken:
        what, _, remedy = str(taken).rpartition(": ")
        yield Defect(_PREFIX, what, f"{remedy[:1].upper()}{remedy[1:]}.")


def _cluster_of(standing: bytes) -> str:
    try:
        return Owner.model_validate_json(standing).cluster
    except ValidationError:
        return ""


def _lifecycle(subject: Subject, facts: StoreFacts) -> Iterator[Defect]:
    bucket, ours = subject.spec.storage.bucket, f"{subject.settings.prefix}/"
    if facts.lifecycle is None:
        yield unseen(
            _BUCKET,
            f"the lifecycle rules of bucket {bucket} could not be read",
            "Look yourself that none deletes objects below the prefix.",
        )
    for rule in facts.lifecycle or ():
        if not (ours.startswith(rule.prefix) or rule.prefix.startswith(ours)):
            continue
        if rule.expires or rule.archives:
            does = "deletes" if rule.expires else f"moves to {rule.archives}"
            yield warning(
                _BUCKET,
                f"lifecycle rule {rule.name} of bucket {bucket} {does} objects below {ours}:"
                " observations and models would be missing",
                "Leave the prefix out of the rule; old models go by storage.retention.",
            )
