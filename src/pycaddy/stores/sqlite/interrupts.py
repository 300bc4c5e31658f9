"""Ctrl-C that waits for the end of a transaction.

Python runs the handler of a signal in the main thread, between any two of its instructions. So
the main thread replaces the handler of SIGINT by one that takes a note, and calls the original
one when the transaction is over.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` converts to enums: ten times slower
import os
import threading
from collections.abc import Callable
from typing import Any

__all__ = ["DeferredInterrupt"]


class DeferredInterrupt:
    """A block of code that Ctrl-C does not enter: from `defer` to `end`.

    In other threads than the main one it does nothing: Python interrupts only that one.
    """

    _handler: Callable[[int, Any], Any] | None = None
    came = False
    """Whether Ctrl-C was pressed and is not delivered yet."""

    def defer(self) -> None:
        """Take a note of Ctrl-C from now on."""
        if threading.get_ident() == _main_thread:
            handler = _signal.getsignal(_signal.SIGINT)
            if callable(handler):
                self._handler = handler
                _signal.signal(_signal.SIGINT, self._note)

    def deliver(self) -> None:
        """Call the original handler if Ctrl-C came: for code that waits, and may be left here."""
        if self.came and self._handler is not None:
            self.came = False
            self._handler(_signal.SIGINT, None)

    def end(self) -> None:
        """Put the original handler back, and call it if Ctrl-C came."""
        handler = self._handler
        if handler is not None:
            self._handler = None
            _signal.signal(_signal.SIGINT, handler)
            if self.came:
                self.came = False
                handler(_signal.SIGINT, None)

    def _note(self, number: int, frame: object) -> None:
        self.came = True


_main_thread = threading.main_thread().ident


def _after_fork_in_child() -> None:
    global _main_thread  # noqa: PLW0603 - the thread that forks is the main one of its child
    _main_thread = threading.get_ident()


if hasattr(os, "register_at_fork"):  # Windows has no fork.
    os.register_at_fork(after_in_child=_after_fork_in_child)
