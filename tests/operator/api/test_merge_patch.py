from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from perennial_operator.api.merge_patch import difference
from tests.fakes.cluster import merged

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
