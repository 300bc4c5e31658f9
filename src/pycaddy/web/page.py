"""The page as a whole: a port, a link and a server."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from typing import Any

from pycaddy._extras import require
from pycaddy.errors import PageAddressError
from pycaddy.ledger import Ledger
from pycaddy.web._access import Access, served_hosts
from pycaddy.web._built import built

__all__ = ["Page"]

_GRACE_S = 3


class Page:
    """A page about the projects in *roots*. Its port is open, and nothing is answered yet.

    Args:
        roots: The folders of the projects.
        host: The address to listen on. Others than this machine reach it only under their own.
        port: 0: any free one.
        read_only: Offer nothing that changes a run.
        framed: Let a notebook on this machine show the page within its own: the origin that a
            link's `frame` names, when it is opened.

    Raises:
        MissingExtraError: The extra `ui` is not installed.
        LedgerError: A ledger cannot be read.
        PageAddressError: Nothing can listen there.
        FileNotFoundError: This is a checkout, and its page was not made yet.
    """

    def __init__(
        self,
        roots: Sequence[str],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        read_only: bool = False,
        framed: bool = False,
    ) -> None:
        self._uvicorn = require("uvicorn", "ui")
        require("starlette.applications", "ui")
        built("index.html")
        self.projects = {
            name: Ledger(root, read_only=True)
            for name, root in zip(_names(roots), roots, strict=True)
        }
        for ledger in self.projects.values():
            ledger.store.version()  # what is wrong with a ledger is told now, not in the browser
        self.read_only = read_only
        self._socket = _listen(host, port)
        port = self._socket.getsockname()[1]
        self._access = Access(served_hosts(host, port), f"pycaddy-{port}", framed)

    @property
    def link(self) -> str:
        """The address with this launch's token: whoever has it may see the page."""
        return self._access.link

    def link_for_once(self) -> str:
        """Return an address that works once, to open a browser with."""
        return self._access.link_for_once()

    def serve(self) -> None:
        """Answer until Ctrl-C or SIGTERM."""
        from pycaddy.web._watch import Watcher
        from pycaddy.web.app import create_app

        watcher = Watcher(self.projects)
        watcher.warm()
        app = create_app(self.projects, self._access, watcher, read_only=self.read_only)
        server = _stoppable(self._uvicorn, app, watcher)
        try:
            server.run(sockets=[self._socket])
        except KeyboardInterrupt:
            pass  # how a page is closed: uvicorn passes it on when all is done
        finally:
            self.close()

    def close(self) -> None:
        """Give the port and the ledgers back; a page that was served has done so."""
        self._socket.close()
        for ledger in self.projects.values():
            ledger.store.close()


def _stoppable(uvicorn: Any, app: Any, watcher: Any) -> Any:
    """Return a server that ends its streams when it is told to end."""
    config = uvicorn.Config(
        app,
        access_log=False,  # an address may hold the token
        http="h11",
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        ws="none",
    )

    class Server(uvicorn.Server):  # type: ignore[misc]
        def handle_exit(self, sig: int, frame: Any) -> None:
            super().handle_exit(sig, frame)
            watcher.stop()

    return Server(config)


def _names(roots: Sequence[str]) -> list[str]:
    """Return a name for each project: its folder's, with a number where two have the same."""
    names: list[str] = []
    for root in roots:
        base = os.path.basename(root) or "project"
        name, number = base, 2
        while name in names:
            name, number = f"{base}-{number}", number + 1
        names.append(name)
    return names


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        listening = socket.create_server(address[:2], family=family)
    except OSError as error:
        raise PageAddressError(
            f"The page cannot listen on {host} port {port}: {error.strerror}. "
            "Give another --port, or none for any free one.",
            host=host,
            port=port,
        ) from error
    # Connections inherit it. Without, the end of an answer waits for the browser to acknowledge
    # its beginning, which takes it 40 ms: asyncio sees to that only for sockets that name TCP.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
