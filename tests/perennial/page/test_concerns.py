import pytest

from perennial.page.concerns import UNKNOWN, concerns, state
from perennial.page.data import Concern, State
from perennial.page.section import Level
from perennial_contract.reasons import ProgramReason
from perennial_operator.api.attempts import AttemptOutcome
from perennial_operator.api.reasons import Reason
from perennial_operator.api.status import Status
from tests.support.perennial.pages import V4, at, conditions


def found(**changed: tuple[str, str, str]) -> list[tuple[str, Level, str]]:
    status = Status(conditions=conditions(**changed))
    return [(f.type, f.level, f.remedy) for f in concerns(status)]


def test_a_pipeline_that_is_well_has_none() -> None:
    status = Status(conditions=conditions())

    assert concerns(status) == []
    assert state(status) == State(level=Level.WELL, word="Ready", summary=f"{V4} serves")


def test_a_concern_names_its_remedy_and_ready_does_not_repeat_it() -> None:
    missing = ("False", ProgramReason.TOPIC_MISSING, "there is no topic loans-labels")
    status = Status(conditions=conditions(Ready=missing, RecorderAvailable=missing))

    assert concerns(status) == [
        Concern(
            type="RecorderAvailable",
            level=Level.ACT,
            reason="TopicMissing",
            message="there is no topic loans-labels",
            remedy="Create the topic that the message names.",
            since=at(30),
        )
    ]
    assert state(status) == State(
        level=Level.ACT, word="Needs you", summary="there is no topic loans-labels"
    )


def test_what_asks_for_somebody_stands_before_what_passes() -> None:
    assert found(
        PredictorAvailable=("False", Reason.STARTING, "the Deployment is being created"),
        Stalled=("True", "ImagePullBackOff", "the image cannot be pulled"),
        Training=("False", AttemptOutcome.REFUSED, "attempt 4: column income is missing"),
    ) == [
        ("Training", Level.ACT, "Fix what the message names, then change retrain.request."),
        ("Stalled", Level.ACT, UNKNOWN),
        (
            "PredictorAvailable",
            Level.WAITS,
            "Wait for the pods; if it lasts, look at them with kubectl describe.",
        ),
    ]


@pytest.mark.parametrize(
    "outcome", ["Promoted", "Rejected", "Inconclusive", "Superseded", "Adopted"]
)
def test_a_verdict_is_no_concern(outcome: str) -> None:
    assert found(Training=("False", outcome, "attempt 4 has ended")) == []


def test_it_is_told_that_a_pipeline_answers_though_something_else_is_wrong() -> None:
    lost = ("False", Reason.LABELS_LOST, "labels or events were lost: see the log")

    assert state(Status(conditions=conditions(LabelsComplete=lost))) == State(
        level=Level.ACT,
        word="Look at it",
        summary="It answers, but: labels or events were lost: see the log",
    )


def test_before_anybody_has_looked_it_waits() -> None:
    assert state(Status()) == State(
        level=Level.WAITS, word="Waiting", summary="No operator has looked at it yet."
    )


def test_the_first_model_is_waited_for_without_a_concern() -> None:
    trains = ("False", Reason.ATTEMPT_RUNNING, "attempt 1 trains the first model")
    none = ("False", Reason.NO_MODEL, "there is no model to answer with")
    said = conditions(Ready=trains, ModelAvailable=trains, PredictorAvailable=none)

    assert concerns(Status(conditions=said)) == []
    assert state(Status(conditions=said)).level is Level.WAITS
