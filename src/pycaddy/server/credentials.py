"""Passwords: made here, kept where libpq looks for them, shown nowhere.

The format is libpq's: https://www.postgresql.org/docs/current/libpq-pgpass.html
"""

from __future__ import annotations

import os
from collections.abc import Iterable

__all__ = ["new_password", "password_file", "read", "store"]


def new_password() -> str:
    """Return 64 random hex digits."""
    return os.urandom(32).hex()


def password_file() -> str:
    """Return the file in which every PostgreSQL client of this user looks passwords up."""
    if named := os.environ.get("PGPASSFILE"):
        return os.path.abspath(named)
    return os.path.join(os.path.expanduser("~"), ".pgpass")


def read(path: str, role: str) -> str | None:
    """Return the password of *role* in a file of ours, which holds one server's only."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return None
    return next((line.rpartition(":")[2] for line in lines if f":{role}:" in line), None)


def store(
    path: str, hosts: Iterable[str], port: int | str, database: str, role: str, password: str
) -> None:
    """Enter a password for each of *hosts*; what other lines say is kept.

    Only the user may read the file: libpq ignores one that others can.
    """
    path = os.path.realpath(path)  # a link stays one
    entries = [f"{_escaped(host)}:{port}:{database}:{role}:" for host in hosts]
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        lines = []
    kept = [line for line in lines if not line.startswith(tuple(entries))]
    # Ours first: of several lines that fit, libpq takes the first.
    wanted = [*(f"{entry}{password}" for entry in entries), *kept]
    if wanted != lines:
        _write(path, "\n".join((*wanted, "")))


def _escaped(host: str) -> str:
    return host.replace("\\", "\\\\").replace(":", "\\:")


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    temporary = f"{path}.{os.urandom(6).hex()}.tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(fd, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
