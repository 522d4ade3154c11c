"""Whatever hands and faults have made of a status: passes over an unchanged world come to rest."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from perennial_contract.status import VerdictOutcome
from perennial_operator.api.attempts import AttemptOutcome, Candidate
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.status import Edit, HandledTriggers, Status
from perennial_operator.decide.versions.choice import served
from perennial_operator.manifests.deployment import template_digest
from perennial_operator.manifests.statefulset import template_digest as recorder_digest
from perennial_operator.observe.world import Observed
from tests.support.operator.builders import (
    D2,
    IMAGES,
    NOW,
    V1,
    V2,
    a_job,
    a_model,
    a_pipeline,
    a_recorder,
    a_trainer,
    a_verdict,
    a_world,
    after,
    an_attempt,
    an_entry,
    decide,
    patch_of,
    recorded,
    with_verdict,
)

V9 = "v9-99999999"
VERSIONS = st.sampled_from(["", V1, V2, V9])
CANDIDATES = st.builds(
    Candidate,
    version=st.sampled_from([V1, V2]),
    digest=st.just(D2),
    champion=VERSIONS,
    number=st.just(1),
    score=st.just(0.2),
    at=st.just(NOW),
)
HANDLED = st.builds(
    HandledTriggers,
    request=st.sampled_from(["", "now"]),
    spec=st.sampled_from(["", "another", a_pipeline().spec.training_digest()]),
    label_schema=st.sampled_from(["", "another", a_pipeline().spec.schema_digest()]),
    schedule=st.sampled_from([None, NOW - timedelta(hours=3), NOW]),
    cron=st.sampled_from(["", "0 * * * * UTC"]),
    lifecycle=st.sampled_from([{}, {"id": {"0": 3}}]),
)
SECTIONS = st.fixed_dictionaries(
    {
        "model": st.fixed_dictionaries({"pin": VERSIONS, "forgive": VERSIONS}),
        "promotion": st.fixed_dictionaries(
            {"mode": st.sampled_from(["Manual", "Automatic"]), "approve": VERSIONS}
        ),
        "retrain": st.fixed_dictionaries(
            {
                "threshold": st.just(1000),
                "suspend": st.booleans(),
                "request": st.sampled_from(["", "now", "again"]),
                "minInterval": st.sampled_from(["0s", "30s", "1h"]),
            },
            optional={"schedule": st.just({"cron": "0 * * * *"})},
        ),
    },
    optional={"dataset": st.none(), "lifecycle": st.just({"topic": "lifecycle"})},
)
EDITS = st.none() | st.builds(
    Edit,
    predictor=st.sampled_from(["another", template_digest(a_pipeline(), IMAGES.predictor)]),
    recorder=st.sampled_from(["another", recorder_digest(a_pipeline(), IMAGES.recorder)]),
    since=st.sampled_from([None, NOW, NOW - timedelta(hours=1)]),
)
ENDS = st.sampled_from([None, 0, 1, 42, "lost", *VerdictOutcome])


def a_status(draw: st.DrawFn) -> Status:
    """As some sequence of edits, verdicts and faults may have left it."""
    outcomes = draw(st.lists(st.sampled_from(list(AttemptOutcome)), max_size=3))
    history = [an_entry(number, outcome, champion=V1) for number, outcome in enumerate(outcomes, 1)]
    newest = len(history) + draw(st.integers(0, 1))
    waits = draw(st.booleans())
    return Status(
        observed_generation=draw(st.sampled_from([0, 1, 2])),
        edit=draw(EDITS),
        forgiven=draw(VERSIONS),
        model=draw(st.sampled_from([None, a_model(a_pipeline())])),
        head=draw(VERSIONS),
        candidate=draw(st.none() | CANDIDATES),
        approved=draw(VERSIONS),
        bad_versions=draw(st.lists(st.sampled_from([V2, V9]), unique=True)),
        history=history,
        attempt=an_attempt(
            a_pipeline(),
            newest,
            champion=draw(VERSIONS),
            verdict=a_verdict(newest, champion=V1) if waits else None,
            not_before=draw(st.sampled_from([None, NOW + timedelta(minutes=5)])),
            failed=draw(st.sampled_from(["", "job-0", "job-1"])),
            inputs=draw(st.sampled_from(["", "another"])),
        )
        if newest
        else None,
        handled=draw(HANDLED),
        written={"topic": {"0": draw(st.sampled_from([0, 20, 5000]))}},
    )


def a_world_of(pipeline: Pipeline, end: Any) -> Observed:
    said = recorded(a_recorder(), attempts=7, requests={"id": {"0": 3}})
    attempt = pipeline.status.running()
    if attempt is None or end is None:
        return a_world(pipeline, reports=(said,))
    job = a_job(pipeline, attempt)
    if end == "lost":
        job["status"] = {"conditions": [{"type": "Failed", "status": "True"}]}
        return a_world(pipeline, reports=(said,), job=job)
    code = end if isinstance(end, int) else 0
    outcome = end if isinstance(end, VerdictOutcome) else VerdictOutcome.REJECTED
    told = with_verdict(a_verdict(attempt.number, outcome, champion=attempt.champion), code)
    message = told.message if isinstance(end, VerdictOutcome) else ""
    ended = type(told)(told.code, told.reason, message)
    pod = a_trainer(running=False, ended=ended)
    return a_world(pipeline, reports=(said,), job=job, more=(pod,))


@settings(max_examples=50)
@given(data=st.data(), sections=SECTIONS, end=ENDS, paused=st.booleans())
def test_whatever_stands_in_spec_and_status_passes_come_to_rest(
    *, data: st.DataObject, sections: dict[str, Any], end: Any, paused: bool
) -> None:
    status = data.draw(st.composite(a_status)())
    pipeline = a_pipeline(status, 2, **sections).model_copy(update={"paused": paused})

    for _ in range(7):
        world = a_world_of(pipeline, end if pipeline.status.running() else None)
        decided = decide(pipeline, world)
        assert decided.again_in >= timedelta(0)
        if patch_of(pipeline, decided) == {}:
            break
        pipeline = after(pipeline, decided)
        end = end if pipeline.status.running() == status.running() else None

    assert patch_of(pipeline, decided) == {}
    assert decided.events == ()
    assert decided.again_in > timedelta(0)
    wanted = served(pipeline, decided.status)
    if not paused:
        assert decided.status.head not in decided.status.bad_versions
        assert wanted not in decided.status.bad_versions
    assert bool(wanted) or decided.status.model is None
    told = any(c.type == "Reconciling" for c in decided.status.conditions)
    assert told or paused or decided.status.observed_generation == 2
