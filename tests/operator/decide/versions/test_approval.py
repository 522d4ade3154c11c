from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.status import VerdictOutcome
from perennial_operator.api.attempts import AttemptOutcome, Candidate
from perennial_operator.api.kubernetes_events import Event
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.status import Status
from perennial_operator.decide.versions.choice import served
from perennial_operator.manifests.settings import named_versions
from perennial_operator.plan import Plan
from tests.support.operator.builders import (
    D2,
    NOW,
    V1,
    V2,
    a_deployment,
    a_job,
    a_model,
    a_pipeline,
    a_predictor,
    a_recorder,
    a_trainer,
    a_verdict,
    a_world,
    after,
    an_attempt,
    an_entry,
    condition,
    decide,
    reasons_of,
    recorded,
    served_version,
    serving,
    verified,
    with_verdict,
)

SUSPENDED: dict[str, Any] = {"threshold": 1000, "suspend": True}
MANUAL = {"mode": "Manual"}
PINNED = {"pin": V1}
CANDIDATE = Candidate(version=V2, digest=D2, champion=V1, number=2, score=0.296, at=NOW)


def closed(number: int = 2, champion: str = V1, **sections: Any) -> tuple[Pipeline, Plan]:
    """What a verdict that promotes comes to."""
    status = serving() if number > 1 else Status()
    attempt = an_attempt(a_pipeline(), number, champion=champion, job_uid="job-1")
    pipeline = a_pipeline(status.model_copy(update={"attempt": attempt}), **sections)
    said = a_verdict(number, champion=champion)
    pod = a_trainer(running=False, ended=with_verdict(said))
    decided = decide(pipeline, a_world(pipeline, job=a_job(pipeline, attempt), more=(pod,)))
    return pipeline, decided


def with_candidate(**sections: Any) -> Pipeline:
    ended = an_entry(
        2, AttemptOutcome.CANDIDATE, champion=V1, version=V2, digest=D2, reason="Better"
    )
    attempt = an_attempt(a_pipeline(), 2, champion=V1)
    status = serving(candidate=CANDIDATE, history=[an_entry(), ended], attempt=attempt)
    return a_pipeline(status, **sections)


@pytest.mark.parametrize(
    "sections", [{"promotion": MANUAL}, {"model": PINNED}], ids=["Manual", "pinned"]
)
def test_what_is_better_waits_where_somebody_decides(sections: dict[str, Any]) -> None:
    _, decided = closed(**sections)

    status = decided.status
    assert status.candidate == CANDIDATE
    assert (status.head, served(a_pipeline(status, **sections), status)) == (V1, V1)
    assert status.history[-1].outcome is AttemptOutcome.CANDIDATE
    note = f"attempt 2: better by 0.01 nats; {V2} waits for promotion.approve"
    assert status.handled.spec == a_pipeline().spec.training_digest()
    assert decided.events[0] == Event("Candidate", note)
    assert served_version(decided) == V1
    said = f"{V1} serves; {V2} waits for promotion.approve"
    assert condition(decided, "ModelAvailable") == ("True", "Serving", said)


def test_the_first_model_waits_only_where_every_model_does() -> None:
    _, manual = closed(1, "", promotion=MANUAL)
    _, pinned = closed(1, "", model=PINNED)

    assert manual.status.head == ""
    assert condition(manual, "Ready")[:2] == ("False", "CandidateWaits")
    assert "Deployment" not in [made["kind"] for made in manual.apply]
    assert pinned.status.head == V1


def test_an_approved_candidate_serves() -> None:
    pipeline = with_candidate(promotion={**MANUAL, "approve": V2})

    decided = decide(pipeline, a_world(pipeline))

    status = decided.status
    assert (status.head, status.candidate, status.approved) == (V2, None, V2)
    entry = status.history[-1]
    assert (entry.outcome, entry.reason) == (AttemptOutcome.PROMOTED, "Approved")
    assert decided.events[0] == Event("Approved", f"{V2} was approved")
    assert served_version(decided) == V2
    assert decide(after(pipeline, decided), a_world(pipeline)).events == ()


