"""The door of the server: every request goes through it, and so does every answer."""

from __future__ import annotations

import json
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pycaddy.web._access import READING, Access, Refusal

__all__ = ["MAX_BODY_BYTES", "Guard", "error_document"]

MAX_BODY_BYTES = 64 << 10

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
)
_ALWAYS = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache, private",
}


def error_document(message: str) -> bytes:
    """Return the body of every answer that is an error."""
    return json.dumps({"error": message}).encode()


class Guard:
    """Lets in what `Access` allows, and JSON of a bearable size; puts our headers on all."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                # Asked now: the answer that swaps a token may be the first that is framed.
                framing = _framing(self._access.frames(scope["path"]))
                for name, value in (_ALWAYS | framing).items():
                    headers.setdefault(name, value)
            await send(message)

        headers = Headers(scope=scope)
        refusal = self._access.refusal(scope["method"], scope["path"], headers)
        if refusal is None and scope["method"] not in READING:
            refusal, receive = await _checked_body(headers, receive)
        if refusal is None:
            await self.app(scope, receive, sending)
        else:
            await _refuse(refusal, sending)


def _framing(origins: tuple[str, ...]) -> dict[str, str]:
    """Return the headers that say who may frame an answer. The older one knows no origins."""
    if origins:
        return {"content-security-policy": _CSP + " ".join(origins)}
    return {"content-security-policy": f"{_CSP}'none'", "x-frame-options": "DENY"}


async def _checked_body(headers: Headers, receive: Receive) -> tuple[Refusal | None, Receive]:
    """Read the body if it is JSON and not too long; return what hands it on."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return Refusal(415, "Send JSON, with the Content-Type application/json."), receive
    too_large = Refusal(413, f"The body is longer than {MAX_BODY_BYTES} bytes.")
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY_BYTES:
            return too_large, receive
    unread: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return unread.pop() if unread else await receive()

    return None, replay


async def _refuse(refusal: Refusal, send: Send) -> None:
    body = error_document(refusal.message)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # what is left of a body is not read
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
