from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.support.e2e.kubectl import Json
from tests.support.e2e.pipeline import Pipeline
from tests.support.e2e.rows import INCOME, LOANS, income, loans
from tests.support.e2e.stream import Row, Stream

pytestmark = pytest.mark.e2e

BASE, THRESHOLD = 1_500, 12_000
Prepared = Callable[[Pipeline], Pipeline]


def data() -> tuple[Json, list[Row], list[Row]]:
    """Schema, base dataset and stream: the income data, or loans whose rule is more to learn."""
    rows = income("train") + income("test")
    if rows:
        return INCOME, rows[:BASE], rows[BASE:]
    rows = loans(BASE + 4 * THRESHOLD)
    return LOANS, rows[:BASE], rows[BASE:]


@pytest.mark.parametrize("delay", [2.0, 0.0], ids=["labels-late", "labels-inside"])
def test_three_thresholds_are_judged_and_what_is_promoted_answers(
    prepared: Prepared, delay: float
) -> None:
    schema, base, rows = data()
    name = "e2e-late" if delay else "e2e-inside"
    spec = {"retrain": {"threshold": THRESHOLD}, "predictor": {"replicas": 2}}
    pipeline = prepared(Pipeline(name, schema, Stream(name, delay=delay), spec))
    pipeline.prepare(base)
    pipeline.apply()
    pipeline.wait_ready()

    last = 500  # sent when all is decided, so that the newest model has something to answer
    cuts = [0, THRESHOLD + 200, 2 * (THRESHOLD + 200), len(rows) - last]
    promoted = [pipeline.wait_attempt(1)["version"]]
    for number, (start, end) in enumerate(pairwise(cuts), start=2):
        pipeline.stream.send(rows[start:end], rate=1_000)
        entry = pipeline.wait_attempt(number)
        assert entry["reason"]
        assert entry["outcome"] in {"Promoted", "Rejected"}
        if entry["outcome"] == "Promoted":
            promoted.append(entry["version"])
            pipeline.wait_serving(entry["version"])
    pipeline.stream.send(rows[-last:])
    pipeline.wait_answered()

    answers = pipeline.stream.answers()
    assert len(promoted) > 1
    assert set(promoted) == {answer["model"] for answer in answers}
    assert Counter(a["request_id"] for a in answers) == Counter(pipeline.stream.sent)
    assert pipeline.stream.dead_letters() == []
    assert pipeline.status()["attempt"]["number"] == len(cuts)
