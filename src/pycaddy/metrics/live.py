"""The recorders of this process: a module of its own, since every run that ends looks here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pycaddy.metrics.recorder import Recorder

__all__ = ["recorders"]

recorders: dict[str, Recorder] = {}
"""By the place that they write to; empty in a process that has logged nothing."""
