import math

import pytest
from hypothesis import given

from perennial_contract.messages.spellings import canonical, keep_label, read_label, spellings
from perennial_contract.resource.schema import BinaryLabel
from tests.support.contract.json_values import values

INCOME = BinaryLabel(
    positive=">50K", negative="<=50K", aliases={">50K.": ">50K", "<=50K.": "<=50K"}
)
FLAG = BinaryLabel(positive="1", negative="0", aliases={"true": "1", "no": "0"})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (1.0, "1"),
        ("1", "1"),
        (" 1.0 ", "1"),
        ("+1", "1"),
        ("01", "1"),
        (-0.0, "0"),
        (0.5, "0.5"),
        (".50", "0.5"),
        ("1e2", "100"),
        (2**53 + 1, "9007199254740993"),
        ("9007199254740993", "9007199254740993"),
        ("1e400", "1e400"),
        ("9" * 5000, "9" * 5000),
        ("1_0", "1_0"),
        ("٣", "٣"),
        (True, "true"),
        (False, "false"),
        (" >50K ", ">50K"),
        ("nan", "nan"),
        ("", None),
        (" ", None),
        (None, None),
        (math.nan, None),
        (math.inf, None),
        ([1], None),
        ({"a": 1}, None),
    ],
)
def test_a_label_has_one_spelling(value: object, text: str | None) -> None:
    assert canonical(value) == text


@given(values)
def test_a_canonical_label_is_its_own_spelling(value: object) -> None:
    text = canonical(value)

    assert text is None or canonical(text) == text


@given(values)
def test_where_no_class_is_known_every_label_is_kept_that_could_be_declared(value: object) -> None:
    kept, text = keep_label(value, None), canonical(value)

    assert kept in {None, text}
    if kept is not None:
        assert BinaryLabel(positive=kept, negative=f"{kept}"[:250] + "?").positive == kept
        assert keep_label(kept, None) == kept
        assert keep_label(value, {kept: kept}) == kept


@pytest.mark.parametrize("value", [None, "", [1], {"a": 1}, math.nan, "x" * 254])
def test_what_could_be_no_label_is_not_kept(value: object) -> None:
    assert keep_label(value, None) is None


@pytest.mark.parametrize(
    ("label", "value", "read"),
    [
        (INCOME, ">50K", ">50K"),
        (INCOME, " >50K. ", ">50K"),
        (INCOME, "<=50K.", "<=50K"),
        (INCOME, ">50k", None),
        (INCOME, 1, None),
        (INCOME, None, None),
        (FLAG, 1, "1"),
        (FLAG, 1.0, "1"),
        (FLAG, "1.0", "1"),
        (FLAG, True, "1"),
        (FLAG, "no", "0"),
        (FLAG, False, None),
        (FLAG, 2, None),
        (FLAG, [1], None),
    ],
)
def test_a_label_is_one_of_two_classes_or_nothing(
    label: BinaryLabel, value: object, read: str | None
) -> None:
    assert read_label(value, spellings(label)) == read
