"""Which runs a command is about: its arguments and options, and the runs that they choose.

Filters are imported where there are any: plain `pycaddy ls` is quick.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from pycaddy.cli._complete import complete_identifier, complete_run, complete_words
from pycaddy.cli._exit import usage_error
from pycaddy.cli._output import say
from pycaddy.cli._project import look_up, open_project
from pycaddy.errors import RunNotFoundError
from pycaddy.ledger import Ledger, RunRecord
from pycaddy.project import Project, Session
from pycaddy.records import parse_uid
from pycaddy.status import Status
from pycaddy.stores import Identifier, Selection

if TYPE_CHECKING:
    from pycaddy.filters import AnyName, Ranking

__all__ = [
    "STALE",
    "best_options",
    "columns_option",
    "find",
    "identifiers_named",
    "name_argument",
    "names_of",
    "run_argument",
    "run_named",
    "runs_named",
    "say_unknown",
    "session_named",
    "sort_option",
    "where_option",
]

STALE = "stale"
"""The status, as it is shown and asked for, of a RUNNING run whose process is gone."""

Homes = Sequence[Identifier] | None
"""Identifiers to look at; None: all."""

_MOST_NAMED = 10
_RUN = re.compile(r"([0-9]{4,18})(?:_|$)", re.ASCII)

run_argument = click.argument("run", shell_complete=complete_run)

name_argument = click.argument("name", required=False, shell_complete=complete_identifier)

where_option = click.option(
    "-w",
    "--where",
    metavar="FILTER",
    shell_complete=complete_words,
    help="Only runs that FILTER describes, as in \"lr < 0.01 and status == 'done'\".",
)

sort_option = click.option(
    "--sort",
    metavar="NAMES",
    shell_complete=complete_words,
    help="Sort by values, as in -val/acc,lr; '-' puts the greatest first.",
)

columns_option = click.option(
    "-c",
    "--columns",
    metavar="NAMES",
    shell_complete=complete_words,
    help="Show these values in place of params and result, as in lr,val/acc.",
)


def best_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--highest` and `--lowest`: as `lowest`, None if neither is given."""

    @functools.wraps(function)
    def command(*, highest: bool, lowest: bool, **others: Any) -> None:
        if highest and lowest:
            raise usage_error("Give --highest or --lowest, not both.")
        function(lowest=True if lowest else False if highest else None, **others)

    lowest = click.option(
        "--lowest", "--min", "lowest", is_flag=True, help="The lowest value is the best."
    )
    highest = click.option(
        "--highest", "--max", "highest", is_flag=True, help="The highest value is the best."
    )
    return highest(lowest(command))


def run_named(words: str, project: str | None) -> tuple[Project, RunRecord]:
    """Return the run that RUN names or is the path of, and its project.

    Raises:
        RunNotFoundError: There is none, or several.
    """
    return look_up(words, project, _run_by_name, _run_by_path)


def session_named(words: str, project: str | None) -> Session:
    """Return a session on the run that RUN names or is the path of."""
    opened, record = run_named(words, project)
    return opened.session_of(record.key)


def identifiers_named(name: str | None, project: str | None) -> tuple[Project, Homes]:
    """Return the project, and the identifiers that NAME names or is the path of.

    Raises:
        RunNotFoundError: There are none.
    """
    if name is None:
        return open_project(project), None
    return look_up(name, project, _homes_by_name, _homes_by_path)


def runs_named(
    name: str | None, where: str | None, project: str | None
) -> tuple[Project, list[RunRecord]]:
    """Return the project, and the runs that NAME and FILTER choose, by identifier and uid."""
    opened, homes = identifiers_named(name, project)
    selection = Selection() if where is None else _selection(where, None, None, None)
    return opened, _read(opened.ledger, homes, selection)


def find(
    ledger: Ledger,
    homes: Homes,
    *,
    where: str | None = None,
    sort: str | None = None,
    status: str | None = None,
    best: Ranking | None = None,
    limit: int | None = None,
) -> tuple[list[RunRecord], int]:
    """Return runs, and how many more there are.

    With an order the first ones are returned, without one the newest, the newest last.

    Args:
        where: A filter.
        sort: An order.
        status: One of `Status` by its value, or STALE.
        best: Only the runs that it ranks, the best first, in place of *sort*.
        limit: At most so many. None: all of them.

    Raises:
        FilterError: *where* or *sort* cannot be read.
    """
    if where is None and sort is None and best is None and status != STALE:
        return _newest(ledger, homes, None if status is None else Status(status), limit)
    selection = _selection(where, sort, status, best)
    runs = _read(ledger, homes, selection)
    if selection.sort and homes is not None:
        from pycaddy.filters import sorted_runs

        runs = sorted_runs(runs, selection.sort)
    elif not selection.sort:
        runs.sort(key=lambda run: run.row)
    if limit is None or len(runs) <= limit:
        return runs, 0
    return runs[:limit] if selection.sort else runs[-limit:], len(runs) - limit


