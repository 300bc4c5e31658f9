"""What the Tab key offers: runs, identifiers and names of values of the project that is meant.

A completion that fails is none: a shell has no place for a message.
"""

from __future__ import annotations

import re

import click
from click.shell_completion import CompletionItem

from pycaddy.cli._format import printable
from pycaddy.cli._project import open_project
from pycaddy.errors import PycaddyError
from pycaddy.ledger import RunRecord
from pycaddy.project import Project
from pycaddy.stores import Selection

__all__ = ["complete_identifier", "complete_run", "complete_trashed", "complete_words"]

_LOOKED_AT = 50  # runs whose names of params are offered
_MOST = 200
_LAST_WORD = re.compile(r"[\w./\[\]']*$")


def complete_run(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer runs by name, the newest first."""
    return _runs(ctx, incomplete, trashed=False)


def complete_trashed(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer the runs in the trash by name."""
    return _runs(ctx, incomplete, trashed=True)


def complete_identifier(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer identifiers with their namespaces, and the namespaces."""
    project = _project(ctx)
    if project is None:
        return []
    found: set[str] = set()
    for counter in project.ledger.store.identifiers():
        parts = (*counter.relpath.split("/"), counter.name) if counter.relpath else (counter.name,)
        found |= {"/".join(parts[:end]) for end in range(1, len(parts) + 1)}
    return [CompletionItem(name) for name in sorted(found) if name.startswith(incomplete)]


def complete_words(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Offer what filters, orders and columns may name, behind what is written already."""
    from pycaddy.filters import FIELDS
    from pycaddy.query import Runs

    project = _project(ctx)
    if project is None:
        return []
    written = _LAST_WORD.sub("", incomplete)
    word = incomplete[len(written) :]
    newest = Selection(newest_first=True, limit=_LOOKED_AT)
    known = Runs(project.ledger.records(newest), str).columns()
    names = (*FIELDS, *known) if param.name == "where" else tuple(known)
    found = dict.fromkeys(_written(name, param) for name in names)
    return [f"{written}{name}" for name in found if name.startswith(word)][:_MOST]


def _written(column: str, param: click.Parameter) -> str:
    """Return the name of a column as any filter can have it: metrics['val/acc'].max."""
    from pycaddy.filters import read_name

    if param.name != "where" or not column.startswith("metrics.") or "[" in column:
        return column
    return str(read_name(column).places[0])


def _runs(ctx: click.Context, incomplete: str, *, trashed: bool) -> list[CompletionItem]:
    project = _project(ctx)
    if project is None:
        return []
    home = incomplete.rpartition("/")[0]
    offered: list[CompletionItem] = []
    for counter in reversed(project.ledger.store.identifiers()):
        path = f"{counter.relpath}/{counter.name}" if counter.relpath else counter.name
        if home not in ("", path) and not path.startswith(f"{home}/"):
            continue
        selection = Selection(
            counter.relpath, counter.name, trashed=trashed, newest_first=True, limit=_MOST
        )
        offered += [
            CompletionItem(str(run.key), help=_help(run))
            for run in project.ledger.records(selection)
            if str(run.key).startswith(incomplete)
        ]
    return offered[:_MOST]


def _help(run: RunRecord) -> str:
    return printable(" ".join((run.status.value, *run.tags)))


def _project(ctx: click.Context) -> Project | None:
    try:
        return open_project(ctx.params.get("project"))
    except (click.ClickException, PycaddyError, OSError):
        return None
