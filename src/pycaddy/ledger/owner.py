"""Who works on a run, and whether they still do: the kernel's word, no clock's."""

from __future__ import annotations

import functools
import os

from pycaddy._machine import boot_id, host_name, pid_namespace
from pycaddy.codec import Owner

__all__ = ["is_alive", "this_process"]


def this_process() -> Owner:
    """Return the calling process as an owner."""
    return _this_process(os.getpid())


@functools.lru_cache(maxsize=1)
def _this_process(pid: int) -> Owner:
    return Owner(host_name(), boot_id(), pid_namespace(), pid, _started(pid) or 0)


def is_alive(owner: Owner, *, one_kernel: bool) -> bool | None:
    """Whether the process *owner* still runs; None if it cannot be known from here.

    One that another process gave the run to counts as alive as long as that one lives, which sees
    what has become of it and says so in the ledger; to that one itself it does not.

    Args:
        one_kernel: The ledger lies where only this machine can have written it, so that an
            owner from another boot is one from before the last start of the machine.
    """
    if owner.boot != boot_id():
        return False if one_kernel else None
    if owner.namespace != pid_namespace() or os.name == "nt":
        return None  # another container's pids mean nothing here; Windows tells no start times
    try:
        if _started(owner.pid) == owner.started:
            return True
        if owner.driver in (None, os.getpid()):
            return False
        return _started(owner.driver) == owner.driver_started
    except PermissionError:
        return None  # somebody else's process, hidden from us (proc(5), hidepid)


def _started(pid: int) -> int | None:
    """Return when *pid* started, in ticks since boot; None if there is no such process.

    A zombie is none: it has ended, and only its parent has not looked. See proc(5).

    Raises:
        PermissionError: The process exists, and is kept from our eyes.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The program's name stands in parentheses and may contain anything.
            fields = file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return _started_unseen(pid)
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def _started_unseen(pid: int) -> int | None:
    """Return 0 for a living process where there is no /proc (macOS): its pid is all we know."""
    if os.name == "nt":
        return None  # there a signal 0 would end the process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    return None if os.path.exists("/proc/self/stat") else 0
