from perennial.display.status import lines
from perennial.page.pipeline import Measured, page
from perennial_contract.reasons import ProgramReason
from perennial_operator.api.attempts import Attempt, AttemptOutcome, Trigger
from perennial_operator.api.status import Progress, Status
from tests.support.perennial.pages import (
    FIRST,
    FOURTH,
    KEPT,
    V1,
    V4,
    V6,
    a_status,
    at,
    conditions,
    entry,
    resource,
)


def drawn(status: Status, measured: Measured | None = None, problem: str = "") -> list[str]:
    shown = page(resource(status), measured or Measured(), problem=problem)
    return lines(shown, status, at(150), width=80)


def test_one_screen_tells_what_serves_and_why_and_what_comes_next() -> None:
    status = a_status(V4, 118, [FIRST, *KEPT, FOURTH])
    measured = Measured(lag={"events": 0, "labels": 1200}, dead_letters={"NoId": 2})
    assert drawn(status, measured) == [
        f"default/loans: Ready. {V4} serves",
        "",
        f"serves        {V4} for 32s, logloss 0.3180",
        f"              since-rise: log loss 0.3180 instead of 1.5247 of {V1} on",
        "              the 500 newest rows",
        "labels        ███████████░░░░░░░░░ 1,104 of 2,000, 5,104 in all",
        "next          896 more labels start the next attempt.",
        "lag           events 0, labels 1,200",
        "dead letters  2 NoId: Send a string or a number where events.id or labels.id",
        "              points, or correct these.",
        "",
        "loss          of what served after each attempt, judged on rows it had not seen",
        "       0.318  ▂▂▂▂▂▂▂ ▂▂▂▂▂▂▂ ▂▂▂▂▂▂▂ ███████",
        "              ███████ ███████ ███████ ███████",
        "           0  ███████ ███████ ███████ ███████",
        "              ▲v1                     ▲v4",
    ]


def test_a_condition_that_is_not_well_comes_with_its_remedy() -> None:
    missing = ("False", ProgramReason.TOPIC_MISSING, "there is no topic loans-labels")
    told = conditions(Ready=missing, RecorderAvailable=missing)
    said = drawn(a_status(V1, 34, [FIRST], conditions=told), problem="As of before.")
    assert said[:2] == [
        "default/loans: Needs you. there is no topic loans-labels",
        "As of before.",
    ]
    assert said[-3:] == [
        "",
        "RecorderAvailable: TopicMissing for 2m: there is no topic loans-labels",
        "  → Create the topic that the message names.",
    ]


def test_a_version_that_was_taken_back_is_marked_and_a_candidate_is_no_part_of_the_curve() -> None:
    sixth = entry(6, AttemptOutcome.PROMOTED, 140, version=V6, score=0.2)
    waits = entry(7, AttemptOutcome.CANDIDATE, 145, version="v7-00000000", score=0.1)
    history = [FIRST, sixth, waits]
    said = drawn(a_status(V1, 34, history, bad_versions=[V6], head=V6))
    assert said[-4:] == [
        "       0.235  ███████ ▄▄▄▄▄▄▄",
        "              ███████ ███████",
        "           0  ███████ ███████",
        "              ▲v1     ▲v6 taken back",
    ]


def test_an_attempt_that_runs_is_told_with_its_stage_before_there_is_any_model() -> None:
    attempt = Attempt(number=1, trigger=Trigger.FIRST_MODEL, started_at=at(138))
    status = Status(
        attempt=attempt, progress=Progress(labels="", attempt="#1 search 7/25", at=at(149))
    )
    assert drawn(status)[2:] == [
        "serves        nothing yet",
        "labels        ░░░░░░░░░░░░░░░░░░░░ 0 of 2,000, 0 in all",
        "attempt       #1 runs search 7/25 (FirstModel, 12s ago)",
        "next          Attempt 1 runs; its verdict decides.",
    ]
