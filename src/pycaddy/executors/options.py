"""The executors that have a name: the one table of what each accepts and needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pycaddy.errors import MissingExtraError

__all__ = ["EXECUTORS", "ExecutorKind", "accepting", "listed", "missing", "refuse_unfit"]


class ExecutorKind(NamedTuple):
    """What an executor does, accepts and needs."""

    summary: str
    """Where a run is carried out."""
    options: tuple[str, ...] = ()
    """The options of `Project.run` that only some executors accept."""
    extra: str | None = None
    """The extra of pycaddy to install."""


EXECUTORS: Mapping[str, ExecutorKind] = {
    "local": ExecutorKind("a process of its own on this machine", ("timeout_s", "gpus")),
    "threads": ExecutorKind("a thread of this process"),
    "serial": ExecutorKind("this thread, one run after another, for debuggers"),
    "dask": ExecutorKind("Dask workers", extra="dask"),
    "ray": ExecutorKind("Ray tasks", ("gpus",), "ray"),
    "slurm": ExecutorKind("the tasks of a job array", ("timeout_s", "gpus"), "slurm"),
}


def accepting(option: str) -> list[str]:
    """Return the names of the executors that accept *option*."""
    return [name for name, kind in EXECUTORS.items() if option in kind.options]


def listed(names: Sequence[str], last: str) -> str:
    """Return names as prose: "local, ray or slurm", where *last* is "or"."""
    *others, final = names
    return f"{', '.join(others)} {last} {final}" if others else final


def refuse_unfit(executor: object, **given: bool) -> None:
    """Refuse options that are *given* and that *executor* does not accept.

    Raises:
        ValueError: It names the executors that accept the option.
    """
    for option, is_given in given.items():
        names = accepting(option)
        if is_given and executor not in names:
            known = listed([repr(name) for name in names], "or")
            raise ValueError(f"{option} needs executor={known}, not {executor!r}.")


def missing(name: str, library: str) -> MissingExtraError:
    """Return the error for an executor whose library is not installed."""
    extra = EXECUTORS[name].extra
    return MissingExtraError(
        f"executor={name!r} needs {library}. Run: pip install 'pycaddy[{extra}]'", extra=extra
    )
