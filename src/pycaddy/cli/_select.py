"""Which runs a command is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pycaddy.errors import RunNotFoundError
from pycaddy.ledger import Ledger, RunRecord
from pycaddy.project import Project
from pycaddy.status import Status
from pycaddy.stores import Identifier, Selection

__all__ = ["STALE", "homes_by_name", "homes_by_path", "matching", "newest"]

STALE = "stale"
"""The status, as it is shown and asked for, of a RUNNING run whose process is gone."""

_MOST_NAMED = 10


def homes_by_name(project: Project, name: str) -> list[Identifier]:
    """Return the identifiers whose path has the whole parts *name* in it.

    Raises:
        RunNotFoundError: There are none.
    """
    wanted = f"/{name.strip('/')}/"
    return _homes(project, name, lambda home: wanted in f"/{home}/")


def homes_by_path(project: Project, path: str) -> list[Identifier]:
    """Return the identifiers at or below the folder *path*, relative to the root.

    Raises:
        RunNotFoundError: There are none.
    """
    return _homes(project, path, lambda home: path == "." or f"{home}/".startswith(f"{path}/"))


def matching(
    ledger: Ledger,
    homes: Sequence[Identifier] | None,
    selection: Selection,
    limit: int | None,
) -> tuple[list[RunRecord], int]:
    """Return the runs of *selection* in *homes*, and how many more there are.

    Args:
        selection: With a filter or an order, without a limit. In order, the first ones are
            returned; without one, the newest, the newest last.
        limit: At most so many. None: all of them.
    """
    runs = _select(ledger, homes, selection)
    if limit is None or len(runs) <= limit:
        return runs, 0
    shown = runs[:limit] if selection.sort else runs[-limit:]
    return shown, len(runs) - limit


def newest(
    ledger: Ledger, homes: Sequence[Identifier] | None, status: str | None, limit: int | None
) -> tuple[list[RunRecord], int]:
    """Return the newest runs, the newest last, and how many older ones were left out.

    Args:
        homes: Only the runs of these identifiers. None: all runs.
        status: Only runs with this status: one of `Status` by its value, or STALE.
        limit: At most so many. None: all of them.
    """
    if status == STALE:
        # Known only when read, so that all the running ones have to be.
        running = _select(ledger, homes, Selection(status=Status.RUNNING))
        runs = [run for run in running if ledger.is_stale(run)]
        shown = runs if limit is None else runs[-limit:]
        return shown, len(runs) - len(shown)
    wanted = None if status is None else Status(status)
    shown = _select(ledger, homes, Selection(status=wanted, newest_first=True, limit=limit))
    if limit is None or len(shown) < limit:
        return shown, 0
    # Others may have added some in between.
    return shown, max(_total(ledger, homes, wanted) - len(shown), 0)


def _homes(project: Project, words: str, keep: Callable[[str], bool]) -> list[Identifier]:
    known = {_path(home): home for home in project.ledger.store.identifiers()}
    found = [home for path, home in known.items() if keep(path)]
    if found:
        return found
    some = list(known)[:_MOST_NAMED]
    more = f" and {len(known) - len(some)} more" if len(known) > len(some) else ""
    hint = f"It has runs of {', '.join(some)}{more}." if known else "It has no runs yet."
    raise RunNotFoundError(
        f"No identifier or namespace {words!r} in the project {project.root}. {hint}", run=words
    )


def _select(
    ledger: Ledger, homes: Sequence[Identifier] | None, selection: Selection
) -> list[RunRecord]:
    """Return the runs of *selection* in *homes*, in its order or oldest first."""
    if homes is None:
        runs = ledger.records(selection)
    else:
        runs = [
            run
            for home in homes
            for run in ledger.records(
                selection._replace(relpath=home.relpath, identifier=home.name)
            )
        ]
    if selection.sort:
        from pycaddy.filters import sorted_runs

        return runs if homes is None else sorted_runs(runs, selection.sort)
    runs.sort(key=lambda run: run.row)
    return runs if selection.limit is None else runs[-selection.limit :]


def _total(ledger: Ledger, homes: Sequence[Identifier] | None, status: Status | None) -> int:
    within = None if homes is None else {(home.relpath, home.name) for home in homes}
    if status is None:
        return sum(
            number
            for home, number in ledger.store.totals().items()
            if within is None or home in within
        )
    return sum(
        number
        for (relpath, name, found), number in ledger.store.counts().items()
        if (within is None or (relpath, name) in within) and found is status
    )


def _path(home: Identifier) -> str:
    return f"{home.relpath}/{home.name}" if home.relpath else home.name
