"""The hash that pycaddy 0.2 kept of params, computed by its own code and by ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycaddy import params
from pycaddy.params._earlier import earlier_hashes
from tests.ledger.earlier.contents import configs
from tests.ledger.earlier.environment import talking_to

Hash = Callable[[object], str]

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | TEXT
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
PARAMS = st.dictionaries(TEXT, VALUES, min_size=1, max_size=4).filter(
    lambda values: params._text.TAG not in json.dumps(values)
)


@pytest.fixture(scope="module")
def theirs() -> Iterator[Hash]:
    """The function of pycaddy 0.2.0."""
    with talking_to("hash") as process:

        def hash_of(values: object) -> str:
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps(values) + "\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        yield hash_of


@given(PARAMS)
def test_it_is_the_hash_of_pycaddy_0_2(theirs: Hash, values: dict[str, object]) -> None:
    assert earlier_hashes(params.thaw(params.freeze(values).text))[0] == theirs(values)


@pytest.mark.parametrize("values", configs(3))
def test_tuples_and_empty_dicts_are_hashed_as_there(
    theirs: Hash, values: dict[str, object]
) -> None:
    assert earlier_hashes(params.freeze(values).plain)[0] == theirs(values)


def test_nested_params_have_the_hash_of_dotted_keys_as_well(theirs: Hash) -> None:
    dotted = {"model.layers": 3, "opt.lr.first": 0.1, "seed": 1}
    nested = {"model": {"layers": 3}, "opt": {"lr": {"first": 0.1}}, "seed": 1}
    assert earlier_hashes(nested) == [theirs(nested), theirs(dotted)]
    assert earlier_hashes({"seed": 1}) == [theirs({"seed": 1})]


def test_1_and_1_0_have_different_hashes_as_there(theirs: Hash) -> None:
    assert earlier_hashes({"x": 1}) != earlier_hashes({"x": 1.0})
    assert earlier_hashes({"x": 1.0}) == [theirs({"x": 1.0})]
