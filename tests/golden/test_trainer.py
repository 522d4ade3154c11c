"""Output of a trainer: objects, termination message, lifecycle messages, the run in MLflow."""

from __future__ import annotations

from pathlib import Path

import pytest

from perennial_contract.reasons import ProgramReason
from perennial_trainer.attempt.termination import write_problem
from tests.golden.attempts import STREAM, Attempts
from tests.golden.golden import Golden

SEEN, ALL = {"t": {"0": STREAM}}, {"t": {"0": 2 * STREAM}}


@pytest.fixture
def attempts(tmp_path: Path) -> Attempts:
    return Attempts(tmp_path)


def test_a_first_model_and_those_after_it_leave_the_same(
    golden: Golden, attempts: Attempts
) -> None:
    first = attempts.run()
    v1 = attempts.version
    second = attempts.run(2, champion=v1, watermark=SEEN)
    v2 = attempts.version
    searched = {"optimizer": {"maxEvals": 2, "searchEvery": 2}}
    third = attempts.run(3, champion=v2, keep=[v1], watermark=ALL, **searched)

    golden.same("trainer/first.json", first)
    golden.same("trainer/second.json", second)
    golden.same("trainer/third.json", third)
    golden.same("trainer/again.json", attempts.run(2, champion=v1, watermark=SEEN))
    golden.same("trainer/adopted.json", attempts.run(1, uid="u-2"))
    golden.same("trainer/taken.json", attempts.run(4, name="risk", storage=AT_INCOME))


AT_INCOME = {"bucket": "perennial", "secretRef": {"name": "s3"}, "prefix": "loans/income"}


def test_a_label_that_is_left_out_leaves_the_same(golden: Golden, attempts: Attempts) -> None:
    golden.same("trainer/left-out.json", attempts.run(schema={"exclude": ["zipcode"]}))


def test_what_cannot_be_used_is_refused_the_same(golden: Golden, attempts: Attempts) -> None:
    attempts.s3.objects["datasets"]["loans.csv"] = (b"age,label\n39,maybe\n", {})

    golden.same("trainer/refused.json", attempts.run())


def test_too_few_rows_leave_the_same(golden: Golden, attempts: Attempts) -> None:
    few = attempts.run(dataset=None, watermark={"t": {"0": 100}})

    golden.same("trainer/too-few.json", few)


def test_a_run_without_a_verdict_has_the_same_last_words(golden: Golden, tmp_path: Path) -> None:
    log = tmp_path / "termination-log"
    code = write_problem(log, ProgramReason.STORAGE_REFUSED, "é" * 600)

    golden.same("trainer/undecided.json", {"exit code": code, "termination": log.read_text()})
