"""JSON values of every kind, for Hypothesis."""

from hypothesis import strategies as st

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(["39", " 39 ", "39.0", "?", "", "nan", "1e400", "1_0", "a", "b", "true"])
)
values = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text("ab.", max_size=3), below),
    max_leaves=5,
)
records = st.dictionaries(st.sampled_from(["a", "b", "c", "d", "a.b", "e"]), values)
