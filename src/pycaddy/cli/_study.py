"""What `run` and `worker` share: a function, a sweep, and the project that holds the runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass
from typing import Any

import click

from pycaddy.cli._exit import usage_error
from pycaddy.cli._function import load_function
from pycaddy.cli._options import json_option
from pycaddy.cli._output import say
from pycaddy.cli._project import find_root
from pycaddy.errors import PycaddyError
from pycaddy.project import Project
from pycaddy.project.capture import DEFAULT, PARTS
from pycaddy.project.function import default_identifier
from pycaddy.project.report import RunReport
from pycaddy.sweeper import Sweep, load_sweep

__all__ = ["Work", "output_aside", "report_facts", "say_interrupted", "study_options"]

_NEW_ROOT = "results"


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be called with what, and where its runs lie."""

    function: Callable[..., Any]
    sweep: Sweep
    project: Project
    identifier: str
    chosen: bool
    """Whether the identifier was given, or is not the function's own name."""

    @classmethod
    def of(
        cls,
        function: str,
        sweep: str,
        identifier: str | None,
        project: str | None,
        capture: str,
    ) -> Work:
        """Return what the words mean, and say on stderr which project it is.

        Nothing is made yet: what is wrong about the words leaves no folder behind.
        """
        called = load_function(function)
        own_name = None if identifier else _own_name(called)
        configs = load_sweep(sweep)
        home, _, name = (identifier or function.rpartition(":")[2]).rpartition("/")
        opened = _project(project, capture)
        home_project = opened.sub(home) if home else opened
        return cls(called, configs, home_project, name, chosen=name != own_name)


def _own_name(function: Callable[..., Any]) -> str:
    try:
        return default_identifier(function)
    except ValueError as error:
        raise usage_error(str(error)) from error


def study_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the words that `Work.of` takes, and --json."""
    for decorate in (
        json_option,
        click.option(
            "-p",
            "--project",
            metavar="PATH",
            type=click.Path(file_okay=False),
            help="The project's folder, made if need be. Default: the project that the current "
            f"folder is in, else ./{_NEW_ROOT}.",
        ),
        click.option(
            "--capture",
            metavar="PARTS",
            default=DEFAULT,
            show_default=True,
            help=f"What to keep of the code and the machine: {', '.join(PARTS)}.",
        ),
        click.option(
            "--identifier",
            metavar="NAME",
            help="What kind of runs they are. Default: the function's name. Two functions with one "
            "name need it.",
        ),
        click.option(
            "--sweep",
            required=True,
            metavar="FILE",
            type=click.Path(exists=True, dir_okay=False),
            help="The sweep, in YAML, JSON or TOML.",
        ),
        click.argument("function", metavar="MODULE:FUNCTION"),
    ):
        command = decorate(command)
    return command


@contextmanager
def output_aside(wanted: bool) -> Iterator[None]:
    """Send what functions print to stderr, so that stdout holds the one document.

    Also by the descriptor: C code and child processes print, too.
    """
    if not wanted:
        yield
        return
    sys.stdout.flush()
    saved = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        sys.stdout.flush()
        os.dup2(saved, 1)
        os.close(saved)


def report_facts(work: Work, report: RunReport) -> dict[str, Any]:
    """Return what `--json` says of a report. Keys are only ever added."""
    return {
        "project": str(work.project.root),
        "relpath": work.project.relpath,
        "identifier": work.identifier,
        "done": report.done,
        "failed": report.failed,
        "skipped": report.skipped,
        "held": report.held,
        "waiting": report.waiting,
        "duplicates": report.duplicates,
        "other_functions": report.other_functions,
        "seconds": report.seconds,
        "failures": [asdict(failure) | {"run": str(failure.run)} for failure in report.failures],
    }


def say_interrupted() -> None:
    """Say after Ctrl-C how to go on."""
    say("\nInterrupted. What is done stays done: the same command goes on with the rest.", err=True)


def _project(path: str | None, capture: str) -> Project:
    folder = _NEW_ROOT if path is None else path
    root = (find_root(os.curdir) if path is None else None) or find_root(folder)
    try:
        project = Project(root or folder, capture=capture)
    except ValueError as error:
        if isinstance(error, PycaddyError):
            raise
        raise usage_error(str(error)) from error
    say("Project: " if root else "New project: ", str(project.root), err=True)
    return project
