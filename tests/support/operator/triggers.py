"""Triggers of a pipeline: passes over one that serves, with what its recorder reports."""

from datetime import timedelta
from typing import Any

from perennial_contract.status import VerdictOutcome
from perennial_operator.api.attempts import Trigger
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.plan import Plan
from tests.support.operator.builders import (
    NOW,
    a_job,
    a_pipeline,
    a_recorder,
    a_trainer,
    a_verdict,
    a_world,
    after,
    decide,
    recorded,
    serving,
    with_verdict,
)

HOURLY = {"cron": "0 * * * *", "timeZone": "UTC"}
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LIFECYCLE = {"topic": "lifecycle"}


def scheduled(**changes: Any) -> Pipeline:
    """A pipeline that serves, and whose hourly schedule was noticed at noon."""
    pipeline = a_pipeline(serving(**changes), retrain={"threshold": 1000, "schedule": HOURLY})
    return after(pipeline, decide(pipeline, a_world(pipeline)))


def passed(pipeline: Pipeline, at: timedelta = timedelta(0), **said: Any) -> Plan:
    report = recorded(a_recorder(), **said)
    return decide(pipeline, a_world(pipeline, reports=(report,)), NOW + at)


def trigger(decided: Plan) -> Trigger | None:
    running = decided.status.running()
    return running.trigger if running else None


def ended(
    pipeline: Pipeline, at: timedelta, outcome: VerdictOutcome = VerdictOutcome.REJECTED
) -> Pipeline:
    """The pipeline once the trainer of its attempt has given its verdict."""
    attempt = pipeline.status.running()
    assert attempt
    said = a_verdict(attempt.number, outcome, champion=attempt.champion, version="", digest="")
    pod = a_trainer(running=False, ended=with_verdict(said))
    world = a_world(pipeline, job=a_job(pipeline, attempt), more=(pod,))
    return after(pipeline, decide(pipeline, world, NOW + at))
