"""Disks that a test can fill or write-protect."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

IS_ROOT = os.geteuid() == 0


@contextmanager
def small_disk(point: Path, *, kib: int) -> Iterator[Path]:
    """Make the folder *point*, for root with a disk of *kib* KiB of its own."""
    point.mkdir()
    if not IS_ROOT:
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
    if not IS_ROOT:
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
    if not IS_ROOT:
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
