"""Pipeline in the middle of an attempt, and how its trainer ends."""

from typing import Any

from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.status import Status
from perennial_operator.observe.containers import Ended
from perennial_operator.plan import Plan
from tests.support.operator.builders import (
    V1,
    a_job,
    a_pipeline,
    a_trainer,
    a_world,
    an_attempt,
    decide,
    serving,
)

FAILED: dict[str, Any] = {"conditions": [{"type": "Failed", "status": "True"}]}
LATER = Ended(75, "Error", '{"problem": {"reason": "BucketMissing", "message": "no bucket b"}}')


def during(number: int = 2, **changes: Any) -> Pipeline:
    """A pipeline in the middle of an attempt."""
    pipeline = a_pipeline(retrain={"threshold": 1000, "request": "now"})
    champion = V1 if number > 1 else ""
    watermark = {"topic": {"0": 1000}}
    begun = {"champion": champion, "watermark": watermark, "request": "now", "job_uid": "job-1"}
    attempt = an_attempt(a_pipeline(), number, **{**begun, **changes})
    status = serving(attempt=attempt) if number > 1 else Status(attempt=attempt)
    return pipeline.model_copy(update={"status": status})


def ends(pipeline: Pipeline, end: Ended | None, **job: Any) -> Plan:
    """What is decided when the trainer of the attempt has ended so."""
    attempt = pipeline.status.attempt
    assert attempt
    pods = (a_trainer(running=False, ended=end),) if end else ()
    return decide(pipeline, a_world(pipeline, job=a_job(pipeline, attempt, **job), more=pods))
