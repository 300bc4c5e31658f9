"""Which project a command is about, and what words mean in it.

Looking never makes anything: a `Project` is opened only where its ledger was made before.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from typing import TypeVar

from pycaddy.cli._exit import NoProjectError, usage_error
from pycaddy.errors import RunNotFoundError
from pycaddy.ledger.address import EARLIER_FILE, ledger_file, project_file
from pycaddy.project import Project

__all__ = ["find_root", "look_up", "no_project", "open_project"]

Found = TypeVar("Found")

_MOST_NEARBY = 1000


def find_root(path: str) -> str | None:
    """Return the nearest project's root that *path* is or lies in."""
    folder = os.path.abspath(path)
    while not _is_root(folder):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    return folder


def open_project(path: str | None) -> Project:
    """Open the project that *path* is or lies in. None: the current folder.

    Raises:
        NoProjectError: There is none.
    """
    start = os.curdir if path is None else path
    root = find_root(start)
    if root is None:
        raise no_project(start)
    return Project(root)


def look_up(
    words: str,
    project: str | None,
    by_name: Callable[[Project, str], Found],
    by_path: Callable[[Project, str], Found],
) -> tuple[Project, Found]:
    """Return a project and what *words* mean in it: by name, else by path.

    Words that begin with "/", "./" or "../" are a path. Others are one if nothing has that
    name, and a file or folder in a project does.

    Args:
        words: What was typed.
        project: The value of `--project`.
        by_name: Finds a name; raises RunNotFoundError if there is nothing of that name.
        by_path: Finds a path, given relative to the project's root with "/" between parts.
    """
    if not _is_path(words):
        try:
            named = open_project(project)
            return named, by_name(named, words)
        except (NoProjectError, RunNotFoundError):
            if not os.path.exists(words) or find_root(words) is None:
                raise
    found = open_project(words)
    if project is not None and found.root != open_project(project).root:
        raise usage_error(f"{words} lies in the project {found.root}, not in {project}.")
    relative = os.path.relpath(os.path.abspath(words), found.root)
    return found, by_path(found, relative.replace(os.sep, "/"))


def no_project(path: str, hint: str | None = None) -> NoProjectError:
    """Return the error that *path* lies in no project.

    Args:
        hint: What to do. Default: what there is nearby.
    """
    folder = os.path.abspath(path)
    return NoProjectError(
        f"{folder} is in no project: neither it nor a folder above it holds a ledger "
        f"(.pycaddy/ledger.db). {hint or _nearby(folder)}"
    )


def _nearby(folder: str) -> str:
    if os.path.isfile(os.path.join(folder, EARLIER_FILE)):
        return f"If its {EARLIER_FILE} is of pycaddy 0.2, `pycaddy import {folder}` adds its runs."
    roots = [os.path.relpath(root) for root in _roots_below(folder)]
    if not roots:
        return "Go to a project's folder, or name it with `-p PATH`."
    if len(roots) == 1:
        return f"There is one below: add `-p {roots[0]}`."
    return f"These are below: {', '.join(roots)}. Add one of them, as in `-p {roots[0]}`."


def _is_root(folder: str) -> bool:
    return os.path.exists(ledger_file(folder)) or os.path.exists(project_file(folder))


def _is_path(words: str) -> bool:
    first = words.replace(os.sep, "/").partition("/")[0]
    return first in ("", os.curdir, os.pardir) or os.path.isabs(words)


def _roots_below(folder: str) -> list[str]:
    """Return the projects in the folder and one level further; it is only for a hint."""
    children = itertools.islice(_folders_in(folder), _MOST_NEARBY)
    candidates = (
        path for child in children for path in itertools.chain((child,), _folders_in(child))
    )
    return sorted(filter(_is_root, itertools.islice(candidates, _MOST_NEARBY)))


def _folders_in(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                    yield entry.path
    except OSError:  # not readable: nothing to hint at
        return
