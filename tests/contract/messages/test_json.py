import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.messages.json import MAX_DEPTH, read_json
from tests.support.contract.json_values import values


@given(values)
def test_json_is_read_as_json(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == value


@given(st.binary() | st.text('[]{}":,0123456789.eE-ntf \\u d8', max_size=30).map(str.encode))
def test_any_bytes_are_json_that_can_be_written_again_or_a_value_error(data: bytes) -> None:
    try:
        value = read_json(data)
    except ValueError:
        return
    assert msgspec.json.decode(msgspec.json.encode(value)) == value


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": NaN}', {"a": None}),
        (b'{"a": [Infinity, -Infinity]}', {"a": [None, None]}),
        (b'{"a": 1e400, "b": -1e400}', {"a": None, "b": None}),
        (b'{"a": 1' + b"0" * 5000 + b"}", {"a": None}),
        (b'{"a": 9007199254740993}', {"a": 9007199254740993}),
        (b'{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_numbers_that_json_has_not_are_null(data: bytes, value: Any) -> None:
    assert read_json(data) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b'"\\ud800"',
        b'{"\\udfff": 1}',
        b'{"a": 1',
        b"{'a': 1}",
        '{"a": 1}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    ],
)
def test_what_could_not_be_written_again_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(data)


def test_the_deepest_value_that_is_read_can_be_written_again() -> None:
    data = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH

    assert msgspec.json.encode(read_json(data)) == data


def test_many_objects_side_by_side_are_not_deep() -> None:
    data = b"[" + b",".join([b"{}"] * 1000) + b"]"

    assert read_json(data) == [{}] * 1000
