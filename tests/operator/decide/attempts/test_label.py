"""Label that the schema leaves out, as the first attempt finds it."""

import pytest
from pydantic import Field

from perennial_contract.resource.schema import Schema
from perennial_contract.runtime.settings import SettingsRefused, parse
from perennial_contract.settings import RecorderSettings
from perennial_contract.status import FoundLabel, VerdictOutcome
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.manifests.settings import recorder_settings, trainer_settings
from tests.support.operator.attempts import ends
from tests.support.operator.builders import (
    V1,
    a_pipeline,
    a_verdict,
    an_attempt,
    serving,
    with_verdict,
)
from tests.support.operator.triggers import passed

FOUND = FoundLabel(positive=">50K", negative="<=50K")
DECLARED = {"label": {"positive": ">50K", "negative": "<=50K"}}


def begun() -> Pipeline:
    attempt = an_attempt(a_pipeline(schema={}), 2, job_uid="job-1", champion=V1)
    return a_pipeline(serving(attempt=attempt), schema={})


def test_what_an_attempt_finds_stands_in_the_status_whatever_its_outcome() -> None:
    for outcome in (VerdictOutcome.PROMOTED, VerdictOutcome.INCONCLUSIVE):
        verdict = a_verdict(2, outcome, champion=V1, label=FOUND, left_out=7)

        status = ends(begun(), with_verdict(verdict)).status

        assert status.label == FOUND
        assert status.to_json()["label"] == {**FOUND.model_dump(), "aliases": {}}
        assert status.history[-1].left_out == 7


def test_until_there_is_a_model_nothing_that_was_found_binds_anybody() -> None:
    attempt = an_attempt(a_pipeline(schema={}), 1, job_uid="job-1")
    pipeline = a_pipeline(a_pipeline().status.model_copy(update={"attempt": attempt}), schema={})

    for outcome in (VerdictOutcome.INCONCLUSIVE, VerdictOutcome.REJECTED):
        verdict = a_verdict(1, outcome, version="", digest="", label=FOUND)
        assert ends(pipeline, with_verdict(verdict)).status.label is None


@pytest.mark.parametrize("turned", [True, False])
def test_a_model_of_another_positive_class_than_was_declared_meanwhile_never_serves(
    *, turned: bool
) -> None:
    attempt = an_attempt(a_pipeline(schema={}), 1, job_uid="job-1")
    declared = {"positive": "<=50K", "negative": ">50K"} if turned else DECLARED["label"]
    first = a_pipeline().status.model_copy(update={"attempt": attempt})
    pipeline = a_pipeline(first, 2, schema={"label": declared})

    status = ends(pipeline, with_verdict(a_verdict(1, version=V1, label=FOUND))).status

    entry = status.history[-1]
    if turned:
        assert (status.head, status.label) == ("", None)
        assert (entry.outcome, entry.reason) == ("Superseded", "SpecChanged")
        assert entry.message == (
            "schema.label was declared while it ran: its positive class is '<=50K', the model's"
            " '>50K'"
        )
        assert status.handled == first.handled
    else:
        assert (status.head, status.label, entry.outcome) == (V1, FOUND, "Promoted")


def test_a_verdict_that_tells_of_no_label_leaves_what_was_found() -> None:
    pipeline = begun()
    found = pipeline.status.model_copy(update={"label": FOUND})
    pipeline = pipeline.model_copy(update={"status": found})

    status = ends(pipeline, with_verdict(a_verdict(2, champion=V1))).status

    assert status.label == FOUND
    assert "leftOut" not in status.to_json()["history"][-1]


def test_the_programs_are_told_that_it_is_left_out() -> None:
    pipeline = begun()
    assert pipeline.status.attempt

    recorder, trainer = (
        recorder_settings(pipeline),
        trainer_settings(pipeline, an_attempt(pipeline)),
    )

    assert (recorder.label, trainer.label_schema) == (None, Schema())
    assert '"schema":{}' in trainer.to_json()


def test_a_recorder_of_before_refuses_to_start_rather_than_to_take_no_label() -> None:
    class Before(RecorderSettings):
        label: dict[str, str] = Field(default_factory=dict)

    with pytest.raises(SettingsRefused, match="label: Input should be an object"):
        parse(Before, recorder_settings(begun()).to_json().encode(), "settings")


def test_to_declare_later_what_was_found_changes_no_setting_and_starts_nothing() -> None:
    first = a_pipeline(schema={}).spec
    status = serving(
        label=FOUND,
        handled={"spec": first.training_digest(), "schema": first.schema_digest()},
    )
    before, after = a_pipeline(status, schema={}), a_pipeline(status, 2, schema=DECLARED)

    assert after.spec == before.spec
    assert recorder_settings(after) == recorder_settings(before)
    assert passed(after).status.running() is None
    other = a_pipeline(status, 2, schema={"label": {"positive": ">50K", "negative": "less"}})
    assert passed(other).status.running() is not None
