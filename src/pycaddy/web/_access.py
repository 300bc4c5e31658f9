"""Who may ask: decisions about one request, without I/O.

Any page in the browser may send requests to this machine, and any program on it may, too. So
each request must name an address of ours (no DNS name that was bound to it afterwards), come
from our own page, and carry what only the printed link was swapped for.
"""

from __future__ import annotations

import hmac
import re
import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Protocol

__all__ = ["READING", "Access", "Headers", "Refusal", "served_hosts"]

READING = frozenset(("GET", "HEAD"))
"""The methods that change nothing."""

_ANY = frozenset(("0.0.0.0", "::", ""))
_LOOPBACK = re.compile(r"http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?", re.ASCII)


class Headers(Protocol):
    """The headers of a request, by names in any case."""

    def getlist(self, key: str, /) -> list[str]:
        """Return every value that was sent under the name."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a request that is not let in."""

    status: int
    message: str


def _secret() -> str:
    return secrets.token_urlsafe(32)  # 256 bits


@dataclass(frozen=True, slots=True)
class Access:
    """The secrets of one launch, and the addresses that it answers to.

    Args:
        hosts: What a request may name as its `Host`, exactly; in the link, the first.
        cookie: The cookie's name. Browsers do not tell ports apart, so it holds ours.
        framed: Whether a notebook on this machine may show the page within its own.
    """

    hosts: tuple[str, ...]
    cookie: str
    framed: bool = False
    token: str = field(default_factory=_secret, repr=False)
    session: str = field(default_factory=_secret, repr=False)
    _unused: list[str] = field(default_factory=list, repr=False)
    _frames: list[str] = field(default_factory=list, repr=False)

    @property
    def link(self) -> str:
        """What a person opens."""
        return f"http://{self.hosts[0]}/?token={self.token}"

    def link_for_once(self) -> str:
        """Return a link to hand to another program: whoever lists processes may see it."""
        self._unused.append(_secret())
        return f"http://{self.hosts[0]}/?token={self._unused[-1]}"

    def admits(self, token: str) -> bool:
        """Whether *token* is a link's, in a time that tells nothing."""
        for once in self._unused:
            if _equal(token, once):
                self._unused.remove(once)
                return True
        return _equal(token, self.token)

    def frame_in(self, origin: str) -> None:
        """Let the notebook at *origin* frame the page: it has shown a token, so it is ours."""
        if self.framed and _LOOPBACK.fullmatch(origin) and origin not in self._frames:
            self._frames.append(origin)

    def frames(self, path: str) -> tuple[str, ...]:
        """Return the origins that may frame what lies at *path*: only the page itself."""
        return tuple(self._frames) if path == "/" else ()

    def set_cookie(self) -> str:
        """Return the header that swaps the link's token for a session."""
        return f"{self.cookie}={self.session}; Path=/; HttpOnly; SameSite=Strict"

    def refusal(self, method: str, path: str, headers: Headers) -> Refusal | None:
        """Return why the request is not answered; None if it is."""
        return (
            self._host(headers)
            or self._site(method, path, headers)
            or self._origin(method, headers)
            or self._session(path, headers)
        )

    def _host(self, headers: Headers) -> Refusal | None:
        named = headers.getlist("host")
        if len(named) == 1 and named[0].lower() in self.hosts:
            return None
        return Refusal(421, f"This page is served as {', '.join(self.hosts)} only.")

    def _site(self, method: str, path: str, headers: Headers) -> Refusal | None:
        sites = headers.getlist("sec-fetch-site")
        if all(site in ("same-origin", "none") for site in sites):
            return None
        # A link that somebody clicks, in a terminal within the browser, say. The shell that it
        # opens holds no data.
        navigates = path == "/" and method == "GET"
        navigates = navigates and headers.getlist("sec-fetch-mode") == ["navigate"]
        if navigates and headers.getlist("sec-fetch-dest") == ["document"]:
            return None
        # A notebook's frame: the same machine by the same name, at another port.
        if navigates and self.framed and sites == ["same-site"]:
            return None
        return Refusal(403, "Another site asked for this. Open the page by itself.")

    def _origin(self, method: str, headers: Headers) -> Refusal | None:
        origins = headers.getlist("origin")
        if not origins and method in READING:
            return None
        if origins == [f"http://{headers.getlist('host')[0].lower()}"]:
            return None
        return Refusal(403, "This was not asked for by the page itself: its Origin is another one.")

    def _session(self, path: str, headers: Headers) -> Refusal | None:
        if _is_public(path) or self.has_session(headers):
            return None
        return Refusal(401, "Open the page with the link that `pycaddy ui` printed.")

    def has_session(self, headers: Headers) -> bool:
        """Whether the request comes from who has opened the link before."""
        return any(
            _equal(value, self.session)
            for value in _cookies(headers.getlist("cookie"), self.cookie)
        )


def served_hosts(host: str, port: int) -> tuple[str, ...]:
    """Return what a request to a server that listens on *host* may name as its `Host`."""
    names = [host]
    if host in _ANY:
        names = ["localhost", "127.0.0.1", "::1", *_own_names()]
    elif host in ("127.0.0.1", "::1", "localhost"):
        names = [host, "localhost"]
    return tuple(dict.fromkeys(_with_port(name.lower(), port) for name in names))


def _equal(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


def _is_public(path: str) -> bool:
    """Whether anybody may have it: the page without its data, the same for everyone."""
    return path == "/" or path.startswith("/static/")


def _cookies(headers: Iterable[str], name: str) -> Iterable[str]:
    for header in headers:
        try:
            cookies: SimpleCookie = SimpleCookie(header)
        except CookieError:
            continue
        if name in cookies:
            yield cookies[name].value


def _own_names() -> list[str]:
    name = socket.gethostname()
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError:  # a name that nobody knows, such as a container's
        found = []
    return [name, socket.getfqdn(), *(str(address[4][0]) for address in found)]


def _with_port(name: str, port: int) -> str:
    host = f"[{name}]" if ":" in name else name
    return host if port == 80 else f"{host}:{port}"
