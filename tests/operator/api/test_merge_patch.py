from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_operator.api.merge_patch import difference, merged

Json = dict[str, Any]

# A tuple stands for a list: it is compared and replaced as a whole.
JSON = st.recursive(
    st.sampled_from([0, 1, "x", "", (), (1,)]),
    lambda below: st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    max_leaves=4,
)
DOCUMENTS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)


@given(before=DOCUMENTS, after=DOCUMENTS)
def test_the_patch_makes_the_new_status_of_the_old(before: Json, after: Json) -> None:
    assert merged(before, difference(before, after)) == after
    assert difference(after, after) == {}


@pytest.mark.parametrize(
    ("before", "patch", "after"),
    [
        ({"a": "b"}, {"a": "c", "b": None}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"a": 1}, {"a": {"b": {"c": None}}}, {"a": {"b": {}}}),
    ],
)
def test_a_patch_does_what_its_rfc_says(before: Json, patch: Json, after: Json) -> None:
    assert merged(before, patch) == after