def test_a_candidate_is_approved_whatever_the_mode_and_a_pin_stays() -> None:
    pipeline = with_candidate(model=PINNED, promotion={"approve": V2})

    decided = decide(pipeline, a_world(pipeline))

    assert decided.status.head == V2
    assert served_version(decided) == V1
    assert decided.events[0].note == f"{V2} was approved; {V1} stays: it is pinned"


@pytest.mark.parametrize(
    ("changes", "approve", "why"),
    [
        ({}, "v9-99999999", f"is not the candidate: {V2} is"),
        ({"candidate": None}, "v9-99999999", "is no candidate"),
        ({"candidate": None}, V2, f"was judged against {V1}, which no longer serves"),
        ({"bad_versions": [V2], "candidate": None}, V2, "failed through its own fault"),
    ],
)
def test_an_approval_that_cannot_be_followed_says_so_once_and_changes_nothing(
    changes: dict[str, Any], approve: str, why: str
) -> None:
    promotion = {**MANUAL, "approve": approve}
    pipeline = with_candidate(promotion=promotion)
    status = pipeline.status.model_copy(update=changes)
    pipeline = pipeline.model_copy(update={"status": status})

    decided = decide(pipeline, a_world(pipeline))
    again = decide(after(pipeline, decided), a_world(pipeline))

    said = condition(decided, "ModelAvailable")
    assert said[:2] == ("True", "ApprovalRefused")
    assert said[2].endswith(f": spec.promotion.approve: {approve} {why}")
    assert condition(decided, "Ready")[:2] == ("True", "Ready")
    assert decided.status.candidate == status.candidate
    assert served_version(decided) == V1
    assert reasons_of(decided).count("ApprovalRefused") == 1
    assert again.events == ()


def test_an_approval_that_cannot_be_followed_is_one_event_where_it_is_ready_that_says_so_too() -> (
    None
):
    status = serving(model=None, head="", history=[])
    pipeline = a_pipeline(status, promotion={**MANUAL, "approve": V2}, retrain=SUSPENDED)

    decided = decide(pipeline, a_world(pipeline))

    assert condition(decided, "Ready")[1] == "ApprovalRefused"
    assert condition(decided, "ModelAvailable")[1] == "ApprovalRefused"
    assert reasons_of(decided).count("ApprovalRefused") == 1


@pytest.mark.parametrize(
    ("changes", "approve"), [({}, V1), ({"approved": V2, "candidate": None}, V2)]
)
def test_an_approval_of_what_serves_or_was_approved_before_is_no_news(
    changes: dict[str, Any], approve: str
) -> None:
    pipeline = with_candidate(promotion={"approve": approve})
    status = pipeline.status.model_copy(update=changes)
    pipeline = pipeline.model_copy(update={"status": status})

    decided = decide(pipeline, a_world(pipeline))

    assert condition(decided, "ModelAvailable")[1] == "Serving"
    assert (decided.status.head, decided.status.candidate) == (V1, status.candidate)


def test_a_candidate_goes_when_what_it_was_judged_against_no_longer_serves() -> None:
    pipeline = with_candidate(promotion={**MANUAL, "approve": V2})
    status = pipeline.status.model_copy(update={"head": "v3-33333333"})
    pipeline = pipeline.model_copy(update={"status": status})

    decided = decide(pipeline, a_world(pipeline))

    assert (decided.status.head, decided.status.candidate) == ("v3-33333333", None)
    assert decided.events[0].reason == "CandidateDropped"
    assert decided.events[0].note == (
        f"{V2} is no longer a candidate: {V1}, which it was judged against, no longer serves"
    )


