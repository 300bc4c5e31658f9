"""Somebody who presses Ctrl-C."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable


def interrupter(earliest_s: float, latest_s: float) -> Callable[[], object]:
    """Return what asks for an interrupt of this process, some time from now within these."""
    waiting, asking = os.pipe()
    if os.fork() == 0:
        os.close(asking)
        while os.read(waiting, 1):
            time.sleep(random.uniform(earliest_s, latest_s))
            os.kill(os.getppid(), signal.SIGINT)
        os._exit(0)
    return lambda: os.write(asking, b"x")
