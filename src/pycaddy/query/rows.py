"""Rows of plain values, and the libraries that take them over as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, overload

from pycaddy.query import _arrow

__all__ = ["Rows"]

_MOST_SHOWN = 100


class Rows(Sequence[Mapping[str, Any]]):
    """Rows of plain values by the names of their columns; a row may lack some."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        self._rows = list(rows)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> Rows: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | Rows:
        return Rows(self._rows[index]) if isinstance(index, slice) else self._rows[index]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._rows)

    def __eq__(self, other: object) -> bool:
        return list(other) == self._rows if isinstance(other, (Rows, list)) else NotImplemented

    def columns(self) -> dict[str, list[Any]]:
        """Return the same by columns; None where a row has no value."""
        columns: dict[str, list[Any]] = {}
        for number, row in enumerate(self._rows):
            for name, value in row.items():
                column = columns.get(name)
                if column is None:
                    column = columns[name] = [None] * len(self._rows)
                column[number] = value
        return columns

    def to_arrow(self) -> Any:
        """Return a `pyarrow.Table`. A column of unlike values becomes their JSON texts.

        Raises:
            MissingExtraError: pyarrow is not installed.
        """
        return _arrow.table(self.columns())

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame`. Raises MissingExtraError without pandas and pyarrow."""
        return _arrow.to_pandas(self.columns())

    def to_polars(self) -> Any:
        """Return a `polars.DataFrame`. Raises MissingExtraError without polars and pyarrow."""
        return _arrow.to_polars(self.columns())

    def __repr__(self) -> str:
        return f"Rows({len(self)} of {', '.join(self.columns())})"

    def __str__(self) -> str:
        """Return them as aligned text."""
        return "\n".join(aligned(self.columns()))

    def _repr_html_(self) -> str:
        columns = self[:_MOST_SHOWN].columns()
        head = "".join(f"<th>{escape(name)}</th>" for name in columns)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(shown(value))}</td>' for value in row)}</tr>"
            for row in zip(*columns.values(), strict=True)
        )
        left_out = len(self) - _MOST_SHOWN
        more = f"<caption>{left_out:,} more rows</caption>" if left_out > 0 else ""
        return f"<table>{more}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def shown(value: object) -> str:
    """Return a value for people: "" for None, floats in six digits."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    return str(value)


def aligned(columns: Mapping[str, Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a table, its names first."""
    texts = [[name, *map(shown, values)] for name, values in columns.items()]
    widths = [max(map(len, column)) for column in texts]
    for line in zip(*texts, strict=True):
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "  ".join(cells).rstrip()
