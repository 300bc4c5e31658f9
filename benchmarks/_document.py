"""The tables in docs/benchmarks.md, made from results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks import _tables
from benchmarks._place import HOME

__all__ = ["DOCUMENT", "update"]

DOCUMENT = HOME.parent / "docs" / "benchmarks.md"


def update(results: Path, document: Path = DOCUMENT) -> list[str]:
    """Put each result into *document*, between `<!-- figure -->` and `<!-- end of figure -->`.

    Returns:
        The figures that were put in.
    """
    paths = sorted(results.glob("*.json"))
    text = document.read_text()
    for path in paths:
        text = _replaced(text, path.stem, _block(json.loads(path.read_text())))
    document.write_text(text)
    return [path.stem for path in paths]


def _block(result: dict[str, Any]) -> str:
    table = _tables.markdown(_tables.of(result))
    return f"{table}\n\n{result['measured_at'][:10]}: {_tables.machine(result['machine'])}."


def _replaced(text: str, figure: str, block: str) -> str:
    begin, end = f"<!-- {figure} -->", f"<!-- end of {figure} -->"
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"The document lacks {begin} or {end}. Put both where the table goes.")
    return f"{before}{begin}\n\n{block}\n\n{end}{after}"
