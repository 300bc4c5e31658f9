"""Whatever is given as params is kept as it is, or refused with the place of what cannot be."""

from __future__ import annotations

import enum
from collections import OrderedDict, UserDict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycaddy import ExistingRun, Project
from pycaddy.errors import ParamsError
from pycaddy.params import freeze, thaw
from tests.faults.conftest import LONG
from tests.postgres import with_schema


class Color(enum.Enum):
    RED = "red"
    LONE = "\udc80"


class Hostile:
    """Fails wherever it is touched."""

    def __getattr__(self, name: str) -> Any:
        raise ZeroDivisionError(name)

    def __repr__(self) -> str:
        raise ZeroDivisionError

    __str__ = __len__ = __iter__ = __bool__ = __hash__ = __repr__  # type: ignore[assignment]


class Liar(UserDict[Any, Any]):
    """A mapping whose values are gone when they are asked for."""

    def __getitem__(self, key: Any) -> Any:
        raise KeyError(key)


def endless() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["itself"] = [value]
    return value


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def oddities() -> list[Any]:
    """Values that people have given by mistake, or might; made anew, for some are used up."""
    return [
        Hostile(), Liar(a=1), OrderedDict(b=1, a=2), Color.RED, Color.LONE, object, object(), len,
        10**5000, -(10**400), 2**64, 1j, b"\xff\x00", bytearray(b"x"), memoryview(b"x"), range(9),
        {1, "a", None}, frozenset({1.5}), (1, (2,)), Path("/tmp/x"), PurePosixPath("a\udc80"),
        date(2026, 1, 31), datetime.max.replace(tzinfo=UTC), timedelta(1), Decimal(1),
        Decimal("sNaN"), Decimal("1e999999"), Fraction(1, 3), uuid4(), np.str_("a\0"),
        np.float32(0.1), np.int8(1), np.bool_(True), np.array([[1, 2]]), np.array("x"),
        np.array([object()]), np.datetime64("2026-01-31"), Ellipsis, NotImplemented,
        nested(60), nested(100), nested(5000), endless(), "x" * 2_000_000, "\ud800", "\0",
        {"__float__": "nan"}, {"": {}}, {1: "a", "1": "b"}, {None: 1}, {("a",): 1}, {"\ud800": 1},
        iter([1]), (value for value in [1]), type("Odd", (), {"x": 1})(), Exception("x"),
    ]  # fmt: skip


odd = st.integers(0, len(oddities()) - 1).map(lambda place: oddities()[place])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | odd,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.integers() | st.none(), inner, max_size=3)
        | st.tuples(inner)
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def project(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    url = None
    if request.param == "postgres":
        url = with_schema(request.getfixturevalue("postgres"), "fuzzed_params")
    project = Project(tmp_path_factory.mktemp("p"), ledger=url, durability="process", capture=None)
    yield project
    project.ledger.store.close()


@given(st.dictionaries(st.text(max_size=4), anything, max_size=3) | anything)
@settings(max_examples=3000 if LONG else 300)
def test_any_params_are_kept_exactly_or_refused_by_name(project: Project, given: Any) -> None:
    try:
        frozen = freeze(given)
    except ParamsError as error:
        message = str(error)
        message.encode()
        assert len(message) < 2000
        assert message.endswith((".", ")", '"', "'", "`"))
        with pytest.raises(ParamsError):
            project.session("refused", given)
        return
    assert freeze(thaw(frozen.text)).key == frozen.key
    run = project.session("kept", given).done()
    seen = project.session_of(run.key)
    assert repr(seen.params) == repr(frozen.plain)
    assert project.session("kept", seen.params, ExistingRun.RESUME).param_hash == run.param_hash


def test_of_what_was_refused_nothing_is_left(project: Project) -> None:
    assert project.sessions("refused") == []
    assert not (project.root / "refused").exists()
