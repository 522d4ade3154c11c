from collections import Counter

from perennial_contract.reasons import DeadLetter
from perennial_predictor.scoring.records import Tally


def test_a_refused_answer_is_counted_as_a_dead_letter_only() -> None:
    tally = Tally(answered=2, dead_letters=Counter(NotJson=1))
    tally.move(None, DeadLetter.ANSWER_REFUSED)
    tally.move(DeadLetter.NOT_JSON, DeadLetter.NOT_JSON)
    assert tally == Tally(answered=1, dead_letters=Counter(NotJson=1, AnswerRefused=1))
