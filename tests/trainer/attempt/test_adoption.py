"""Adoption of what an earlier resource of the same name left."""

from datetime import timedelta
from typing import Any

import pytest

from perennial_contract.objects.bundle import FILES, MANIFEST, Manifest, describe, key, seal
from perennial_contract.resource.schema import BinaryLabel
from perennial_contract.status import FoundLabel, Score, Verdict, VerdictOutcome
from perennial_trainer.attempt.adoption import adopt
from perennial_trainer.attempt.inputs import Inputs, inputs_key
from perennial_trainer.attempt.verdict_file import verdict_key
from tests.fakes.objects import FakeObjects
from tests.support.trainer.builders import CREATED, a_settings

BEFORE = {"t": {"0": 4000}}


class Bucket:
    """What stands on S3; each attempt is written as a trainer does."""

    def __init__(self) -> None:
        self.store = FakeObjects()

    def model(self, number: int, score: float = 0.25, **changed: Any) -> str:
        manifest = Manifest(
            uid="u-0",
            number=number,
            created=CREATED + timedelta(hours=number),
            label=changed.pop("label", BinaryLabel(positive="A", negative="B")),
            candidate="search",
            files=describe(dict.fromkeys(FILES, b"")),
            schema_digest="",
            rows=1,
            score=score,
        )
        bundle, data = seal(manifest.model_copy(update=changed), {})
        self.store.put_new(key(bundle.version, MANIFEST), data)
        return bundle.version

    def attempt(self, number: int, verdict: Verdict | None = None, **settings: Any) -> None:
        begun = Inputs.from_settings(a_settings(number, uid="u-0", **settings), CREATED)
        self.store.put_new(inputs_key(number), begun.model_dump_json().encode())
        if verdict:
            self.store.put_new(verdict_key(number), verdict.model_dump_json().encode())

    def adopt(self, **settings: Any) -> Verdict:
        return adopt(a_settings(1, uid="u-1", **settings), self.store)


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


def ended(number: int, outcome: VerdictOutcome, **changed: Any) -> Verdict:
    plain = {"uid": "u-0", "number": number, "outcome": outcome, "reason": "", "message": ""}
    return Verdict.model_validate({**plain, "watermark": BEFORE, **changed})


def test_the_model_that_was_promoted_last_goes_on(bucket: Bucket) -> None:
    before = bucket.model(1)
    bucket.attempt(1, ended(1, VerdictOutcome.PROMOTED, version=before))
    version = bucket.model(2, score=0.2)
    bucket.attempt(2, ended(2, VerdictOutcome.PROMOTED, version=version), champion=before)

    adopted = bucket.adopt()

    assert adopted == Verdict(
        uid="u-1",
        number=2,
        outcome=VerdictOutcome.ADOPTED,
        reason="Adopted",
        message=f"goes on after attempt 2 of an earlier loans/income with its model {version}",
        champion=before,
        version=version,
        digest=adopted.digest,
        score=0.2,
        watermark=BEFORE,
    )
    assert adopted.digest.startswith(version.partition("-")[2])


def test_a_champion_that_was_kept_goes_on_with_its_newest_score(bucket: Bucket) -> None:
    version = bucket.model(1)
    bucket.attempt(1, ended(1, VerdictOutcome.PROMOTED, version=version, watermark={}))
    scores = [Score(candidate="search", loss=0.5), Score(candidate="champion", loss=0.4)]
    kept = ended(9, VerdictOutcome.REJECTED, champion=version, score=0.4, scores=scores)
    bucket.attempt(9, kept, champion=version)
    bucket.attempt(10, champion=version)  # it was under way

    adopted = bucket.adopt()

    assert (adopted.number, adopted.version, adopted.watermark) == (10, version, BEFORE)
    assert adopted.score == 0.25

    bucket.store.delete(inputs_key(10))
    assert bucket.adopt().score == 0.4


def test_a_version_that_was_taken_back_is_not_taken_up(bucket: Bucket) -> None:
    good, bad = bucket.model(1), bucket.model(2)
    bucket.attempt(1, ended(1, VerdictOutcome.PROMOTED, version=good))
    bucket.attempt(2, ended(2, VerdictOutcome.PROMOTED, version=bad), champion=good)
    bucket.attempt(3, ended(3, VerdictOutcome.INCONCLUSIVE), champion=good)

    assert bucket.adopt().version == good


