"""Answering with a file: whole, or the part that was asked for (RFC 9110, section 14)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from pycaddy.web._files import media_type, shown_inline

__all__ = ["file_response"]

_BLOCK = 256 << 10
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


def file_response(request: Request, file: BinaryIO, name: str) -> Response:
    """Return *file*, under *name*, and close it when it was sent."""
    facts = os.fstat(file.fileno())
    tag = f'"{facts.st_size:x}-{facts.st_mtime_ns:x}"'
    kind = media_type(name)
    how = "inline" if shown_inline(kind) else "attachment"
    headers = {
        "accept-ranges": "bytes",
        "content-disposition": f"{how}; filename*=UTF-8''{quote(name, safe='')}",
        # Whatever the file is, it runs nothing and reaches nothing, also in a tab of its own.
        "content-security-policy": "default-src 'none'; sandbox",
        "etag": tag,
    }
    if tag in request.headers.get("if-none-match", ""):
        file.close()
        return Response(status_code=304, headers=headers)
    wanted = _wanted(request, tag, facts.st_size)
    if wanted is None:
        file.close()
        return Response(
            status_code=416, headers={**headers, "content-range": f"bytes */{facts.st_size}"}
        )
    start, end = wanted
    headers["content-length"] = str(end - start)
    status = 200
    if end - start != facts.st_size:
        status = 206
        headers["content-range"] = f"bytes {start}-{end - 1}/{facts.st_size}"
    if request.method == "HEAD":
        file.close()
        return Response(status_code=status, headers=headers, media_type=kind)
    body = _blocks(file, start, end)
    return StreamingResponse(body, status_code=status, headers=headers, media_type=kind)


def _wanted(request: Request, tag: str, size: int) -> tuple[int, int] | None:
    """Return (start, end) of what is asked for; None if the file has no such part."""
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    if match is None or request.headers.get("if-range", tag) != tag:
        return 0, size
    first, last = match.groups()
    if first:
        start = int(first)
        end = min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return 0, size  # no valid range: as if none was asked for
        return (start, end) if start < size else None
    if last:
        return (max(size - int(last), 0), size) if int(last) and size else None
    return 0, size


def _blocks(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes from *start* to *end*, or to where a file that was cut ends."""
    with file:
        file.seek(start)
        while start < end and (block := file.read(min(_BLOCK, end - start))):
            start += len(block)
            yield block
