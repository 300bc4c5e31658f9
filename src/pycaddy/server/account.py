"""Whom the server runs as.

PostgreSQL refuses to run as root. Started by root, it runs as another user, in a folder that
this user owns; all that is beside that folder stays root's.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from pycaddy.errors import LedgerServerError

__all__ = ["Account", "account_for"]

_USUAL = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """A user to run programs as. Without ids: the user that we are."""

    uid: int | None = None
    gid: int | None = None

    def run(self, *words: str, cwd: str) -> subprocess.CompletedProcess[str]:
        """Run a program to its end and return it with what it said."""
        return subprocess.run(
            words,
            check=False,
            cwd=cwd,  # ours may be closed to that user
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
        )

    def can_run(self, program: str) -> bool:
        """Whether the user can reach and run *program*."""
        if self.uid is None:
            return True
        try:
            return self.run(program, "--version", cwd="/").returncode == 0
        except PermissionError:
            return False

    def can_enter(self, folder: str) -> bool:
        """Whether the user can reach *folder* and list it."""
        return self.uid is None or self.run("/bin/ls", folder, cwd="/").returncode == 0

    def give(self, path: str) -> None:
        """Make the user the owner of *path*."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def account_for(folder: str, user: str | None = None) -> Account:
    """Return whom the server with its data in *folder* runs as.

    Args:
        folder: Its owner decides, once it is there.
        user: As root: the name of the user for a new folder. Default: postgres, else nobody.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        if user is not None:
            raise LedgerServerError(
                f"Only root can run the server as another user ({user!r}). Leave --user out.",
                ledger=folder,
            )
        return Account()
    if os.path.isdir(folder):
        there = os.stat(folder)
        account = Account(there.st_uid, there.st_gid)
    else:
        account = _first_of(_USUAL if user is None else (user,), folder)
    if account.uid == 0:
        raise LedgerServerError(
            "PostgreSQL refuses to run as root. Name another user with --user.", ledger=folder
        )
    return account


def _first_of(names: Sequence[str], folder: str) -> Account:
    import pwd

    for name in names:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise LedgerServerError(
        f"There is no user {' or '.join(map(repr, names))} to run the server as. "
        "Name one with --user.",
        ledger=folder,
    )


def _environment() -> dict[str, str]:
    """Return our environment without what would lead PostgreSQL's programs elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C"}
