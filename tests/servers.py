"""Folders for servers of one's own, which end with the test that began them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pycaddy.server import PrivateServer

ROOT = os.geteuid() == 0


@contextmanager
def server_folder() -> Iterator[Path]:
    """A folder that the server's user can reach; a server in it is stopped at the end."""
    base = Path(tempfile.mkdtemp(prefix="pycaddy-server-"))
    base.chmod(0o755)
    try:
        yield base / "server"
    finally:
        if (base / "server" / "settings.json").exists():
            PrivateServer(str(base / "server")).down()
        shutil.rmtree(base)
