import numpy as np
import pytest

from perennial_contract.objects.observation import Observation
from perennial_model.refusals import DataRefused
from perennial_trainer.data.dataset import Base
from perennial_trainer.data.rows import Part, assemble
from tests.support.trainer.agrawal import LABEL

BASE = Base([{"x": "b0"}, {"x": "b1"}], np.array([1.0, 0.0]), [], LABEL)


def an_observation(sequence: int, time: int, label: str = "A") -> Observation:
    record = b'{"x":"%d"}' % time
    return Observation(sequence, sequence, time + 1, time, time + 9, record, label)


def test_the_base_comes_first_then_observations_by_event_time_across_partitions() -> None:
    parts = [
        Part("t", "0", [an_observation(0, 30), an_observation(1, 10, "B")]),
        Part("t", "1", [an_observation(0, 20)]),
    ]

    rows = assemble(BASE, parts, LABEL, None)

    assert [r["x"] for r in rows.records] == ["b0", "b1", "10", "20", "30"]
    assert rows.labels.tolist() == [1, 0, 0, 1, 1]
    assert rows.event_timestamps.tolist() == [-2, -1, 11, 21, 31]
    assert rows.label_timestamps.tolist() == [-2, -1, 19, 29, 39]


def test_without_a_champion_all_rows_are_new() -> None:
    rows = assemble(BASE, [Part("t", "0", [an_observation(0, 10)])], LABEL, None)

    assert rows.new.tolist() == [True, True, True]


def test_the_champions_watermark_divides_each_partition() -> None:
    parts = [
        Part("t", "0", [an_observation(0, 10), an_observation(1, 30)]),
        Part("t", "1", [an_observation(0, 20)]),
        Part("made-again", "0", [an_observation(0, 40)]),
    ]

    rows = assemble(BASE, parts, LABEL, {"t": {"0": 1, "1": 1}})

    assert rows.new.tolist() == [False, False, False, False, True, True]


def test_an_observation_of_neither_class_is_left_out_and_counted() -> None:
    labels = ("A", "C", "B", "C", "")
    mixed = [an_observation(i, i, label) for i, label in enumerate(labels)]
    plain = [an_observation(i, i, labels[i]) for i in (0, 2)]

    rows, without = (assemble(None, [Part("t", "0", o)], LABEL, None) for o in (mixed, plain))

    assert rows.left_out == {"C": 2, "": 1}
    assert (rows.records, rows.labels.tolist()) == (without.records, without.labels.tolist())
    assert without.left_out == {}


def test_an_observation_that_is_no_object_is_refused() -> None:
    bad = Observation(0, 0, 1, 1, 1, b"[]", "A")

    with pytest.raises(DataRefused, match="observation 0 holds no JSON object"):
        assemble(None, [Part("t", "0", [bad])], LABEL, None)


def test_no_rows_at_all_are_no_rows() -> None:
    assert len(assemble(None, [], LABEL, None)) == 0
