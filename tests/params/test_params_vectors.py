"""The canonical form is the one that docs/params.md defines, for every program and version."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from pycaddy.params import VERSION, freeze, thaw
from pycaddy.params._text import canonical
from tests.params import stranger
from tests.params.strategies import floats, plain_mappings

FILE = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
VECTORS: list[dict[str, Any]] = FILE["vectors"]

each_vector = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])


def test_the_vectors_are_of_this_version() -> None:
    assert FILE["version"] == VERSION


@each_vector
def test_a_vector_has_its_key(vector: dict[str, Any]) -> None:
    frozen = freeze(thaw(vector["text"]), ignore=vector.get("ignore", ()))
    assert frozen.key == vector["key"]
    assert frozen.text == vector["text"]


@each_vector
def test_the_key_of_a_vector_is_the_hash_of_its_canonical_text(vector: dict[str, Any]) -> None:
    assert sha256(vector["canonical"].encode()).hexdigest() == vector["key"]
    if "ignore" not in vector:
        assert canonical(thaw(vector["text"])) == vector["canonical"]


@given(plain_mappings)
def test_a_stranger_computes_the_same_key(values: dict[str, Any]) -> None:
    assert canonical(values) == stranger.canonical(values)
    assert freeze(values).key == stranger.key(values)


@given(floats)
def test_a_stranger_writes_every_float_alike(value: float) -> None:
    assert canonical(value) == stranger.canonical(value)
