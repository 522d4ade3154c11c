import re

import pytest

from perennial_contract.reasons import ProgramReason, ReasonWithRemedy
from perennial_contract.runtime.objects import BucketMissing, StorageRefused, StoreError
from perennial_contract.status import Problem


def every() -> list[ReasonWithRemedy]:
    return [member for kind in ReasonWithRemedy.__subclasses__() for member in kind]


@pytest.mark.parametrize("told", every(), ids=str)
def test_a_reason_is_camel_case_and_says_in_sentences_what_to_do(told: ReasonWithRemedy) -> None:
    assert re.fullmatch(r"([A-Z][a-z0-9]+)+", told.value)
    assert told.remedy[:1].isupper()
    assert told.remedy.endswith(".")


@pytest.mark.parametrize("kind", ReasonWithRemedy.__subclasses__(), ids=lambda kind: kind.__name__)
def test_no_reason_has_two_meanings(kind: type[ReasonWithRemedy]) -> None:
    names = list(kind.__members__)
    assert names == [member.name for member in kind]


def test_a_member_is_named_as_its_value() -> None:
    assert {r.value: r.name.title().replace("_", "") for r in ProgramReason} == {
        r.value: r.value for r in ProgramReason
    }


@pytest.mark.parametrize("error", [StoreError, BucketMissing, StorageRefused])
def test_what_the_store_says_is_a_reason(error: type[StoreError]) -> None:
    assert error.reason in set(ProgramReason)


def test_a_reason_is_written_as_its_value() -> None:
    assert f"{ProgramReason.TOPIC_MISSING}" == "TopicMissing"
    assert Problem(reason=ProgramReason.TOPIC_MISSING, message="m").model_dump_json() == (
        '{"reason":"TopicMissing","message":"m"}'
    )
