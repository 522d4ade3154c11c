import pytest

from perennial_operator.observe.reports import read_report
from tests.support.operator.builders import UID, a_predictor, a_recorder, recorded, verified

POD = a_recorder(ip="127.0.0.1")
SAID = recorded(POD, written={"topic": {"0": 7}}, pending=3)


def test_an_answer_is_read_by_the_kind_of_the_pod() -> None:
    predictor = a_predictor()

    assert read_report(SAID.model_dump_json().encode(), POD, UID) == SAID
    assert read_report(verified(predictor).model_dump_json().encode(), predictor, UID) == verified(
        predictor
    )


@pytest.mark.parametrize(
    "data",
    [
        None,
        SAID.model_copy(update={"uid": "another"}).model_dump_json().encode(),
        SAID.model_copy(update={"pod": "another"}).model_dump_json().encode(),
    ],
)
def test_what_another_pod_says_is_dropped(data: bytes | None) -> None:
    assert read_report(data, POD, UID) is None
