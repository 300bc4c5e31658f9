"""Columns for pyarrow, pandas and polars, each imported when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from pycaddy import params
from pycaddy._extras import require
from pycaddy.errors import MissingExtraError

__all__ = ["table", "to_pandas", "to_polars"]


def table(columns: Mapping[str, Sequence[Any]]) -> Any:
    """Return a `pyarrow.Table`; rows would take it 40 times as long."""
    arrow = require("pyarrow", "data")
    return arrow.table({name: _column(arrow, values) for name, values in columns.items()})


def to_pandas(columns: Mapping[str, Sequence[Any]]) -> Any:
    """Return a `pandas.DataFrame`."""
    _library("pandas")
    return table(columns).to_pandas()


def to_polars(columns: Mapping[str, Sequence[Any]]) -> Any:
    """Return a `polars.DataFrame`."""
    return _library("polars").from_arrow(table(columns))


def _column(arrow: Any, values: Sequence[Any]) -> Any:
    kinds = {type(value) for value in values} - {type(None)}
    if len(kinds) == 1 or kinds <= {int, float}:
        try:
            return arrow.array(values)
        except (arrow.ArrowException, OverflowError):
            pass  # lists of unlike values, or a number that no column takes
    return arrow.array([None if value is None else _text(value) for value in values])


def _text(value: object) -> str:
    return value if isinstance(value, str) else params.dump(value)


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise  # it is there, and one of its own parts is not
        raise MissingExtraError(
            f"This needs {name}, which is not installed. "
            f"Run: python -m pip install 'pycaddy[data]' {name}",
            extra="data",
        ) from error
