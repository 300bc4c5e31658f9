"""How projects and sessions look in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

from pycaddy.ledger import RunRecord
from pycaddy.status import Status

__all__ = ["project_html", "session_html"]


def session_html(record: RunRecord, files: Mapping[str, Path]) -> str:
    """Return a run as a table: its state, params, result and files."""
    rows: list[tuple[str, object]] = [("status", record.status.name), ("attempt", record.attempt)]
    if record.seconds is not None:
        rows.append(("seconds", f"{record.seconds:.3g}"))
    rows += [(f"params.{name}", repr(value)) for name, value in record.params.items()]
    rows += [(f"result.{name}", repr(value)) for name, value in (record.result or {}).items()]
    rows += [(f"files.{name}", path) for name, path in files.items()]
    if record.error_text:
        rows.append(("error", record.error_text.strip().rpartition("\n")[2]))
    return _table(str(record.key), ("", ""), rows)


def project_html(root: Path, relpath: str, counts: Mapping[tuple[str, str, Status], int]) -> str:
    """Return a project as a table: its identifiers, and how many runs are in which status."""
    within = f"{relpath}/" if relpath else ""
    by_identifier: dict[str, dict[Status, int]] = {}
    for (namespace, name, status), count in counts.items():
        if f"{namespace}/".startswith(within):
            identifier = f"{namespace}/{name}" if namespace else name
            by_identifier.setdefault(identifier, {})[status] = count
    rows = [
        (name, *(found.get(status, 0) for status in Status))
        for name, found in sorted(by_identifier.items())
    ]
    header = ("identifier", *(status.name for status in Status))
    return _table(str(root / relpath), header, rows)


def _table(caption: str, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header) if any(header) else ""
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows
    )
    return (
        f"<table><caption><code>{escape(caption)}</code></caption>"
        f"{f'<thead><tr>{head}</tr></thead>' if head else ''}<tbody>{body}</tbody></table>"
    )