def test_a_candidate_that_waited_for_approval_is_not_taken_up(bucket: Bucket) -> None:
    served, candidate = bucket.model(1), bucket.model(2)
    scores = [Score(candidate="champion", loss=0.4), Score(candidate="search", loss=0.3)]
    waits = ended(2, VerdictOutcome.PROMOTED, version=candidate, champion=served, scores=scores)
    bucket.attempt(2, waits, champion=served, promotion={"mode": "Manual"})

    adopted = bucket.adopt()

    assert (adopted.number, adopted.version, adopted.score) == (2, served, 0.4)


def test_a_candidate_that_the_spec_approves_is_taken_up(bucket: Bucket) -> None:
    served, candidate = bucket.model(1), bucket.model(2, score=0.2)
    scores = [Score(candidate="champion", loss=0.4), Score(candidate="search", loss=0.2)]
    waits = ended(2, VerdictOutcome.PROMOTED, champion=served, version=candidate, scores=scores)
    bucket.attempt(1, ended(1, VerdictOutcome.PROMOTED, version=served))
    bucket.attempt(2, waits, champion=served, promotion={"mode": "Manual"})

    adopted = bucket.adopt(promotion={"mode": "Manual", "approve": candidate})

    assert (adopted.version, adopted.score) == (candidate, 0.2)


def test_where_the_newest_model_is_gone_the_one_before_goes_on(bucket: Bucket) -> None:
    first, second = bucket.model(1), bucket.model(2)
    bucket.attempt(1, ended(1, VerdictOutcome.PROMOTED, version=first))
    bucket.attempt(2, ended(2, VerdictOutcome.PROMOTED, version=second), champion=first)
    bucket.store.delete(key(second, MANIFEST))

    assert bucket.adopt().version == first


def test_a_manifest_that_is_not_the_versions_is_not_taken_up(bucket: Bucket) -> None:
    first, second = bucket.model(1), bucket.model(2)
    bucket.attempt(1, ended(1, VerdictOutcome.PROMOTED, version=first))
    bucket.attempt(2, ended(2, VerdictOutcome.PROMOTED, version=second), champion=first)
    bucket.store.objects[key(second, MANIFEST)] = b"{}"

    assert bucket.adopt().version == first


def test_where_nothing_served_there_is_no_version(bucket: Bucket) -> None:
    bucket.attempt(1, ended(1, VerdictOutcome.REJECTED))
    bucket.attempt(2)

    assert bucket.adopt() == Verdict(
        uid="u-1",
        number=2,
        outcome=VerdictOutcome.ADOPTED,
        reason="Adopted",
        message="goes on after attempt 2 of an earlier loans/income, without a model",
        watermark=BEFORE,
    )


def test_a_model_of_other_classes_is_not_taken_up(bucket: Bucket) -> None:
    version = bucket.model(1, label=BinaryLabel(positive="B", negative="A"))
    bucket.attempt(1, ended(1, VerdictOutcome.PROMOTED, version=version))

    adopted = bucket.adopt()

    assert (adopted.number, adopted.version, adopted.score) == (1, "", None)
    assert adopted.message.endswith(f"; its model {version} answers with other classes")


def test_a_schema_without_a_label_goes_on_with_the_classes_of_the_model(bucket: Bucket) -> None:
    version = bucket.model(1, label=BinaryLabel(positive="C", negative="D"))
    bucket.attempt(1, ended(1, VerdictOutcome.PROMOTED, version=version))

    adopted = bucket.adopt(schema={})

    assert (adopted.version, adopted.label) == (version, FoundLabel(positive="C", negative="D"))


def test_an_attempt_that_cannot_be_read_counts_by_its_number_alone(bucket: Bucket) -> None:
    version = bucket.model(1)
    bucket.attempt(1, ended(1, VerdictOutcome.PROMOTED, version=version))
    bucket.store.put_new(inputs_key(2), b"\xff")
    bucket.store.put_new("attempts/x/inputs.json", b"{}")
    bucket.store.put_new("attempts/3/trials/0.json", b"{}")

    adopted = bucket.adopt()

    assert (adopted.number, adopted.version, adopted.watermark) == (2, version, BEFORE)
