"""The runs that were found: a sequence of sessions, and a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

from pycaddy import filters
from pycaddy.ledger import Ledger, RunRecord
from pycaddy.query._aggregate import aggregated, known_names
from pycaddy.query._table import rows_of, varying
from pycaddy.query.rows import Rows
from pycaddy.stores import Selection

__all__ = ["Runs", "select"]

T = TypeVar("T")


class Runs(Sequence[T], Generic[T]):
    """Runs as they were when they were found; each element is made when it is asked for.

    Args:
        records: What the ledger had of them.
        open_run: Makes an element of a record.
        is_stale: Tells whether a run is stale, for a table or a group that asks.
    """

    def __init__(
        self,
        records: Sequence[RunRecord],
        open_run: Callable[[RunRecord], T],
        is_stale: filters.IsStale | None = None,
    ) -> None:
        self.records = tuple(records)
        """What the ledger had of each run."""
        self._open = open_run
        self._is_stale = is_stale

    def __len__(self) -> int:
        return len(self.records)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Runs[T]: ...
    def __getitem__(self, index: int | slice) -> T | Runs[T]:
        if isinstance(index, slice):
            return Runs(self.records[index], self._open, self._is_stale)
        return self._open(self.records[index])

    def __iter__(self) -> Iterator[T]:
        return map(self._open, self.records)

    def table(self, columns: str | Sequence[str] | None = None) -> Rows:
        """Return a row per run: what it is, its params (`opt.lr`), `result.*` and `metrics.*`.

        Args:
            columns: The names of the only values to return: "lr, val/acc". A run that lacks one
                has None there. Default: every field, param and part of the result, and the last,
                least and greatest value of each metric.

        Raises:
            FilterError: One of *columns* is not a name, or no run has such a value.
        """
        if columns is None:
            return Rows(rows_of(self.records))
        names = known_names(columns, self.records)
        runs = (filters.Seen(record, self._is_stale) for record in self.records)
        return Rows({text: run.cell(name) for text, name in names.items()} for run in runs)

    def columns(self) -> dict[str, list[Any]]:
        """Return the table by columns; None where a run has no value."""
        return self.table().columns()

    def to_arrow(self) -> Any:
        """Return the table as a `pyarrow.Table`; see `Rows.to_arrow`."""
        return self.table().to_arrow()

    def to_pandas(self) -> Any:
        """Return the table as a `pandas.DataFrame`."""
        return self.table().to_pandas()

    def to_polars(self) -> Any:
        """Return the table as a `polars.DataFrame`."""
        return self.table().to_polars()

    def params_that_vary(self) -> dict[str, list[Any]]:
        """Return the params in which these runs differ, with the values that they have."""
        return varying(self.records)

    def group_by(
        self,
        by: str | Sequence[str] | None = None,
        *,
        over: str | Sequence[str] | None = None,
        of: str | Sequence[str] | None = None,
    ) -> Rows:
        """Return one row per group of runs: how many, and the mean of their numbers.

            runs.group_by("lr,width", over="seed")

        A row has `n`, and of each number `x` its mean `x`, the standard deviation `x.std`, and
        the 95 % confidence interval of the mean from `x.low` to `x.high` by Student's t. With
        one run there is neither, and None stands in their place.

        Args:
            by: What the runs of a group share: params, fields, parts of the result. Default:
                all params that vary, but for those of *over*.
            over: What they may differ in. With *by*, other params must not differ in a group.
            of: The numbers. Default: all in the results, and the last of each metric.

        Raises:
            FilterError: A word is not a name, or no run has such a value.
            ValueError: The runs of a group differ in more than *over*, or neither is given.
        """
        return Rows(aggregated(self.records, by, over, of, self._is_stale))

    def __repr__(self) -> str:
        counts = Counter(record.status.value for record in self.records)
        numbers = ", ".join(f"{number} {status}" for status, number in counts.items())
        return f"Runs({len(self)}{f': {numbers}' if numbers else ''})"

    def __str__(self) -> str:
        """Return the table as aligned text."""
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def select(
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
        selection = selection._replace(where=filters.parse(where))
    if sort is not None:
        selection = selection._replace(sort=filters.parse_order(sort))
    return Runs(ledger.records(selection), open_run, ledger.is_stale)
