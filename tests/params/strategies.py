"""Plain values, as hypothesis draws them."""

from __future__ import annotations

from hypothesis import strategies as st

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
keys = texts.filter(lambda key: key != "__float__")
integers = st.integers() | st.integers(-(10**400), 10**400)
floats = st.floats() | st.integers(-(10**308), 10**308).map(float)
scalars = st.none() | st.booleans() | integers | floats | texts

plain_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
plain_mappings = st.dictionaries(keys, plain_values, max_size=6)

# So few that two draws often are, or almost are, the same.
alike = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 0.0, -0.0, 1.0, 0.5, 2**60, 2.0**60, 2**60 + 1])
    | st.sampled_from([float("nan"), float("inf"), float("-inf"), "", "a", "1", "nan", "null"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=3,
)
