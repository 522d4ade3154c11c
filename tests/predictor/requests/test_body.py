import json
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from perennial_predictor.requests.body import (
    MOST,
    NoMessages,
    TooMany,
    is_array,
    messages_of,
)
from tests.support.contract.json_values import records, values

spaces = st.sampled_from(["", " ", "\n", "\r\n\t  "])
items = st.one_of(
    (values | records).map(lambda value: json.dumps(value, ensure_ascii=False)),
    st.sampled_from(["NaN", "-Infinity", '{"a": 1e999}', '"\\ud800"', '{"a":1,"a":2}', "1" * 5000]),
)


@given(st.lists(items, max_size=5), spaces)
def test_the_items_of_an_array_come_as_they_are_written(written: list[str], space: str) -> None:
    inside = f"{space},{space}".join(written)
    body = f"{space}[{space}{inside}{space}]{space}".encode()

    assert is_array(body)
    assert messages_of(body) == [each.encode() for each in written]


@given(st.binary(max_size=40).map(lambda rest: b"[" + rest))
@example(b"[")
@example(b"[1")
@example(b"[1,")
@example(b"[1,]")
@example(b"[,1]")
@example(b"[1 2]")
@example(b"[1}")
@example(b"[] []")
@example(b"[1] x")
@example(b"[\xff]")
@example(b"[" * 100_000)
@example(b"[" + b'{"a":' * 100_000)
def test_whatever_begins_like_an_array_gives_items_or_says_why_not(body: bytes) -> None:
    with suppress(NoMessages):
        found = messages_of(body)
        assert messages_of(b"[" + b",".join(found) + b"]") == found


@pytest.mark.parametrize(
    "body", [b"[", b"[1", b"[1,", b"[1,]", b"[,1]", b"[1 2]", b"[1}", b"[] []", b"[1] x", b"[\xff]"]
)
def test_an_array_that_is_broken_off_or_goes_on_is_none(body: bytes) -> None:
    with pytest.raises(NoMessages):
        messages_of(body)


def test_an_array_holds_a_bounded_number_of_messages() -> None:
    assert len(messages_of(b"[" + b",".join([b"1"] * MOST) + b"]")) == MOST
    with pytest.raises(TooMany, match="at most 1000"):
        messages_of(b"[" + b",".join([b"1"] * (MOST + 1)) + b"]")


@pytest.mark.parametrize("body", [b"", b"{}", b'"[1]"', b"\x00[1]", b"\xef\xbb\xbf[1]"])
def test_anything_else_is_one_message(body: bytes) -> None:
    assert not is_array(body)
