"""Where the server listens: chosen once and kept, so that its URL stays what it was."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict, dataclass

from pycaddy._files import replace_file
from pycaddy._machine import host_name
from pycaddy.errors import LedgerServerError

__all__ = ["DATABASE", "LOOPBACK", "ROLE", "Settings", "answers", "free_port", "load", "save"]

LOOPBACK = "127.0.0.1"
DATABASE = "pycaddy"
ROLE = "pycaddy"

_PATIENCE_S = 10.0
_EVERYWHERE = ("0.0.0.0", "::", "*")
# Below the range that kernels lend to outgoing connections (32768 and up on Linux, 49152 on
# others): what is free now is then still free after a restart.
_PORTS = range(15_000, 32_000)


@dataclass(frozen=True, slots=True)
class Settings:
    """Address and port, and the machine that the server was started on."""

    port: int
    host: str = LOOPBACK
    machine: str = ""
    """Its name, until the server was stopped there."""

    @property
    def listen(self) -> str:
        """The addresses to listen at, as PostgreSQL wants them."""
        alone = self.is_everywhere or self.host == LOOPBACK
        return self.host if alone else f"{LOOPBACK},{self.host}"

    @property
    def is_everywhere(self) -> bool:
        """Whether it listens at every address of the machine."""
        return self.host in _EVERYWHERE

    @property
    def names(self) -> tuple[str, ...]:
        """The hosts that a URL may name."""
        own = host_name() if self.is_everywhere else self.host
        return (own, *(name for name in (LOOPBACK, "localhost") if name != own))

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of the ledger, without its password, the best one first."""
        return tuple(
            f"postgresql://{ROLE}@{f'[{name}]' if ':' in name else name}:{self.port}/{DATABASE}"
            for name in self.names
        )

    @property
    def url(self) -> str:
        """The address of the ledger that most can reach."""
        return self.urls[0]


def load(path: str) -> Settings | None:
    """Return what was saved in *path*; None if nothing was."""
    try:
        with open(path, encoding="utf-8") as file:
            return Settings(**json.load(file))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise LedgerServerError(
            f"{path} cannot be read: {error}. It holds the server's port; write "
            '{"port": 15432} into it, with the port that people know.',
            ledger=os.path.dirname(path),
        ) from error


def save(path: str, settings: Settings) -> None:
    """Put *settings* into *path*, on disk when this returns."""
    replace_file(path, json.dumps(asdict(settings)).encode(), sync=True)


def free_port(host: str) -> int:
    """Return a port that nobody listens at, another one for each server."""
    start = int.from_bytes(os.urandom(4)) % len(_PORTS)
    for offset in range(len(_PORTS)):
        port = _PORTS[(start + offset) % len(_PORTS)]
        if _is_free(LOOPBACK, port):
            return port
    raise LedgerServerError(f"No port is free on {host}. Name one with --port.", ledger=host)


def answers(host: str, port: int) -> bool:
    """Whether somebody listens at *port* of *host*."""
    try:
        socket.create_connection((host, port), timeout=_PATIENCE_S).close()
    except OSError:
        return False
    return True


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
