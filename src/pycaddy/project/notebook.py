"""The page within a notebook: a server of its own, as long as the notebook wants it."""

from __future__ import annotations

import atexit
import contextlib
import html
import json
import secrets
import subprocess
import sys
import tempfile
import threading
from string import Template
from typing import IO
from urllib.parse import quote, urlsplit

from pycaddy._extras import require
from pycaddy.errors import PageAddressError

__all__ = ["NotebookPage"]

_STOPS_WITHIN_S = 10.0

# Whoever forgets a page has not closed it.
_open: set[NotebookPage] = set()

# The notebook's own address is known only to its browser, which must call this machine by the
# same name, or it would not send the cookie.
_FRAME = Template("""\
<div id="$name">
<p><a href="$link" target="_blank" rel="noopener">Open $title in a tab</a></p>
</div>
<script>
(() => {
  const here = document.getElementById("$name");
  const names = ["localhost", "127.0.0.1"];
  if (!here || location.protocol !== "http:" || !names.includes(location.hostname)) return;
  const frame = document.createElement("iframe");
  frame.src = "http://" + location.hostname + ":$port/?token=$token&frame=" +
    encodeURIComponent(location.origin) + $at;
  frame.title = "The page of pycaddy";
  frame.style = "width: 100%; height: ${height}px; border: 1px solid #8884; border-radius: 6px";
  here.prepend(frame);
})();
</script>""")


class NotebookPage:
    """The page of a project, which a notebook shows where this is the last value of a cell.

    It ends with the process that started it, and at `close()`. Use it as a context manager to
    close it at the end of a block.
    """

    def __init__(self, root: str, relpath: str, *, height: int, port: int, read_only: bool) -> None:
        require("uvicorn", "ui")  # told here, not by a process that nobody sees
        self._title = root.rstrip("/").rpartition("/")[2] or root
        self._at = f"#/?relpath={quote(relpath)}" if relpath else ""
        self._height = height
        command = [sys.executable, "-m", "pycaddy", "ui", root, "--notebook", "--json"]
        command += ["--port", str(port), *(["--read-only"] if read_only else [])]
        with tempfile.TemporaryFile("w+", encoding="utf-8") as complaints:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                encoding="utf-8",
                start_new_session=True,  # to interrupt a cell is not meant for the page
            )
            self._mutex = threading.Lock()
            answer = self._pipes[1].readline()
            if not answer:
                self.close()
                complaints.seek(0)
                message = f"The page has not started. {complaints.read().strip()}"
                raise PageAddressError(message, host="", port=port)
        self._port = urlsplit(json.loads(answer)["link"]).port
        _open.add(self)

    @property
    def link(self) -> str:
        """A link that opens the page in a browser, once. Each time it is another one.

        Raises:
            PageAddressError: The page is closed.
        """
        with self._mutex:
            asking, answering = self._pipes
            try:
                asking.write("link\n")
                asking.flush()
                answer = answering.readline()
            except (OSError, ValueError):  # it has ended, or was closed
                answer = ""
        if not answer:
            message = "The page is closed. project.ui() opens another one."
            raise PageAddressError(message, host="", port=self._port)
        return str(json.loads(answer)["link"]) + self._at

    @property
    def closed(self) -> bool:
        """Whether nothing is served any more."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End the server, and return when it has ended."""
        with self._mutex:
            asking, answering = self._pipes
            with contextlib.suppress(OSError):  # it is gone already
                asking.close()
            try:
                self._process.wait(_STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            answering.close()
        _open.discard(self)

    def __enter__(self) -> NotebookPage:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self.closed:
            return f"<NotebookPage of {self._title}, closed>"
        return f"<NotebookPage of {self._title} at port {self._port}; .link opens it in a browser>"

    def _repr_html_(self) -> str:
        if self.closed:
            return "<p>This page is closed. <code>project.ui()</code> opens another one.</p>"
        return _FRAME.substitute(
            name=f"pycaddy-{secrets.token_hex(8)}",
            link=html.escape(self.link),
            title=html.escape(self._title),
            port=self._port,
            token=self.link.partition("token=")[2].partition("#")[0],
            at=json.dumps(self._at).replace("<", "\\u003c"),
            height=self._height,
        )

    @property
    def _pipes(self) -> tuple[IO[str], IO[str]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout


@atexit.register
def _close_all() -> None:
    for page in list(_open):
        page.close()
