from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import server_folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a server may be made; the passwords go beside the test, not into the home."""
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    with server_folder() as folder:
        yield folder
