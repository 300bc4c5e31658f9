"""A copy of a PostgreSQL database in one file, read back before it counts."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress

from pycaddy._files import make_folders, random_id, sync_folder
from pycaddy.errors import LedgerServerError

__all__ = ["write"]


def write(programs: str, url: str, target: str, passwords: str | None = None) -> None:
    """Dump the database at *url* to the file *target* while others go on working.

    The copy is of one moment. It is written under another name, read to its end, put on disk
    and then renamed: under its own name there is a whole copy or none. `pg_restore` reads it.

    Args:
        programs: The folder of `pg_dump` and `pg_restore`.
        passwords: The password file to use. None: libpq's own.
    """
    target = os.path.abspath(target)
    make_folders(os.path.dirname(target))
    partial = f"{target}.{random_id()}.tmp"
    environment = {**os.environ, **({"PGPASSFILE": passwords} if passwords else {})}
    try:
        _run(environment, os.path.join(programs, "pg_dump"), "--format=custom",
             "--no-password", f"--file={partial}", f"--dbname={url}")  # fmt: skip
        # Without a target database it prints what it would do, all data included.
        _run(environment, os.path.join(programs, "pg_restore"), f"--file={os.devnull}", partial)
        os.chmod(partial, 0o600)
        fd = os.open(partial, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        os.replace(partial, target)
        sync_folder(os.path.dirname(target))
    finally:
        with suppress(FileNotFoundError):
            os.unlink(partial)


def _run(environment: dict[str, str], *words: str) -> None:
    done = subprocess.run(words, check=False, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        said = " ".join(done.stderr.split())
        raise LedgerServerError(
            f"{os.path.basename(words[0])} failed: {said} No backup was written.",
            ledger=words[-1],
        )
