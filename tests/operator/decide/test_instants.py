from perennial_operator.api.attempts import Trigger
from perennial_operator.api.status import HandledTriggers, Progress
from perennial_operator.conditions.progress import quiet_for
from perennial_operator.decide.attempts.failures import LONGEST_WAIT
from perennial_operator.decide.instants import past
from tests.support.operator.builders import (
    NOW,
    a_pipeline,
    after,
    an_attempt,
    serving,
)
from tests.support.operator.triggers import HOUR, HOURLY, MINUTE, passed, trigger

AHEAD = NOW + 6 * HOUR  # what a clock said that ran ahead
OFTEN = {"threshold": 1000, "minInterval": "1h"}


def test_an_attempt_that_began_in_the_future_holds_up_the_next_no_longer_than_the_interval() -> (
    None
):
    begun = an_attempt(a_pipeline(), 1, started_at=AHEAD)
    status = serving(attempt=begun)
    pipeline = a_pipeline(status, retrain=OFTEN)

    pipeline = after(pipeline, passed(pipeline, written={"topic": {"0": 2000}}))
    assert trigger(passed(pipeline, 59 * MINUTE)) is None
    assert trigger(passed(pipeline, HOUR)) is Trigger.THRESHOLD


def test_of_a_schedule_that_had_its_attempt_in_the_future_the_next_instant_counts() -> None:
    handled = HandledTriggers(
        spec=a_pipeline().spec.training_digest(), schedule=AHEAD, cron="0 * * * * UTC"
    )
    pipeline = a_pipeline(
        serving(handled=handled), retrain={**OFTEN, "minInterval": "0s", "schedule": HOURLY}
    )

    pipeline = after(pipeline, passed(pipeline))
    assert trigger(passed(pipeline, 59 * MINUTE)) is None
    assert trigger(passed(pipeline, HOUR)) is Trigger.SCHEDULE


def test_the_next_try_is_never_further_off_than_the_longest_wait() -> None:
    waiting = an_attempt(a_pipeline(), 2, not_before=AHEAD, job_uid="job-1", tries=1)

    kept = past(serving(attempt=waiting), NOW).attempt

    assert kept
    assert kept.not_before == NOW + LONGEST_WAIT
    assert past(serving(attempt=kept), NOW).attempt == kept


def test_progress_that_was_written_in_the_future_holds_up_no_news() -> None:
    written = serving(progress=Progress(at=AHEAD, labels="1/1000"))

    assert quiet_for(written, NOW) <= NOW - NOW
