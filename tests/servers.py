"""Folders for servers of one's own, which end with the test that began them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pycaddy.server import PrivateServer

ROOT = os.geteuid() == 0


@contextmanager
def server_folder(made: Path | None = None) -> Iterator[Path]:
    """A folder that the server's user can reach; a server in it is stopped at the end.

    Args:
        made: A server to begin with a copy of: making one takes more than a second.
    """
    base = Path(tempfile.mkdtemp(prefix="pycaddy-server-"))
    base.chmod(0o755)
    if made is not None:
        subprocess.run(["cp", "-a", made, base / "server"], check=True)
    try:
        yield base / "server"
    finally:
        if (base / "server" / "settings.json").exists():
            PrivateServer(str(base / "server")).down()
        shutil.rmtree(base)
