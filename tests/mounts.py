"""Disks that a test can fill or write-protect.

They are mounted where that is allowed. Elsewhere a limit on the size of files and modes without the
right to write stand for them: the errors are those of SQLite and of the kernel all the same.
"""

from __future__ import annotations

import functools
import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@functools.cache
def may_mount() -> bool:
    """Whether this process may mount a disk: root may, but for one in a closed container."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as point:
        mount = ("mount", "-t", "tmpfs", "none", point)
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            return False
        _run("umount", point)
    return True


@contextmanager
def small_disk(point: Path, *, kib: int) -> Iterator[Path]:
    """Make the folder *point*, with a disk of *kib* KiB of its own where one may be mounted."""
    point.mkdir()
    if not may_mount():
        yield point
        return
    _run("mount", "-t", "tmpfs", "-o", f"size={kib}k", "none", point)
    try:
        yield point
    finally:
        _run("umount", "--lazy", point)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Let no file on *disk*, a `small_disk`, grow meanwhile."""
    if not may_mount():
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        return
    ballast = disk / "ballast"
    _fill(ballast)
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """Let nobody write below *folder* meanwhile, root neither."""
    if not may_mount():
        if os.geteuid() == 0:
            raise RuntimeError(
                "Root writes wherever it likes, and may not mount a folder read-only here. Run "
                "the tests as another user, or give the container CAP_SYS_ADMIN."
            )
        modes = {path: path.stat().st_mode for path in (folder, *folder.rglob("*"))}
        for path in modes:
            path.chmod(0o555)
        try:
            yield folder
        finally:
            for path, mode in modes.items():
                path.chmod(mode)
        return
    _run("mount", "--bind", folder, folder)
    try:
        _run("mount", "-o", "remount,ro,bind", folder)
        yield folder
    finally:
        _run("umount", "--lazy", folder)


def _fill(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (65536, 4096, 1):
            with suppress(OSError):
                while os.write(descriptor, b"x" * size):
                    pass
    finally:
        os.close(descriptor)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True)
