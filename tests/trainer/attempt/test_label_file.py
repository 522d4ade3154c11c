import pytest

from perennial_contract.resource.schema import BinaryLabel
from perennial_contract.runtime.objects import StoreError
from perennial_model.refusals import DataRefused
from perennial_trainer.attempt.label_file import known_label, settle_label
from tests.fakes.objects import FakeObjects

FOUND = BinaryLabel(positive="True", negative="False", aliases={"true": "True", "false": "False"})
OTHER = BinaryLabel(positive="yes", negative="no")


def test_the_label_that_was_settled_first_is_known_for_good() -> None:
    store = FakeObjects()
    assert known_label(None, store) is None

    settle_label(None, store, FOUND)
    settle_label(None, store, FOUND)

    assert known_label(None, store) == FOUND
    with pytest.raises(StoreError, match=r"label\.json holds another label than was found"):
        settle_label(None, store, OTHER)
    assert known_label(None, store) == FOUND


def test_the_same_label_in_other_bytes_is_the_same() -> None:
    store = FakeObjects()
    store.put_new("label.json", b'{"negative": "no", "positive": "yes", "since": 1}')

    settle_label(None, store, OTHER)

    assert known_label(None, store) == OTHER


def test_a_label_that_cannot_be_read_is_refused_by_its_name() -> None:
    store = FakeObjects()
    store.put_new("label.json", b'{"positive": ""}')

    with pytest.raises(DataRefused, match=r"label\.json cannot be read"):
        known_label(None, store)