def names_of(columns: str | None) -> dict[str, AnyName]:
    """Return the names in `--columns`; {} without any.

    Raises:
        FilterError: One of them is not a name.
    """
    if columns is None:
        return {}
    from pycaddy.filters import read_names

    return read_names(columns)


def say_unknown(names: Mapping[str, AnyName], runs: Sequence[RunRecord]) -> None:
    """Say on stderr which of *names* none of *runs* has, and suggest a similar one."""
    if not names:
        return
    from pycaddy.filters import unknown

    for text, name in names.items():
        if problem := unknown(text, name, runs):
            say(problem, err=True)


def _selection(
    where: str | None, sort: str | None, status: str | None, best: Ranking | None
) -> Selection:
    from pycaddy import filters

    tests = [] if where is None else [filters.parse(where)]
    if status == STALE:
        tests.append(filters.Test(filters.Name("stale"), "holds"))
    if best is not None:
        tests.append(best.has_number)
    order = () if sort is None else filters.parse_order(sort)
    return Selection(
        status=None if status in (None, STALE) else Status(status),
        where=filters.And(tuple(tests)) if tests else None,
        sort=order if best is None else (best.order,),
    )


def _newest(
    ledger: Ledger, homes: Homes, status: Status | None, limit: int | None
) -> tuple[list[RunRecord], int]:
    newest = Selection(status=status, newest_first=True, limit=limit)
    runs = sorted(_read(ledger, homes, newest), key=lambda run: run.row)
    shown = runs if limit is None else runs[-limit:]
    if limit is None or len(shown) < limit:
        return shown, 0
    # Others may have added some in between.
    return shown, max(_total(ledger, homes, status) - len(shown), 0)


def _read(ledger: Ledger, homes: Homes, selection: Selection) -> list[RunRecord]:
    if homes is None:
        return ledger.records(selection)
    return [
        run
        for home in homes
        for run in ledger.records(selection._replace(relpath=home.relpath, identifier=home.name))
    ]


def _total(ledger: Ledger, homes: Homes, status: Status | None) -> int:
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


def _homes_by_name(project: Project, name: str) -> list[Identifier]:
    """Return the identifiers whose path contains the whole parts *name*."""
    wanted = f"/{name.strip('/')}/"
    return _homes(project, name, lambda home: wanted in f"/{home}/")


def _homes_by_path(project: Project, path: str) -> list[Identifier]:
    """Return the identifiers at or below the folder *path*, relative to the root."""
    return _homes(project, path, lambda home: path == "." or f"{home}/".startswith(f"{path}/"))


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


def _run_by_name(project: Project, name: str) -> RunRecord:
    """Return the run that *name* ends the name of: "imagenet/train/0007", "train/0007", "0007"."""
    home, _, uid = name.strip("/").rpartition("/")
    if not (uid.isascii() and uid.isdigit()):
        raise RunNotFoundError(
            f"{name!r} names no run: a run's name ends in its uid, as 'train/0007' does. "
            "`pycaddy ls` lists the runs there are.",
            run=name,
        )
    number = parse_uid(uid)
    store = project.ledger.store
    found = []
    for counter in store.identifiers():
        full = _path(counter)
        if full == home:
            return project.ledger.read(counter.name, uid, relpath=counter.relpath)
        if not home or full.endswith(f"/{home}"):
            record = store.get(counter.relpath, counter.name, number)
            found += [] if record is None else [record]
    return _only(found, name, project.ledger)


def _only(found: list[RunRecord], name: str, ledger: Ledger) -> RunRecord:
    live = [record for record in found if record.trashed_us is None]
    if len(live) == 1:
        return live[0]
    if not live and found:
        return ledger.reread(found[0])  # refuses, and says how to get it out of the trash
    names = [str(record.key) for record in live]
    hint = (
        f"These end so: {', '.join(names)}. Write more of the name."
        if names
        else "`pycaddy ls` lists the runs there are."
    )
    raise RunNotFoundError(f"No single run {name!r} in {ledger.root}. {hint}", run=name)


def _run_by_path(project: Project, path: str) -> RunRecord:
    """Return the run whose folder or file *path* is, relative to the project's root."""
    parts = path.split("/")
    for depth, part in enumerate(parts[1:], 1):
        # A project's first level never holds runs.
        if match := _RUN.match(part):
            relpath, identifier = "/".join(parts[: depth - 1]), parts[depth - 1]
            return project.ledger.read(identifier, match[1], relpath=relpath)
    raise RunNotFoundError(
        f"{project.root / path} is not the folder or a file of a run. "
        "`pycaddy ls` lists the runs there are.",
        run=path,
    )


def _path(home: Identifier) -> str:
    return f"{home.relpath}/{home.name}" if home.relpath else home.name
