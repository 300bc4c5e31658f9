"""How far a sweep is, for people who watch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from pycaddy.project._notebook_bar import is_notebook, notebook_bar

__all__ = ["Watcher", "watching"]


class Watcher(Protocol):
    """Told of each change of the counts."""

    def update(self, *, done: int, failed: int, running: int, skipped: int) -> None:
        """Show how many runs are where."""


class _Silent:
    def update(self, *, done: int, failed: int, running: int, skipped: int) -> None:
        pass


@contextmanager
def watching(title: str, total: int | None, *, wanted: bool) -> Iterator[Watcher]:
    """Show a progress bar on a terminal or in a notebook; elsewhere nothing.

    Args:
        total: How many configurations there are; None if that is not known.
    """
    if not wanted:
        yield _Silent()
        return
    if is_notebook():
        with notebook_bar(title, total) as shown:
            yield shown
        return
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Silent()
        return
    from rich import progress

    bar = progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("[green]{task.fields[done]} done[/]"),
        progress.TextColumn("[red]{task.fields[failed]} failed[/]"),
        progress.TextColumn("{task.fields[running]} running"),
        progress.TimeRemainingColumn(),
        console=console,
    )
    with bar:
        task = bar.add_task(title, total=total, done=0, failed=0, running=0)

        class Bar:
            def update(self, *, done: int, failed: int, running: int, skipped: int) -> None:
                bar.update(
                    task,
                    completed=done + failed + skipped,
                    done=done,
                    failed=failed,
                    running=running,
                )

        yield Bar()
