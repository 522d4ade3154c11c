import pytest

from perennial_predictor.adapters.positions import Beginning, beginning


@pytest.mark.parametrize(
    ("committed", "topic_id", "expected"),
    [
        (-1001, "", Beginning.CREATION),
        (7, "id-1", 7),
        (7, "id-0", Beginning.EARLIEST),
        (7, "", 7),
        (0, "id-1", 0),
    ],
)
def test_a_commit_holds_for_the_topic_it_was_made_for(
    committed: int, topic_id: str, expected: int | Beginning
) -> None:
    assert beginning(committed, topic_id, "id-1") == expected
