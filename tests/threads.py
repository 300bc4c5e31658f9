"""Patches that the threads of earlier tests do not see."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import Any


def in_this_thread(patch: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that is *patch* in the calling thread and *original* in every other one.

    A test process has more threads than its test: heartbeats of earlier tests write to the disk.
    """
    caller = get_ident()

    def call(*args: Any) -> Any:
        return (patch if get_ident() == caller else original)(*args)

    return call
