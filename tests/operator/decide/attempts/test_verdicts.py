from datetime import timedelta

import pytest

from perennial_contract.status import VerdictOutcome
from perennial_operator.api.attempts import AttemptOutcome, HistoryEntry, Trigger
from perennial_operator.api.status import HandledTriggers
from perennial_operator.manifests.deployment import template_digest
from perennial_operator.observe.containers import Ended
from tests.support.operator.attempts import during, ends
from tests.support.operator.builders import (
    D2,
    IMAGES,
    NOW,
    V1,
    V2,
    a_model,
    a_pipeline,
    a_recorder,
    a_verdict,
    a_world,
    after,
    an_attempt,
    an_entry,
    condition,
    decide,
    reasons_of,
    recorded,
    serving,
    with_verdict,
)


def test_a_promotion_changes_head_history_and_what_is_handled_at_once() -> None:
    pipeline = during(2)

    decided = ends(pipeline, with_verdict(a_verdict(2, champion=V1)))

    status = decided.status
    assert status.head == V2
    assert status.running() is None
    assert status.history[-1] == HistoryEntry(
        number=2,
        trigger=Trigger.THRESHOLD,
        outcome=AttemptOutcome.PROMOTED,
        reason="Better",
        message="better by 0.01 nats",
        champion=V1,
        version=V2,
        digest=D2,
        score=0.296,
        started_at=NOW - timedelta(minutes=1),
        ended_at=NOW,
    )
    assert status.handled == HandledTriggers(
        watermark={"topic": {"0": 1000}},
        request="now",
        spec=pipeline.spec.training_digest(),
        label_schema=pipeline.spec.schema_digest(),
    )
    assert status.model
    assert status.model.version == V1
    assert reasons_of(decided) == ["Promoted", "Ready"]
    (_, predictor) = decided.apply
    annotations = predictor["spec"]["template"]["metadata"]["annotations"]
    digest = template_digest(pipeline, IMAGES.predictor)
    assert annotations == {"perennial.dev/model": V2, "perennial.dev/template": digest}


@pytest.mark.parametrize("outcome", [VerdictOutcome.REJECTED, VerdictOutcome.INCONCLUSIVE])
def test_a_verdict_that_keeps_the_champion_consumes_the_trigger(outcome: VerdictOutcome) -> None:
    pipeline = during(2)
    verdict = a_verdict(2, outcome, champion=V1, version="", digest="", score=0.41)

    decided = ends(pipeline, with_verdict(verdict))

    assert decided.status.head == V1
    assert decided.status.handled.watermark == {"topic": {"0": 1000}}
    assert decided.status.history[-1].outcome.value == outcome.value
    assert condition(decided, "Training")[:2] == ("False", outcome.value)
    assert decided.status.progress
    assert decided.status.progress.attempt == f"#2 {outcome.value.lower()}"


def test_the_score_is_the_newest_judged_of_what_serves_so_it_falls_when_the_world_changes() -> None:
    pipeline = during(2)
    verdict = a_verdict(2, VerdictOutcome.REJECTED, champion=V1, version="", digest="", score=0.41)

    decided = after(pipeline, ends(pipeline, with_verdict(verdict)))
    later = decide(decided, a_world(decided))

    assert later.status.model
    assert (later.status.model.score, later.status.model.summary) == (0.41, "logloss 0.410")


def test_a_verdict_on_another_champion_is_superseded_and_the_trigger_stays_open() -> None:
    pipeline = during(2)
    status = pipeline.status.model_copy(update={"head": "v9-99999999"})
    pipeline = pipeline.model_copy(update={"status": status})

    decided = ends(pipeline, with_verdict(a_verdict(2, champion=V1)))

    assert decided.status.head == "v9-99999999"
    assert decided.status.history[-1].outcome is AttemptOutcome.SUPERSEDED
    assert decided.status.handled == pipeline.status.handled


