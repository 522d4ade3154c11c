import csv
import io
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.messages.scalars import MARKS
from perennial_contract.messages.spellings import canonical
from perennial_contract.resource.schema import BinaryLabel, Schema
from perennial_contract.resource.training import Dataset
from perennial_model.refusals import DataRefused
from perennial_trainer.data.classes import find_classes
from perennial_trainer.data.dataset import read

URI = "s3://d/train.csv"


def is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


NUMBERS = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6, allow_nan=False)
TEXTS = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1, max_size=9
).filter(lambda text: canonical(text) == text and text not in MARKS and not is_number(text))


@pytest.mark.parametrize(
    ("values", "negative", "positive"),
    [
        (["1", "0", "1"], "0", "1"),
        (["10", "9.0"], "9", "10"),
        ([1, 2], "1", "2"),
        (["yes", " no "], "no", "yes"),
        ([">50K", "<=50K"], "<=50K", ">50K"),
        (["B", "A"], "A", "B"),
        (["-1", "1"], "-1", "1"),
        (["0", "none"], "0", "none"),
    ],
)
def test_the_positive_class_is_the_second_in_sorted_order(
    values: list[object], negative: str, positive: str
) -> None:
    found = find_classes("y", values, URI)

    assert found == BinaryLabel(positive=positive, negative=negative)


def two(values: st.SearchStrategy[object]) -> st.SearchStrategy[list[object]]:
    return st.lists(values, min_size=2, max_size=2, unique_by=canonical)


@given(two(NUMBERS) | two(TEXTS))
def test_the_order_is_that_of_numpy_and_scikit_learn(values: list[object]) -> None:
    found = find_classes("y", values, URI)

    ordered = [canonical(value) for value in np.unique(np.array(values)).tolist()]
    assert [found.negative, found.positive] == ordered


@pytest.mark.parametrize(
    ("values", "negative", "positive", "aliases"),
    [
        ([True, False], "false", "true", {"True": "true", "False": "false"}),
        (["True", "False"], "False", "True", {"true": "True", "false": "False"}),
        (["True", "False", "true"], "false", "true", {"True": "true", "False": "false"}),
        (["true", "False"], "false", "true", {"True": "true", "False": "false"}),
    ],
)
def test_a_boolean_is_meant_however_it_is_written(
    values: list[object], negative: str, positive: str, aliases: dict[str, str]
) -> None:
    found = find_classes("y", values, URI)

    assert found == BinaryLabel(positive=positive, negative=negative, aliases=aliases)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["yes", "yes"], "column 'y' of s3://d/train.csv holds 1 value, 'yes': where schema.label"),
        (["True", True], "holds 1 value, 'true': where"),
        ([3, 1, 2], "holds 3 values, '1', '2', '3': where schema.label is left out, it must hold"),
        (range(99), "holds 99 values, '0', '1', '2', '3', '4' and 94 more: "),
        (["a" * 99, "b", "c"], f"holds 3 values, {'a' * 40 + '…'!r}, 'b', 'c': "),
        (["1", " ?"], "row 2: column 'y' holds ' ?', which is no label"),
        (["NaN", "1"], "row 1: column 'y' holds 'NaN', which is no label"),
        (["no", "", "yes"], "row 2: column 'y' holds '', which is no label"),
        ([1.5, math.nan], "row 2: column 'y' holds nan, which is no label"),
        (["no", "y" * 300], "column 'y' of s3://d/train.csv holds a text of 300 characters: "),
    ],
)
def test_a_column_of_no_two_values_is_refused_with_what_it_holds(
    values: list[object], says: str
) -> None:
    with pytest.raises(DataRefused, match=re.escape(says)):
        find_classes("y", values, URI)


@given(st.lists(st.sampled_from(["yes", " yes", "no", "no "])))
def test_a_declared_label_and_one_that_is_left_out_read_a_dataset_alike(labels: list[str]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["x", "y"], *enumerate([*labels, "no", "yes"])])
    declared = Schema(label=BinaryLabel(positive="yes", negative="no"))

    one, other = (
        read(out.getvalue().encode(), Dataset(uri=URI, label="y"), schema)
        for schema in (declared, Schema())
    )

    assert (one.records, one.label) == (other.records, other.label)
    assert one.labels.tolist() == other.labels.tolist()
