"""What the tests have carried out, in modules that workers can import."""

from __future__ import annotations

import os
import signal
from typing import Any

from pycaddy.project import Session

RUNS = 40
RAISES = 3
DIES = 5
SWEEP = [{"number": number} for number in range(RUNS)]


def train(run: Session) -> dict[str, Any]:
    """Forty of a kind, of which one raises and one takes its worker down."""
    number = run.params["number"]
    print(f"number {number}", flush=True)
    if number == RAISES:
        raise ValueError("three is no good")
    if number == DIES:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"square": number**2, "pid": os.getpid()}


def train_well(run: Session) -> dict[str, Any]:
    return {"square": run.params["number"] ** 2}


def die_at_first(run: Session) -> dict[str, Any]:
    """Take the worker down on the first attempt, and be done on the second."""
    if run.attempt == 1:
        os._exit(7)
    return {"attempt": run.attempt}
