from typing import Any

import pytest

from perennial_contract.resource.schema import BinaryLabel, Feature, FeatureType, Schema
from perennial_model.features.infer import infer
from perennial_model.refusals import DataRefused

LABEL = BinaryLabel(positive="1", negative="0")
NUMBER, CATEGORY = FeatureType.NUMBER, FeatureType.CATEGORY


def schema(**parts: Any) -> Schema:
    return Schema(label=LABEL, **parts)


def column(values: list[Any]) -> list[dict[str, Any]]:
    return [{"x": value} for value in values]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1, 2.5, 3], NUMBER),
        (["1", " 2 ", "?", ""], NUMBER),
        ([None, "NaN", 4], NUMBER),
        ([True, False], NUMBER),
        ([7] * 300, NUMBER),
        (list(range(5000)), NUMBER),
        (["a", "b", "?"], CATEGORY),
        (["a"] * 300, CATEGORY),
        (["1"] * 94 + ["a"] * 6, CATEGORY),
        ([True, "no"], CATEGORY),
        ([str(n) + "a" for n in range(100)] * 3, CATEGORY),
        ([str(n) + "a" for n in range(199)], CATEGORY),
    ],
)
def test_a_column_is_a_number_if_every_value_is(values: list[Any], found: FeatureType) -> None:
    assert infer(column(values), schema()) == (Feature(name="x", type=found),)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1] * 10 + ["head"] + [1] * 189, ["column x", "199 of 200", "'head' in row 11"]),
        (["2"] * 95 + ["a"] * 5, ["column x", "95 of 100", "'a' in row 96"]),
        ([f"2024-05-{n}" for n in range(200)], ["column x", "200 different", "'2024-05-0'"]),
        ([f"{n}a" for n in range(1001)] * 9, ["column x", "1001 different texts in 9009 rows"]),
        ([None, "?", " "], ["column x", "no value"]),
        ([1, {"a": 1}], ["column x", "a dict in row 2", "path"]),
        (["a", [1]], ["column x", "a list in row 2", "exclude"]),
        (["a" * 200] + [1] * 99, ["column x", f"'{'a' * 40}…' in row 1"]),
    ],
)
def test_a_doubtful_column_is_refused_by_name_and_row(values: list[Any], words: list[str]) -> None:
    with pytest.raises(DataRefused) as refused:
        infer(column(values), schema())

    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", ["a column has no name", "rename it"]),
        ("x" * 254, [f"column '{'x' * 40}…'", "254 characters", "253", "rename it"]),
    ],
)
def test_a_column_whose_name_no_feature_can_have_is_refused(name: str, words: list[str]) -> None:
    with pytest.raises(DataRefused) as refused:
        infer([{name: 1, "y": 2}, {"y": 3}], schema())

    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize("values", [[{"a": 1}], [None], [1] * 99 + ["a"], list(map(str, [*"ab"]))])
def test_what_is_excluded_or_declared_is_not_looked_at(values: list[Any]) -> None:
    rows = [{"x": value, "y": 1} for value in values]
    declared = Feature(name="x", type=CATEGORY)
    y = Feature(name="y", type=NUMBER)

    assert infer(rows, schema(exclude=["x"])) == (y,)
    assert infer(rows, schema(features=[declared])) == (declared, y)


def test_declared_features_come_first_and_the_others_by_name() -> None:
    declared = Feature(name="z", type=CATEGORY, missing="-", fill="none")

    features = infer([{"b": 1, "z": "u", "a": "v"}], schema(features=[declared]))

    assert features == (declared, Feature(name="a", type=CATEGORY), Feature(name="b", type=NUMBER))


def test_the_order_of_keys_and_of_rows_does_not_matter() -> None:
    rows = [{"b": 1, "a": 2}, {"a": 3, "c": 4, "b": 1}]

    assert infer(rows, schema()) == infer(rows[::-1], schema())
    assert [feature.name for feature in infer(rows, schema())] == ["a", "b", "c"]


def test_a_column_that_a_declared_path_leads_into_is_no_feature_itself() -> None:
    declared = [
        Feature(name="occupation", type=CATEGORY, path="job.title"),
        Feature(name="pay", type=NUMBER, path="job.pay.month"),
    ]
    rows = [{"job": {"title": "cook", "pay": {"month": 1}}, "occupation": "old", "age": 1}]

    assert infer(rows, schema(features=declared)) == (*declared, Feature(name="age", type=NUMBER))


def test_a_literal_dotted_column_is_a_feature() -> None:
    assert infer([{"capital.gain": 1}], schema()) == (Feature(name="capital.gain", type=NUMBER),)


def test_a_declared_feature_that_no_row_has_is_refused() -> None:
    typo = Feature(name="occupation", type=CATEGORY, path="job.titel")

    with pytest.raises(DataRefused, match=r"feature occupation: .* job\.titel"):
        infer([{"job": {"title": "cook"}}], schema(features=[typo]))


@pytest.mark.parametrize("rows", [[], [{}], [{"x": 1}]])
def test_a_dataset_without_rows_or_columns_is_refused(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(DataRefused, match="dataset"):
        infer(rows, schema(exclude=["x"]))
