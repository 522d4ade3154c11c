from perennial.display.verdict import lines
from perennial_contract.resource.training import Promotion
from tests.support.perennial.pages import FOURTH, KEPT, V1, V4, VERDICTS, at

SURE = "how sure it is that the gain over the champion is"


def test_the_best_candidate_comes_first_with_how_sure_its_gain_is() -> None:
    entry = FOURTH.model_copy(update={"seconds": {"data": 0.42, "search": 8.1}})
    assert lines(entry, VERDICTS[4].scores, Promotion(min_improvement=0.01), at(150)) == [
        "attempt 4: Promoted (Better)",
        f"since-rise: log loss 0.3180 instead of 1.5247 of {V1} on the 500 newest rows",
        "",
        "ended 38s ago, started by Threshold, took 9 s (data 0.4, search 8.1)",
        "judged on 500 rows; 1,500 new rows to learn from",
        f"sure: {SURE} above 0.01, one-sided; the spec asks now for 80%",
        "",
        "candidate            loss     gain    sure",
        f"since-rise         0.3180  +1.2067  100.0%  {V4}",
        "parameters-recent  0.4402  +1.0845  100.0%",
        "parameters-all     0.5771  +0.9476  100.0%",
        "base-rate          0.6933  +0.8314  100.0%",
        f"champion           1.5247                   {V1}",
    ]


def test_without_the_verdict_the_status_alone_is_told() -> None:
    assert lines(KEPT[0], (), Promotion(), at(150)) == [
        "attempt 2: Rejected (NoGain)",
        KEPT[0].message,
        "",
        "ended 1m37s ago, started by Threshold",
        "judged on 500 rows; 1,500 new rows to learn from",
    ]


def test_what_others_wrote_cannot_move_the_cursor() -> None:
    entry = KEPT[0].model_copy(update={"reason": "No\x1b[2J", "message": "a\nb"})
    assert lines(entry, (), None, at(150))[:2] == ["attempt 2: Rejected (No [2J)", "a b"]
