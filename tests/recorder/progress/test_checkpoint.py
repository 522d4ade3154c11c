import pytest

from perennial_recorder.progress.checkpoint import (
    Checkpoint,
    CheckpointBroken,
    Input,
    Output,
    from_json,
    key,
    number_of,
    to_json,
)
from perennial_recorder.progress.ledger import Ledger


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    ledger = Ledger(3)
    ledger.take(3)
    checkpoint = Checkpoint(
        inputs={"events": Input("id", "events", {0: ledger.marks()})},
        outputs={"id": {0: Output(next=9, needed=4)}},
        counts={"given_up": 2},
    )
    assert from_json("key", to_json(checkpoint)) == checkpoint


def test_keys_sort_as_their_numbers() -> None:
    assert key(12) == "observations/checkpoints/00000000000000000012.json"
    assert number_of(key(12)) == 12
    assert number_of("observations/id/0/00000000000000000012.parquet") is None


@pytest.mark.parametrize("data", [b"", b"{", b'{"format": 2}', b'{"inputs": 3}'])
def test_a_checkpoint_of_another_format_is_refused_by_its_key(data: bytes) -> None:
    with pytest.raises(CheckpointBroken, match=r"0007\.json"):
        from_json(key(7), data)
