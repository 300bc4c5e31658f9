"""Results as tables of text, for the terminal and for docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks._rounds import Row

__all__ = ["is_over", "machine", "markdown", "of"]

Table = list[list[str]]
"""Lines of cells; the first is the header."""

HEADER = ["", "ours", "floor", "ratio", "quartiles", "limit", ""]


def of(result: Mapping[str, Any]) -> Table:
    """Return the table of a figure's result.

    A line for each row, ours beside its floor; or of the peers, a line for each operation and a
    column for each peer.
    """
    rows = result["rows"]
    return _peers(rows) if "peer" in rows[0] else [HEADER, *map(_figure, rows)]


def _peers(rows: list[Row]) -> Table:
    versions = {row["peer"]: row["version"] for row in rows}
    names = list(dict.fromkeys(row["name"] for row in rows))
    cells = {
        (row["name"], row["peer"]): f"{_time(row['ours_s'])} ({row['ratio']:.1f}x)" for row in rows
    }
    return [
        ["", *versions.values()],
        *([name, *(cells.get((name, peer), "-") for peer in versions)] for name in names),
    ]


def is_over(row: Row) -> bool:
    """Whether the row is above its limit."""
    if "limit_s" in row:
        return bool(row["extra_s"] > row["limit_s"] or row["third_party"])
    return row["limit"] is not None and bool(row["ratio"] > row["limit"])


def machine(facts: Mapping[str, Any]) -> str:
    """Return one sentence on the machine that measured."""
    load = "" if facts["load"] is None else f", load {facts['load']:.1f} at the start"
    return (
        f"Python {facts['python']}, SQLite {facts['sqlite']}, {facts['system']}, "
        f"{facts['cores']} cores{load}, {facts['file_system']} where an fsync of 4 KiB takes "
        f"{facts['fsync_us']:,.0f} us"
    )


def markdown(table: Table) -> str:
    """Return *table* in Markdown, numbers to the right."""
    header, *lines = table
    rule = ["---", *("---:" for _ in header[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *lines))


def _figure(row: Row) -> list[str]:
    ratio = f"{row['ratio']:.2f}"
    limit = "" if row["limit"] is None else f"{row['limit']:.2f}"
    if "limit_s" in row:
        ratio, limit = f"+{_time(row['extra_s'])}", f"+{_time(row['limit_s'])}"
    quartiles = f"{row['low']:.2f} - {row['high']:.2f}" if "low" in row else ""
    over = "over" if is_over(row) else ""
    return [row["name"], _amount(row, "ours"), _amount(row, "floor"), ratio, quartiles, limit, over]


def _amount(row: Row, side: str) -> str:
    if f"{side}_s" in row:
        return _time(row[f"{side}_s"])
    return f"{row[f'{side}_bytes'] / 1e3:,.1f} kB"


def _time(seconds: float) -> str:
    for unit, size in (("us", 1e-6), ("ms", 1e-3)):
        if seconds < 1000 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