def test_the_score_of_a_version_that_came_too_late_is_not_the_score_of_what_serves() -> None:
    late = an_entry(2, AttemptOutcome.SUPERSEDED, champion=V1, version=V2, score=0.2)
    status = serving(history=[an_entry(), late], attempt=an_attempt(a_pipeline(), 2))
    pipeline = a_pipeline(status)

    assert decide(pipeline, a_world(pipeline)).status.model == a_model(pipeline)


def test_a_message_of_another_attempt_is_no_verdict() -> None:
    decided = ends(during(2), with_verdict(a_verdict(1, champion=V1)))

    assert decided.status.running()
    assert reasons_of(decided)[0] == "AttemptFailed"


def test_exit_code_42_consumes_the_trigger_and_only_an_edit_or_a_request_tries_again() -> None:
    pipeline = during(1)
    verdict = a_verdict(
        1, VerdictOutcome.REFUSED, reason="DataRefused", message="column x", version=""
    )

    decided = ends(pipeline, with_verdict(verdict, 42))
    refused = after(pipeline, decided)
    more = recorded(a_recorder(), written={"topic": {"0": 9000}})

    assert condition(decided, "ModelAvailable") == (
        "False",
        "DataRefused",
        "column x; fix it, then change spec.retrain.request",
    )
    assert condition(decided, "Training")[:2] == ("False", "Refused")
    assert decide(refused, a_world(refused, reports=(more,))).status.running() is None
    for sections in ({"exclude": ["x"]}, {}):
        schema = {"label": {"positive": ">50K", "negative": "<=50K"}, **sections}
        request = {"threshold": 1000, "request": "now" if sections else "once more"}
        edited = a_pipeline(refused.status, 2, schema=schema, retrain=request)
        again = decide(edited, a_world(edited)).status.running()
        assert again
        assert again.number == 2


def test_exit_code_42_without_a_verdict_is_refused_with_what_was_said() -> None:
    said = '{"problem": {"reason": "SettingsRefused", "message": "storage.region: too long"}}'

    decided = ends(during(2), Ended(42, "Error", said))

    assert decided.status.history[-1].outcome is AttemptOutcome.REFUSED
    assert condition(decided, "Ready") == ("False", "SettingsRefused", "storage.region: too long")


def test_storage_that_is_anothers_makes_the_pipeline_not_ready() -> None:
    verdict = a_verdict(
        1, VerdictOutcome.REFUSED, reason="StorageTaken", message="owner.json is of x"
    )

    decided = ends(during(1), with_verdict(verdict, 42))

    assert condition(decided, "Ready") == ("False", "StorageTaken", "owner.json is of x")


def test_the_history_keeps_ten_attempts_and_those_of_what_serves() -> None:
    rejected = [an_entry(n, AttemptOutcome.REJECTED, champion=V1) for n in range(2, 13)]
    status = serving(history=[an_entry(1), *rejected], attempt=an_attempt(a_pipeline(), 13))
    status = status.model_copy(
        update={"attempt": an_attempt(a_pipeline(), 13, champion=V1, job_uid="job-1")}
    )
    pipeline = a_pipeline(status)
    verdict = a_verdict(13, VerdictOutcome.REJECTED, champion=V1, version="", digest="")

    decided = ends(pipeline, with_verdict(verdict))

    assert [entry.number for entry in decided.status.history] == [1, *range(4, 14)]


def test_a_version_that_failed_by_its_own_fault_is_never_promoted_again() -> None:
    pipeline = during(2)
    status = pipeline.status.model_copy(update={"bad_versions": [V2]})
    pipeline = pipeline.model_copy(update={"status": status})

    decided = ends(pipeline, with_verdict(a_verdict(2, champion=V1)))

    assert decided.status.head == V1
    assert decided.status.history[-1].outcome is AttemptOutcome.REJECTED
    assert decided.status.history[-1].reason == "BundleBroken"
