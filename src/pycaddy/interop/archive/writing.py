"""A selection of runs packed into one file."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import IO

from pycaddy._files import random_id, sync_folder
from pycaddy.interop.archive.contents import Contents, contents
from pycaddy.interop.archive.manifest import MANIFEST, Manifest, PackedFile, PackedRun, encode
from pycaddy.interop.archive.merging import leaving
from pycaddy.ledger import recording, sidecar
from pycaddy.metrics.sqlite import SqliteMetrics
from pycaddy.project import Project
from pycaddy.records import RunRecord
from pycaddy.status import Status
from pycaddy.stores import Selection

__all__ = ["ExportReport", "export_archive"]

_PIECE = 1 << 20
_CHANGES_AT, _VALID_FOR_AT = 24, 92


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What went into an archive."""

    path: str
    runs: int
    files: int
    """How many, the descriptions of the runs not counted."""
    size: int
    """Bytes of the archive."""
    left_out: tuple[str, ...]
    """What stayed behind, one sentence each: runs that are RUNNING, files that cannot travel."""


def export_archive(
    project: Project,
    target: str | os.PathLike[str],
    runs: Iterable[RunRecord] | None = None,
) -> ExportReport:
    """Pack runs into a zip file that another project imports.

    With each go its description, its own files, its metrics, and what it attached elsewhere in
    the project. Runs that are RUNNING are left out: their files are still being written. The
    file is complete or not there. The same runs make the same bytes, from whichever project
    they are packed.

    Args:
        project: Where the runs are.
        target: The file to write; one that is there is replaced.
        runs: Records to pack. Default: all runs of the project's namespace and those below.
    """
    if runs is None:
        runs = project.ledger.records(Selection(project.relpath, recursive=True))
    target = os.path.abspath(target)
    partial = f"{target}.{random_id()[:12]}.tmp"
    try:
        with open(partial, "xb") as file, tempfile.TemporaryDirectory() as workshop:
            packing = _Packing(project, file, workshop)
            for run in runs:
                packing.add(run)
            packing.finish()
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(partial)
        raise
    sync_folder(os.path.dirname(target))
    return ExportReport(
        target,
        len(packing.runs),
        len(packing.files) - len(packing.runs),
        os.path.getsize(target),
        tuple(packing.left_out),
    )


class _Packing:
    """An archive that is being written."""

    def __init__(self, project: Project, file: IO[bytes], workshop: str) -> None:
        self._ledger = project.ledger
        self._root = project.ledger.root
        self._project = project.ledger.store.project
        self._shared = project.ledger.store.folders("files")
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._copy = os.path.join(workshop, "copy.db")
        self._points = os.path.join(workshop, "points.db")
        self.runs: list[PackedRun] = []
        self.files: dict[str, PackedFile] = {}
        self.left_out: list[str] = []

    def add(self, run: RunRecord) -> None:
        if run.status is Status.RUNNING:
            self.left_out.append(
                f"{run.key} is RUNNING. Pack it when it has ended; `pycaddy reap` ends those "
                "whose process is gone."
            )
            return
        found = contents(self._root, run, self._shared)
        self.left_out += found.left_out
        metrics = run.layout.metrics
        extracted = self._extracted(run)
        if extracted is not None and metrics not in found.own:
            found.own.append(metrics)
        found.own.sort()
        if run.summary_text is not None and metrics not in found.own:
            self.left_out.append(
                f"The points that {run.key} logged are not in its folder. Their summary is packed."
            )
        for path in (*found.own, *found.attached):
            if path in self.files:  # runs may have attached the same one
                continue
            source = os.path.join(self._root, path)
            if path == metrics:
                source = _snapshot(extracted or source, self._copy)
            self._pack(path, source)
        description = run.layout.sidecar
        content = sidecar.render(*leaving(run, self._project))
        self.files[description] = self._write(description, content, _last_change_ns(run))
        self.runs.append(_packed(description, found))

    def finish(self) -> None:
        self._zip.writestr(_info(MANIFEST, 0), encode(Manifest(tuple(self.runs), self.files)))
        self._zip.close()

    def _extracted(self, run: RunRecord) -> str | None:
        """Write the points that the ledger keeps of a run as a file, if it keeps some."""
        kept = recording.in_ledger(self._ledger.store, run)
        names = () if kept is None else kept.counts()
        if kept is None or not names:
            return None
        with suppress(FileNotFoundError):
            os.unlink(self._points)
        file = SqliteMetrics(self._points, "process")
        file.rewrite({name: kept.attempts(name) for name in names})
        file.close()
        changed = _last_change_ns(run)  # the same points are to be the same file
        os.utime(self._points, ns=(changed, changed))
        return self._points

    def _pack(self, path: str, source: str) -> None:
        mtime_ns = os.stat(source).st_mtime_ns
        with open(source, "rb") as file, self._zip.open(_info(path, mtime_ns), "w") as member:
            digest = hashlib.sha256()
            size = 0
            while piece := file.read(_PIECE):
                member.write(piece)
                digest.update(piece)
                size += len(piece)
        self.files[path] = PackedFile(size, digest.hexdigest(), mtime_ns)

    def _write(self, path: str, content: bytes, mtime_ns: int) -> PackedFile:
        self._zip.writestr(_info(path, mtime_ns), content)
        return PackedFile(len(content), hashlib.sha256(content).hexdigest(), mtime_ns)


def _last_change_ns(run: RunRecord) -> int:
    return 1000 * (run.created_us if run.ended_us is None else run.ended_us)


def _packed(description: str, found: Contents) -> PackedRun:
    return PackedRun(description, tuple(found.own), tuple(found.attached))


def _info(path: str, mtime_ns: int) -> zipfile.ZipInfo:
    # https://docs.python.org/3/library/zipfile.html: a zip knows the years 1980 to 2107.
    moment = time.gmtime(min(max(mtime_ns // 10**9, 315_532_800), 4_354_819_198))
    info = zipfile.ZipInfo(path, moment[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def _snapshot(path: str, target: str) -> str:
    """Copy a database with what its WAL has, and without a lock of somebody's being dropped."""
    with suppress(FileNotFoundError):
        os.unlink(target)
    uri = f"file:{_quoted(path)}?mode=ro"
    with (
        closing(sqlite3.connect(uri, uri=True)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    # How often the file was changed is no part of what is in it, and must not make an archive
    # differ. The two counters have to be equal: https://www.sqlite.org/fileformat.html
    with open(target, "r+b") as file:
        for place in (_CHANGES_AT, _VALID_FOR_AT):
            file.seek(place)
            file.write((1).to_bytes(4, "big"))
    times = os.stat(path)
    os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
    return target


def _quoted(path: str) -> str:
    from urllib.parse import quote

    return quote(path)
