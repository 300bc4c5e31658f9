"""How far a sweep is, in a notebook: one display below the cell, which is kept up to date.

rich draws its bars there only with ipywidgets; every kernel has IPython's displays.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from importlib import import_module
from time import monotonic
from typing import Any

__all__ = ["NotebookBar", "is_notebook", "notebook_bar"]

_PAUSE_S = 0.2
"""Between two updates: a page with ten thousand of them a second is no help."""


class NotebookBar:
    """A bar and the counts beside it, as a notebook shows an object."""

    def __init__(self, title: str, total: int | None) -> None:
        self._title = title
        self._total = total
        self._ended = 0
        self._text = ""
        self._handle: Any = None
        self._drawn_at = 0.0
        self.update(done=0, failed=0, running=0, skipped=0)

    def update(self, *, done: int, failed: int, running: int, skipped: int) -> None:
        """Show how many runs are where, unless that was done a moment ago."""
        self._ended = done + failed + skipped
        of = "?" if self._total is None else self._total
        counts = f"{done} done, {failed} failed, {running} running"
        self._text = f"{self._title} {self._ended}/{of}: {counts}"
        if self._handle is not None and monotonic() - self._drawn_at >= _PAUSE_S:
            self.draw()

    def draw(self) -> None:
        """Show what is known now."""
        if self._handle is None:
            self._handle = import_module("IPython.display").display(self, display_id=True)
        else:
            self._handle.update(self)
        self._drawn_at = monotonic()

    def __repr__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        # Without a value the bar moves to and fro: nobody knows how many there are.
        known = "" if self._total is None else f' value="{self._ended}" max="{self._total or 1}"'
        return f"<progress{known}></progress> {escape(self._text)}"


def is_notebook() -> bool:
    """Whether this process is the kernel of a notebook. IPython is not loaded to find out."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


@contextmanager
def notebook_bar(title: str, total: int | None) -> Iterator[NotebookBar]:
    """Show a bar, and at the end how it ended."""
    bar = NotebookBar(title, total)
    bar.draw()
    try:
        yield bar
    finally:
        bar.draw()