def test_a_candidate_that_is_tried_by_a_pin_may_still_be_approved() -> None:
    pipeline = with_candidate(model={"pin": V2})
    model = a_model(pipeline, V2, D2)
    status = pipeline.status.model_copy(update={"model": model})
    tried = pipeline.model_copy(update={"status": status})
    pod = a_predictor(V2)
    pods = (a_recorder(), pod)
    world = a_world(
        tried,
        pods=pods,
        reports=(recorded(pods[0]), verified(pod, D2)),
        deployment=a_deployment(tried, V2),
    )

    decided = decide(tried, world)

    assert decided.status.candidate == CANDIDATE
    assert condition(decided, "Ready")[0] == "True"


def test_a_newer_candidate_takes_the_place_of_an_older_one() -> None:
    pipeline = with_candidate(promotion=MANUAL)
    attempt = an_attempt(pipeline, 3, champion=V1, job_uid="job-1")
    status = pipeline.status.model_copy(update={"attempt": attempt})
    pipeline = pipeline.model_copy(update={"status": status})
    said = a_verdict(3, champion=V1, version="v3-33333333", digest="3" * 64)
    pod = a_trainer(running=False, ended=with_verdict(said))

    decided = decide(pipeline, a_world(pipeline, job=a_job(pipeline, attempt), more=(pod,)))

    assert decided.status.candidate
    assert decided.status.candidate.version == "v3-33333333"


def test_everything_that_the_status_names_is_kept() -> None:
    attempt = an_attempt(a_pipeline(), 5, champion="v4-a", previous="v3-a")
    history = [an_entry(1), an_entry(2, AttemptOutcome.REJECTED, champion="v0-a")]
    status = serving(attempt=attempt, head="v4-a", history=history, candidate=CANDIDATE)
    pipeline = a_pipeline(status, model={"pin": "v2-pinned"})

    assert named_versions(pipeline, status) == ["v0-a", V1, V2, "v2-pinned", "v3-a", "v4-a"]


VERSIONS = st.sampled_from(["", V1, V2, "v9-99999999"])


@given(
    pin=VERSIONS,
    approve=VERSIONS,
    manual=st.booleans(),
    suspend=st.booleans(),
    outcomes=st.lists(st.sampled_from(list(VerdictOutcome)), min_size=1, max_size=4),
)
def test_what_serves_changes_only_by_pin_approval_or_automatic_promotion(
    *, pin: str, approve: str, manual: bool, suspend: bool, outcomes: list[VerdictOutcome]
) -> None:
    promotion = {"mode": "Manual" if manual else "Automatic", "approve": approve}
    retrain = {"threshold": 1000, "suspend": suspend}
    status = serving()
    for number, outcome in enumerate(outcomes, 2):
        sections: dict[str, Any] = {"promotion": promotion, "model": {"pin": pin}}
        pipeline = a_pipeline(status, **sections, retrain=retrain)
        attempt = an_attempt(pipeline, number, champion=V1, job_uid="job-1")
        if status.running() is None:
            status = status.model_copy(update={"attempt": attempt})
            pipeline = pipeline.model_copy(update={"status": status})
        version = f"v{number}-{number:08}"
        said = a_verdict(number, outcome, champion=V1, version=version, digest="")
        pod = a_trainer(running=False, ended=with_verdict(said))
        world = a_world(pipeline, job=a_job(pipeline, attempt), more=(pod,))
        head = status.head
        status = decide(pipeline, world).status
        if manual or pin or suspend:
            assert status.head == head
        if pin:
            assert served(pipeline, status) == pin
        assert status.head in {head, version}
        assert status.candidate is None or status.candidate.champion == V1
        assert Status.model_validate(status.to_json()) == status


def test_the_score_of_a_candidate_is_not_the_score_of_what_serves() -> None:
    entry = an_entry(2, AttemptOutcome.CANDIDATE, champion=V1, version=V2, score=0.2)
    status = serving(history=[an_entry(), entry], attempt=an_attempt(a_pipeline(), 2))
    pipeline = a_pipeline(status)

    decided = decide(pipeline, a_world(pipeline))

    assert decided.status.model == a_model(pipeline)
