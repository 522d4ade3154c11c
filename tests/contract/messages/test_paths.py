from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.messages.paths import ABSENT, pick, place, remove
from tests.support.contract.json_values import records, values

paths = st.text("ab.", min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("record", "path", "found"),
    [
        ({"a": 1}, "a", 1),
        ({"a": {"b": 2}}, "a.b", 2),
        ({"a": {"b": {"c": 3}}}, "a.b.c", 3),
        ({"a.b": 1, "a": {"b": 2}}, "a.b", 1),
        ({"a": {"b.c": 3, "b": {"c": 4}}}, "a.b.c", 3),
        ({"a": None}, "a", None),
        ({"a": None}, "a.b", ABSENT),
        ({"a": [{"b": 1}]}, "a.b", ABSENT),
        ({"a": "b"}, "a.b", ABSENT),
        ({}, "a", ABSENT),
        ({"a": {"": 1}}, "a.", ABSENT),
    ],
)
def test_a_literal_key_wins_over_nesting(record: dict[str, Any], path: str, found: object) -> None:
    assert pick(record, path) == found


@pytest.mark.parametrize(
    ("record", "path", "placed"),
    [
        ({}, "a", {"a": 9}),
        ({"a": 1}, "a", {"a": 9}),
        ({}, "a.b.c", {"a": {"b": {"c": 9}}}),
        ({"a": {"x": 1}}, "a.b", {"a": {"x": 1, "b": 9}}),
        ({"a.b": 1}, "a.b", {"a.b": 9}),
        ({"a": 1}, "a.b", {"a": 1, "a.b": 9}),
        ({"a": {"b": 1}}, "a.b.c", {"a": {"b": 1, "b.c": 9}}),
    ],
)
def test_placing_loses_nothing(record: dict[str, Any], path: str, placed: dict[str, Any]) -> None:
    place(record, path, 9)

    assert record == placed


@pytest.mark.parametrize(
    ("record", "path", "left"),
    [
        ({"a": 1, "b": 2}, "a", {"b": 2}),
        ({"a": {"b": 1, "c": 2}}, "a.b", {"a": {"c": 2}}),
        ({"a": {"b": {"c": 1}}}, "a.b.c", {}),
        ({"a.b": 1, "a": {"b": 2}}, "a.b", {}),
        ({"a": {"b.c": 1, "b": {"c": 2}, "d": 3}}, "a.b.c", {"a": {"d": 3}}),
        ({"a": {}}, "a.b", {"a": {}}),
        ({"a": 1}, "a.b", {"a": 1}),
    ],
)
def test_removing_leaves_neither_the_value_nor_empty_objects(
    record: dict[str, Any], path: str, left: dict[str, Any]
) -> None:
    remove(record, path)

    assert record == left


@given(records, paths, values)
def test_what_was_placed_is_picked(record: dict[str, Any], path: str, value: object) -> None:
    place(record, path, value)

    assert pick(record, path) == value


@given(records, paths)
def test_what_was_removed_is_nowhere(record: dict[str, Any], path: str) -> None:
    before = deepcopy(record)

    remove(record, path)

    assert pick(record, path) is ABSENT
    assert record == before or pick(before, path) is not ABSENT
