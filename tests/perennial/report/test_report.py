from datetime import UTC, datetime

from perennial.report.facts import Ended, Facts, Served
from perennial.report.report import Counts, Handover, count, handovers, report
from perennial.report.timeline import Change, Stage, Timeline
from perennial.stream.accuracy import Grade
from perennial_contract.status import Score, Verdict, VerdictOutcome
from perennial_operator.api.attempts import AttemptOutcome
from tests.fakes.loans import entry, version


def ended(number: int, outcome: AttemptOutcome, at: float, seen: int) -> Ended:
    """An attempt that ended at `at` seconds and had seen so many observations."""
    when = datetime.fromtimestamp(at, UTC)
    verdict = Verdict(
        uid="u",
        number=number,
        outcome=VerdictOutcome.PROMOTED
        if outcome is AttemptOutcome.PROMOTED
        else VerdictOutcome.REJECTED,
        reason="r",
        message="m",
        watermark={"topic": {"0": seen}},
        scores=[
            Score(candidate="champion", loss=1.25),
            Score(candidate="refit", loss=0.5, gain=0.75, confidence=0.99),
        ],
        seconds={"data": 1.0, "search": 2.0, "judge": 3.0, "refit": 1.0, "publish": 0.5},
    )
    return Ended(entry(number, outcome, ended_at=when, champion=version(1)), verdict)


LONG = (
    "  v3: 16.0 s to its first answer, 17.0 s to the last of v1, from the end of the attempt"
    " before (6.0 s after label 10)"
)
RECORDS = (
    "Records: 4 sent, 4 answered, 0 lost, 0 doubled; 0 dead letters (by their ids, read back"
    " from the topics)"
)
FACTS = Facts(
    events=["1", "2", "3", "4"],
    served=[
        Served("1", version(1), 10.0),
        Served("2", version(1), 42.0),
        Served("4", version(3), 41.0),
        Served("3", version(3), 50.0),
    ],
    labels=[float(n) for n in range(30)],
    dead=0,
    attempts=[
        ended(1, AttemptOutcome.PROMOTED, 1.0, 0),
        ended(2, AttemptOutcome.REJECTED, 25.0, 10),
        ended(3, AttemptOutcome.PROMOTED, 40.0, 20),
    ],
    threshold=10,
)


def test_records_are_counted_by_their_ids() -> None:
    assert count(FACTS) == Counts(sent=4, answered=4, lost=0, doubled=0, dead=0)
    assert count(FACTS).whole


def test_what_is_lost_and_what_is_doubled_shows() -> None:
    served = [Served("1", "v", 1.0), Served("1", "v", 2.0), Served("1", "v", 3.0)]
    facts = Facts(["1", "2"], served, [], 1, [], 10)

    assert count(facts) == Counts(sent=2, answered=1, lost=1, doubled=2, dead=1)
    assert not count(facts).whole


def test_nothing_sent_is_no_success() -> None:
    assert not count(Facts([], [], [], 0, [], 10)).whole


def test_a_turn_begins_where_the_attempt_before_ended_if_that_was_later_than_the_label() -> None:
    # Attempt 2 had seen ten, so label 20 (at 19 s) filled the threshold; it ended at 25 s.
    assert list(handovers(FACTS)) == [
        Handover(3, version(1), version(3), waited=6.0, first=16.0, last=17.0, worked=6.0)
    ]


def test_a_turn_begins_at_the_label_that_made_the_threshold_full() -> None:
    quick = [FACTS.attempts[0], ended(2, AttemptOutcome.REJECTED, 15.0, 10), FACTS.attempts[2]]
    facts = Facts(FACTS.events, FACTS.served, FACTS.labels, 0, quick, 10)

    assert list(handovers(facts)) == [
        Handover(3, version(1), version(3), waited=0.0, first=22.0, last=23.0, worked=6.0)
    ]


def test_the_report_says_it_all() -> None:
    timeline = Timeline(
        Stage.FAILED,
        1,
        3,
        (Change(4, 30.0, 2, 0.94, None, 0, 0.92, 75.0), Change(5, 80.0, 3, 0.92)),
    )
    grades = [Grade(1.0, n > 0, version(3), 1) for n in range(4)]

    assert report(FACTS, timeline, grades) == [
        "Attempts",
        "  attempt 1: promoted v1, since-rise: log loss 0.2 instead of 1.3",
        "      champion 1.250, refit 0.500 (99% sure)",
        "  attempt 2: no gain: kept v1",
        "      champion 1.250, refit 0.500 (99% sure)",
        "  attempt 3: promoted v3, since-rise: log loss 0.2 instead of 1.3",
        "      champion 1.250, refit 0.500 (99% sure)",
        "      it answered 4 events, 75.0% of them as labelled",
        "",
        "Changes of the world",
        "  function 4: 94.0% before, 92.0% after 45 s",
        "  function 5: 92.0% before, not recovered",
        "",
        "From the label that made the threshold full to the new model",
        LONG,
        "      search and fit 6.0 s; the rest 10.0 s and 11.0 s",
        "",
        RECORDS,
    ]
