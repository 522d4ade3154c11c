from typing import Any

import pytest

from perennial_contract.messages.references import join_id


@pytest.mark.parametrize("same", [(5, 5.0, "5"), (0.5, "0.5"), (2**60, float(2**60), str(2**60))])
def test_an_id_joins_however_it_is_written(same: tuple[Any, ...]) -> None:
    assert len({join_id(identity) for identity in same}) == 1


def test_texts_that_only_look_like_numbers_are_different_ids() -> None:
    ids: list[str | int] = ["7", "007", "7.0", " 7", "1e2", "100", "1_0", "10", "9007199254740993"]

    assert len({join_id(identity) for identity in [*ids, 9007199254740992]}) == len(ids) + 1
