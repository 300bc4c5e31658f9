"""The page's own files, read once: what is not among them cannot be asked for."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from pycaddy.web._built import FOLDER

__all__ = ["Static"]

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


class Static:
    """The files below *folder* by their names, as "vendor/preact.js"."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): (path.read_bytes(), _TYPES[path.suffix])
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def send(self, request: Request, name: str) -> Response | None:
        """Return the file *name*, or None if there is none."""
        if name not in self._files:
            return None
        body, kind = self._files[name]
        tag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers={"etag": tag})
        return Response(body, headers={"etag": tag}, media_type=kind)
