import pytest

from perennial_predictor.adapters.positions import StartingPoint, starting_point


@pytest.mark.parametrize(
    ("committed", "topic_id", "expected"),
    [
        (-1001, "", StartingPoint.CREATION),
        (7, "id-1", 7),
        (7, "id-0", StartingPoint.EARLIEST),
        (7, "", 7),
        (0, "id-1", 0),
    ],
)
def test_a_commit_holds_for_the_topic_it_was_made_for(
    committed: int, topic_id: str, expected: int | StartingPoint
) -> None:
    assert starting_point(committed, topic_id, "id-1") == expected
