"""The runs that were found: a sequence of sessions, and a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar, overload

from pycaddy import filters
from pycaddy.ledger import Ledger, RunRecord
from pycaddy.query._table import columns_of, rows_of
from pycaddy.stores import Selection

__all__ = ["Runs", "find"]

T = TypeVar("T")


class Runs(Sequence[T], Generic[T]):
    """Runs as they were when they were found; each element is made when it is asked for.

    Args:
        records: What the ledger had of them.
        open_run: Makes an element of a record.
    """

    def __init__(self, records: Sequence[RunRecord], open_run: Callable[[RunRecord], T]) -> None:
        self.records = tuple(records)
        """What the ledger had of each run."""
        self._open = open_run

    def __len__(self) -> int:
        return len(self.records)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Runs[T]: ...
    def __getitem__(self, index: int | slice) -> T | Runs[T]:
        if isinstance(index, slice):
            return Runs(self.records[index], self._open)
        return self._open(self.records[index])

    def __iter__(self) -> Iterator[T]:
        return map(self._open, self.records)

    def table(self) -> list[dict[str, Any]]:
        """Return one flat dict per run: `run`, `uid`, `status`, params, `result.*`, `metrics.*`."""
        return rows_of(self.records)

    def columns(self) -> dict[str, list[Any]]:
        """Return the table by columns; None where a run has no value."""
        return columns_of(self.records)


def find(
    ledger: Ledger,
    selection: Selection,
    where: str | None,
    sort: str | Sequence[str] | None,
    open_run: Callable[[RunRecord], T],
) -> Runs[T]:
    """Return the runs of *selection* that *where* describes, in the order *sort*.

    Raises:
        FilterError: *where* or *sort* cannot be read.
    """
    if where is not None:
        selection = replace(selection, where=filters.parse(where))
    if sort is not None:
        selection = replace(selection, sort=filters.parse_order(sort))
    return Runs(ledger.records(selection), open_run)
