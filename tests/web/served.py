"""The program as a user starts it, and requests as anybody may send them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.cli.sample import PROGRAM


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """By names in lower case."""
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return str(self.document["error"])


@dataclass
class Served:
    """A page that is being served."""

    process: subprocess.Popen[str]
    link: str
    cookie: str = ""
    printed: str = ""

    @property
    def host(self) -> str:
        return urlsplit(self.link).netloc

    @property
    def port(self) -> int:
        port = urlsplit(self.link).port
        assert port
        return port

    @property
    def token(self) -> str:
        return self.link.partition("token=")[2]

    def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterator[bytes] | None = None,
        known: bool = True,
    ) -> Answer:
        """Send one request; *headers* replace what a friendly client would send.

        Args:
            known: With the session's cookie.
        """
        sent = {"Host": self.host}
        if known:
            sent["Cookie"] = self.cookie
        sent.update(headers or {})
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            if isinstance(body, bytes):
                sent.setdefault("Content-Length", str(len(body)))
            elif body is not None:
                sent["Transfer-Encoding"] = "chunked"
            for name, value in sent.items():
                connection.putheader(name, value.encode())
            connection.endheaders(body, encode_chunked=not isinstance(body, bytes))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **query: str | int) -> Answer:
        """Ask for *path* with *query* as the page itself would."""
        return self.ask(f"{path}?{urlencode(query)}" if query else path)

    def raw(self, request: bytes) -> bytes:
        """Send bytes, and return all that comes back before the server hangs up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def open(self) -> None:
        """Swap the link for a cookie."""
        answer = self.ask(f"/?token={self.token}", known=False)
        assert answer.status == 303
        self.cookie = answer.headers["set-cookie"].partition(";")[0]


@contextmanager
def serving(*words: str | Path, env: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Run `pycaddy ui` with *words*, and end it."""
    browser = () if env else ("--no-browser",)
    process = subprocess.Popen(
        [*PROGRAM, "ui", *browser, *words],
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        assert process.stdout
        link = process.stdout.readline().strip()
        if not link:
            raise AssertionError(process.communicate()[1])
        served = Served(process, json.loads(link)["link"] if link.startswith("{") else link)
        served.printed = link
        try:
            served.open()
            yield served
        finally:
            process.terminate()
