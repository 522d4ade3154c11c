"""Values of a feature to the cells of its column."""

import math

import pytest

from perennial_contract.resource.schema import Feature, FeatureType
from perennial_model.features.encoder import Encoder, learn
from tests.support.model.encoders import A, B, encoder, shown

NAN = math.nan


def one(features: Feature | Encoder, value: object) -> tuple[object, dict[str, int]]:
    """The only cell of a record that holds the value everywhere."""
    used = features if isinstance(features, Encoder) else encoder(features)
    matrix, unknown = shown(used.encode([{"a": value, "b": value, "c": value}]))
    return matrix[0][0], unknown


@pytest.mark.parametrize(
    ("value", "cell", "unknown"),
    [
        (39, 39, {}),
        ("39", 39, {}),
        (" 39 ", 39, {}),
        (39.0, 39, {}),
        (True, 1, {}),
        (None, None, {}),
        ("", None, {}),
        ("?", None, {}),
        ("NaN", None, {}),
        (NAN, None, {}),
        (math.inf, None, {}),
        (10**400, None, {}),
        ("1e400", None, {}),
        (2**53 + 1, 2**53, {}),
        ("abc", None, {"a": 1}),
        ([1], None, {"a": 1}),
        ({"v": 1}, None, {"a": 1}),
    ],
)
def test_a_number_is_itself_or_missing(
    value: object, cell: float | None, unknown: dict[str, int]
) -> None:
    assert one(A, value) == (cell, unknown)


@pytest.mark.parametrize(
    ("value", "cell", "unknown"),
    [
        ("x", 1, {}),
        (" x ", 1, {}),
        ("X", 0, {"b": 1}),
        ("rare", 0, {"b": 1}),
        ("new", 0, {"b": 1}),
        (39, 0, {"b": 1}),
        ([1], 0, {"b": 1}),
        ({"v": 1}, 0, {"b": 1}),
        (None, 0, {}),
        ("?", 0, {}),
        ("", 0, {}),
    ],
)
def test_a_category_is_its_code_or_unknown(
    value: object, cell: float, unknown: dict[str, int]
) -> None:
    assert one(B, value) == (cell, unknown)


@pytest.mark.parametrize("value", [39, 39.0, "39", " 39 ", "39.0"])
def test_a_category_of_numbers_goes_by_value(value: object) -> None:
    used = learn([{"b": 40}] * 6 + [{"b": "39"}] * 5, [B], [])

    assert one(used, value) == (2, {})


@pytest.mark.parametrize("value", [True, "true", "True"])
def test_a_category_of_booleans_is_not_one_of_numbers(value: object) -> None:
    used = learn([{"b": 1}] * 6 + [{"b": True}] * 5, [B], [])

    assert one(used, value) == (2, {})


@pytest.mark.parametrize("value", [None, "", "?", "nan", " "])
def test_missing_is_a_category_when_it_was_seen_often_enough(value: object) -> None:
    used = learn([{"b": "x"}] * 9 + [{"b": "?"}] * 3 + [{"c": 1}] * 2, [B], [])

    assert one(used, value) == (2, {})


def test_a_list_is_a_missing_category_that_is_counted() -> None:
    used = learn([{"b": "x"}] * 9 + [{}] * 5, [B], [])

    assert one(used, [1]) == (2, {"b": 1})


@pytest.mark.parametrize(
    ("feature", "value", "cell"),
    [
        (Feature(name="a", type=FeatureType.NUMBER, missing="-1"), -1, None),
        (Feature(name="a", type=FeatureType.NUMBER, missing="-1"), "-1.0", None),
        (Feature(name="a", type=FeatureType.NUMBER, missing="none"), " none ", None),
        (Feature(name="a", type=FeatureType.NUMBER, missing="none"), 5, 5),
        (Feature(name="a", type=FeatureType.NUMBER, fill="0.5"), None, 0.5),
        (Feature(name="a", type=FeatureType.NUMBER, fill="0.5"), "?", 0.5),
        (Feature(name="a", type=FeatureType.NUMBER, fill="0.5"), math.inf, 0.5),
        (Feature(name="a", type=FeatureType.NUMBER, missing="-1", fill="0.5"), -1, 0.5),
        (Feature(name="b", type=FeatureType.CATEGORY, fill="y"), None, 2),
        (Feature(name="b", type=FeatureType.CATEGORY, fill="y"), "?", 2),
        (Feature(name="b", type=FeatureType.CATEGORY, missing="x", fill="z"), "x", 1),
        (Feature(name="b", type=FeatureType.CATEGORY, missing="z", fill="y"), " z ", 1),
        (Feature(name="b", type=FeatureType.CATEGORY, fill="nowhere"), None, 0),
    ],
)
def test_a_missing_value_is_taken_for_its_fill(
    feature: Feature, value: object, cell: float
) -> None:
    assert one(feature, value) == (cell, {})


def test_an_unreadable_number_is_filled_and_counted() -> None:
    assert one(Feature(name="a", type=FeatureType.NUMBER, fill="7"), "abc") == (7, {"a": 1})


def test_a_mark_that_is_no_number_hides_no_unreadable_one() -> None:
    assert one(Feature(name="a", type=FeatureType.NUMBER, missing="none"), "abc") == (
        None,
        {"a": 1},
    )


def test_a_filled_level_is_learned_from_the_rows_that_lack_it() -> None:
    other = Feature(name="b", type=FeatureType.CATEGORY, fill="Other")

    used = learn([{"b": "x"}] * 9 + [{"b": None}] * 3 + [{"b": "Other"}] * 2, [other], [])

    assert one(used, None) == one(used, "Other") == (2, {})
