from msgspec import structs

from perennial.page.attempts import attempts, running
from perennial.page.data import ATTEMPTS, CANDIDATES_OF, Attempt, Candidate, Running
from perennial.page.section import Level
from perennial_contract.status import Problem
from perennial_operator.api.attempts import Attempt as Intent
from perennial_operator.api.attempts import AttemptOutcome, Trigger
from perennial_operator.api.status import Progress, Status
from tests.support.perennial.pages import FIRST, FOURTH, KEPT, V1, V4, VERDICTS, at, entry

PROMOTED = Attempt(
    number=4,
    trigger="Threshold",
    outcome="Promoted",
    reason="Better",
    why=f"since-rise: log loss 0.3180 instead of 1.5247 of {V1} on the 500 newest rows",
    remedy="",
    level=Level.WELL,
    champion=V1,
    version=V4,
    taken_back=False,
    champion_loss=1.5247,
    challenger_loss=0.318,
    confidence=1.0,
    metric="logloss",
    judged=500,
    trained=1500,
    started=at(103),
    ended=at(112),
    candidates=[
        Candidate(name="since-rise", loss=0.318, gain=1.2067, confidence=1.0),
        Candidate(name="parameters-recent", loss=0.4402, gain=1.0845, confidence=1.0),
        Candidate(name="parameters-all", loss=0.5771, gain=0.9476, confidence=1.0),
        Candidate(name="base-rate", loss=0.6933, gain=0.8314, confidence=1.0),
        Candidate(name="champion", loss=1.5247, gain=None, confidence=None),
    ],
)


def test_an_attempt_tells_who_was_judged_and_what_came_of_it() -> None:
    listed, earlier = attempts([], Status(history=[FIRST, *KEPT, FOURTH]), VERDICTS)

    assert listed[0] == PROMOTED
    assert [each.number for each in listed] == [4, 3, 2, 1]
    assert [each.champion_loss for each in listed] == [1.5247, 0.2357, 0.2357, 0.6938]
    assert [each.challenger_loss for each in listed] == [0.318, 0.2285, 0.2285, 0.2354]
    assert earlier == 0


def test_the_one_that_was_published_stands_there_though_another_lost_less() -> None:
    won = FOURTH.model_copy(update={"score": 0.4402})

    listed, _ = attempts([], Status(history=[won]), VERDICTS)

    assert listed[0].challenger_loss == 0.4402


def test_without_its_verdict_an_attempt_tells_what_the_status_knows() -> None:
    listed, earlier = attempts([], Status(history=[FOURTH]), {})

    assert listed == [structs.replace(PROMOTED, champion_loss=None, confidence=None, candidates=[])]
    assert earlier == 3


def test_a_version_that_failed_since_is_taken_back() -> None:
    listed, _ = attempts([], Status(history=[FOURTH], bad_versions=[V4]), VERDICTS)

    assert listed == [structs.replace(PROMOTED, taken_back=True)]


def test_a_refusal_says_what_to_do() -> None:
    refused = entry(
        2, AttemptOutcome.REFUSED, 60, reason="DataRefused", message="line 7: no number"
    )

    (listed, *_), _ = attempts([], Status(history=[refused]), {})

    assert listed.level is Level.ACT
    assert (
        listed.remedy
        == "Fix the dataset or the schema as the message says, then change retrain.request."
    )


def test_of_many_attempts_the_newest_are_listed_and_few_with_their_candidates() -> None:
    ended = [entry(number, AttemptOutcome.REJECTED, 10 * number) for number in range(1, 201)]
    verdicts = dict.fromkeys(range(1, 201), VERDICTS[2])

    listed, earlier = attempts(ended, Status(history=ended[-10:]), verdicts)

    assert [each.number for each in listed] == list(range(200, 200 - ATTEMPTS, -1))
    assert earlier == 200 - ATTEMPTS
    assert [bool(each.candidates) for each in listed] == [
        place < CANDIDATES_OF for place in range(ATTEMPTS)
    ]


def test_one_that_runs_tells_its_stage_and_what_keeps_it() -> None:
    problem = Problem(reason="DatasetMissing", message="there is no s3://datasets/train.csv")
    intent = Intent(number=2, trigger=Trigger.REQUEST, started_at=at(70), problem=problem)
    progress = Progress(labels="0/2000", attempt="#2 search 7/25", at=at(75))
    status = Status(history=[FIRST], attempt=intent, progress=progress)

    assert running(status) == Running(
        number=2,
        trigger="Request",
        stage="search 7/25",
        started=at(70),
        problem="there is no s3://datasets/train.csv",
    )
    assert running(status.model_copy(update={"attempt": None})) is None
