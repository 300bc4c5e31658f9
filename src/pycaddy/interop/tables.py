"""Runs as a table for other programs: CSV, JSON lines and Parquet."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from pycaddy import codec
from pycaddy._extras import require
from pycaddy._files import replace_file
from pycaddy.ledger import sidecar
from pycaddy.project import Project
from pycaddy.query import Runs
from pycaddy.records import RunRecord
from pycaddy.stores import Selection

__all__ = ["FORMATS", "csv_lines", "csv_table", "export_runs", "json_lines", "write_parquet"]

FORMATS = ("csv", "jsonl", "parquet")

# https://owasp.org/www-community/attacks/CSV_Injection: a cell that begins so is a formula to a
# spreadsheet. The full-width forms count as well.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def export_runs(
    project: Project,
    target: str | os.PathLike[str],
    *,
    format: str | None = None,
    runs: Iterable[RunRecord] | None = None,
) -> int:
    """Write runs to a file, a row for each, and return how many.

    "csv" is for spreadsheets; text that they would take for a formula gets an apostrophe in
    front. "jsonl" loses nothing: each line is what the run's `run.json` says. "parquet" is for
    data frames. The file is complete or not there.

    Args:
        project: Where the runs are.
        target: The file to write; one that is there is replaced.
        format: "csv", "jsonl" or "parquet". Default: as the file's name ends.
        runs: Records to write. Default: all runs of the project's namespace and those below.

    Raises:
        MissingExtraError: "parquet", and pyarrow is not installed.
    """
    path = os.path.abspath(target)
    kind = format or path.rpartition(".")[2]
    if kind not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, not {kind!r}.")
    if runs is None:
        runs = project.ledger.records(Selection(project.relpath, recursive=True))
    records = list(runs)
    if kind == "parquet":
        write_parquet(records, path)
        return len(records)
    id_ = project.ledger.store.project
    lines = csv_lines(records) if kind == "csv" else json_lines(records, id_)
    replace_file(path, "".join(f"{line}\n" for line in lines).encode())
    return len(records)


def csv_lines(records: Sequence[RunRecord]) -> Iterator[str]:
    """Yield the lines of a CSV table, the header first, without line ends."""
    rows = Runs(records, lambda record: record).table()
    names = list(dict.fromkeys(name for row in rows for name in row))
    return csv_table(names, ([row.get(name) for name in names] for row in rows))


def csv_table(names: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield the lines of a CSV table of *rows*, *names* first, without line ends."""
    yield _csv_line(names)
    for row in rows:
        yield _csv_line(row)


def json_lines(records: Iterable[RunRecord], project: str) -> Iterator[str]:
    """Yield each run as one JSON object, as its `run.json` has it."""
    for record in records:
        yield codec.encode(json.loads(sidecar.render(record, project)))


def write_parquet(records: Sequence[RunRecord], path: str) -> None:
    """Write the table as a Parquet file; a column of mixed kinds becomes JSON text."""
    arrow = require("pyarrow", "data")
    parquet = require("pyarrow.parquet", "data")
    columns = Runs(records, lambda record: record).columns()
    table = arrow.table({name: _array(arrow, values) for name, values in columns.items()})
    partial = f"{path}.{os.urandom(6).hex()}.tmp"
    try:
        parquet.write_table(table, partial)
        os.replace(partial, path)
    finally:
        if os.path.exists(partial):
            os.unlink(partial)


def _array(arrow: Any, values: list[Any]) -> Any:
    if not any(isinstance(value, dict) for value in values):
        try:
            return arrow.array(values)
        except (arrow.ArrowException, OverflowError, TypeError):
            pass  # several kinds, or numbers of more than 64 bits
    return arrow.array([None if value is None else codec.encode(value) for value in values])


def _csv_line(values: Iterable[Any]) -> str:
    text = io.StringIO()
    # The characters of the line's end are those that make a cell be quoted.
    csv.writer(text, lineterminator="\r\n").writerow([_cell(value) for value in values])
    return text.getvalue().removesuffix("\r\n")


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (list, dict)):
        return codec.encode(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
