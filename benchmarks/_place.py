"""Where a benchmark runs: its folder, and the machine."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

__all__ = ["HOME", "file_system", "machine", "scratch"]

HOME = Path(__file__).parent
FSYNCS = 200


@contextmanager
def scratch(parent: Path | None = None) -> Iterator[Path]:
    """Hand out an empty folder, removed afterwards.

    Args:
        parent: Where to make it. Default: beside this file, which is a real disk for most
            people; /tmp may be memory.
    """
    parent = HOME / ".data" if parent is None else parent
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def machine(folder: Path) -> dict[str, Any]:
    """Return what a reader must know about the machine that measured, *folder*'s disk included."""
    return {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "file_system": file_system(folder),
        "fsync_us": fsync_us(folder),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def fsync_us(folder: Path) -> float:
    """Return the microseconds that appending 4 KiB and waiting for the disk takes: a median."""
    times = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(FSYNCS):
            start = perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            times.append(perf_counter() - start)
    return median(times) * 1e6


def file_system(folder: Path) -> str:
    """Return the type of the file system that *folder* lies on; "unknown" but on Linux.

    An ext4 says whether it has a journal: without one, files are slow to make for minutes after
    others near by were deleted.
    """
    if sys.platform != "linux":
        return "unknown"
    device = os.stat(folder).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if before.split(" ")[2] == wanted:
            kind, source = after.split(" ")[:2]
            has_journal = any(Path("/proc/fs/jbd2").glob(f"{os.path.basename(source)}-*"))
            return f"{kind} without a journal" if kind == "ext4" and not has_journal else kind
    return "unknown"
