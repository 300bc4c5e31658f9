"""The server as a process: started, stopped, and asked whether it runs."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from pycaddy.errors import LedgerServerError
from pycaddy.server.account import Account

if TYPE_CHECKING:
    from subprocess import CompletedProcess

__all__ = ["is_running", "pid", "start", "stop"]

_WAIT_S = 60
_ORPHANS_S = 20.0
_LAST_LINES = 5


def is_running(programs: str, account: Account, data: str) -> bool:
    """Whether the server of the data folder runs on this machine."""
    number = pid(data)
    if number is None:
        return False
    if not os.path.isdir("/proc/self"):
        return _control(programs, account, data, "status").returncode == 0
    try:
        # Nobody else works there: neither a zombie nor a program that was given the same pid.
        return os.path.samefile(f"/proc/{number}/cwd", data)
    except (FileNotFoundError, PermissionError):
        return False


def start(programs: str, account: Account, data: str, log: str) -> None:
    """Start the server, which is known not to run, and return once it takes connections."""
    _forget_pid(data)
    deadline = time.monotonic() + _ORPHANS_S
    while True:
        begin = os.path.getsize(log) if os.path.exists(log) else 0
        done = _control(programs, account, data, "start", "--wait", f"--log={log}")
        if done.returncode == 0:
            return
        complaint = _complaint(log, begin) or done.stderr.strip()
        # The children of a server that was killed are about to end.
        if "pre-existing shared memory block" not in complaint or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    raise LedgerServerError(
        f"The server did not start: {complaint}. All of it stands in {log}.", ledger=data
    )


def stop(programs: str, account: Account, data: str) -> None:
    """Stop the server: transactions that are under way are rolled back, the rest is on disk."""
    done = _control(programs, account, data, "stop", "--wait", "--mode=fast")
    if done.returncode != 0 and is_running(programs, account, data):
        raise LedgerServerError(
            f"The server did not stop: {done.stderr.strip()}. Call again, or see its log.",
            ledger=data,
        )


def pid(data: str) -> int | None:
    """Return the pid in the data folder's pid file; None if we may not read it, or none is there.

    The first line, https://www.postgresql.org/docs/current/storage-file-layout.html
    """
    try:
        with open(os.path.join(data, "postmaster.pid"), encoding="utf-8") as file:
            return int(file.readline())
    except (FileNotFoundError, PermissionError):
        return None


def _forget_pid(data: str) -> None:
    """Throw the pid file away if its pid is a zombie's or another program's by now.

    PostgreSQL would take that for a server that runs. What it does about all other files that
    a killed server leaves is right: it looks whether anybody still has the shared memory.
    """
    number = pid(data)
    if number is not None and _is_taken(number):
        os.unlink(os.path.join(data, "postmaster.pid"))


def _is_taken(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _control(programs: str, account: Account, data: str, *words: str) -> CompletedProcess[str]:
    return account.run(
        os.path.join(programs, "pg_ctl"),
        *words,
        f"--pgdata={data}",
        f"--timeout={_WAIT_S}",
        cwd=os.path.dirname(data),
    )


def _complaint(log: str, begin: int) -> str:
    """Return what the server wrote since *begin* about why it ended."""
    try:
        with open(log, encoding="utf-8", errors="replace") as file:
            file.seek(begin)
            lines = file.read().splitlines()
    except FileNotFoundError:
        return ""
    told = [line for line in lines if "FATAL" in line or "HINT" in line or "could not" in line]
    return " ".join((told or lines)[-_LAST_LINES:])
