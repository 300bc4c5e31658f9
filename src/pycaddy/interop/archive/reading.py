"""An archive from anybody: checked whole before anything of it is believed."""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from pycaddy._files import make_folders
from pycaddy._names import check_parts, fold
from pycaddy.errors import ArchiveError, PycaddyError
from pycaddy.interop.archive.manifest import MANIFEST, Manifest, PackedFile, PackedRun, parse
from pycaddy.layout import check_namespace
from pycaddy.ledger import sidecar
from pycaddy.records import RunRecord, format_uid
from pycaddy.status import Status

__all__ = ["Archive", "Incoming", "Limits", "open_archive"]

_PIECE = 1 << 20
_SMALL = 256 << 20
"""Bytes up to which the ratio is nobody's concern."""
_MOST_TEXT = 64 << 20
"""Bytes of a description. The manifest may have so many, and 1,000 for each file."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may be at most, so that none fills the disk or the memory."""

    files: int = 1_000_000
    size: int = 1 << 40
    """Bytes, unpacked."""
    ratio: int = 200
    """How many times larger it may become in all. Training output stays below 20."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A run of an archive."""

    record: RunRecord
    project: str
    """The project that it was packed from."""
    packed: PackedRun


class Archive:
    """An archive that has been opened and whose table of contents holds good."""

    def __init__(self, path: str, file: zipfile.ZipFile, limits: Limits) -> None:
        self.path = path
        self._zip = file
        self._limits = limits
        self.manifest = self._checked_manifest()
        self.runs = [self._incoming(run) for run in self.manifest.runs]
        self._refuse_twins()

    def extract(self, folder: str) -> dict[str, str]:
        """Write the files to *folder* under numbers; return where each member lies.

        Raises:
            ArchiveError: A file is not the one that the manifest names.
        """
        make_folders(folder)
        descriptions = {run.description for run in self.manifest.runs}
        staged = {}
        for number, (name, file) in enumerate(self.manifest.files.items()):
            if name not in descriptions:
                staged[name] = os.path.join(folder, str(number))
                self._extract(name, file, staged[name])
        return staged

    def _extract(self, name: str, file: PackedFile, target: str) -> None:
        digest = hashlib.sha256()
        with open(target, "xb") as written:
            for piece in self._content(name, file.size):
                written.write(piece)
                digest.update(piece)
            written.flush()
            os.fsync(written.fileno())
        self._require(digest.hexdigest() == file.sha256, f"{name!r} has another hash than noted")
        with suppress(OSError, OverflowError):  # a time that this file system does not know
            os.utime(target, ns=(file.mtime_ns, file.mtime_ns))

    def _checked_manifest(self) -> Manifest:
        members = self._zip.infolist()
        self._require(len(members) <= self._limits.files, f"it has {len(members):,} members")
        names = {member.filename for member in members}
        self._require(len(names) == len(members), "it has two members of one name")
        self._require(MANIFEST in names, "it has no manifest; `pycaddy export --archive` makes one")
        for member in members:
            self._check_member(member)
        try:
            content = self._whole(MANIFEST, _MOST_TEXT + 1000 * len(members))
            manifest = parse(content)
        except ValueError as error:
            raise self._refusal(str(error)) from error
        self._require(names - {MANIFEST} == set(manifest.files), "its manifest names other files")
        self._check_size(sum(file.size for file in manifest.files.values()))
        return manifest

    def _check_member(self, member: zipfile.ZipInfo) -> None:
        mode = member.external_attr >> 16
        plain = not member.is_dir() and stat.S_IFMT(mode) in (0, stat.S_IFREG)
        self._require(plain, f"{member.filename!r} is a link or a folder, and not a file")
        readable = member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        self._require(readable and not member.flag_bits & 1, f"{member.filename!r} is encrypted")

    def _check_size(self, size: int) -> None:
        most = min(self._limits.size, max(_SMALL, os.path.getsize(self.path) * self._limits.ratio))
        self._require(
            size <= most, f"unpacked it would take {size:,} bytes, and {most:,} is the most"
        )

    def _incoming(self, packed: PackedRun) -> Incoming:
        named = {packed.description, *packed.own, *packed.attached}
        self._require(named <= set(self.manifest.files), "a run has files that are not there")
        try:
            content = self._whole(packed.description, _MOST_TEXT)
            self._require(
                hashlib.sha256(content).hexdigest()
                == self.manifest.files[packed.description].sha256,
                f"{packed.description!r} has another hash than noted",
            )
            record, project = sidecar.parse(content)
            self._check_run(record, packed)
        except ArchiveError:
            raise
        except (ValueError, PycaddyError) as error:
            raise self._refusal(f"{packed.description!r}: {error}") from error
        return Incoming(record, project, packed)

    def _check_run(self, record: RunRecord, packed: PackedRun) -> None:
        layout = record.layout
        check_namespace(check_parts(layout.home, "run"))
        uid = record.uid
        good = uid.isascii() and uid.isdigit() and len(uid) <= 18 and int(uid) > 0
        self._require(good and format_uid(int(uid)) == uid, f"no run has the uid {uid!r}")
        self._require("/" not in record.identifier, f"{record.identifier!r} is no identifier")
        self._require(packed.description == layout.sidecar, f"run {record.key} lies elsewhere")
        self._require(record.status is not Status.RUNNING, f"run {record.key} is RUNNING")
        for path in packed.own:
            name = layout.name_of(path)
            self._require(bool(name), f"{path!r} is no file of run {record.key}")
            described = f"{fold(path)}/".startswith(f"{fold(layout.sidecar)}/")
            self._require(not described, f"{path!r} lies where the run is described")
        for file in record.artifacts.values():
            climbs = not os.path.isabs(file.path) and ".." in file.path.split("/")
            self._require(not climbs, f"{file.path!r} leads out of the project")

    def _refuse_twins(self) -> None:
        """Refuse names that a file system which ignores case would take for one."""
        seen: set[str] = set()
        for name in self.manifest.files:
            self._require(fold(name) not in seen, f"{name!r} has a twin that differs by case")
            seen.add(fold(name))
        keys = [run.record.key for run in self.runs]
        self._require(len(set(keys)) == len(keys), "it has two runs of one name")

    def _whole(self, name: str, most: int) -> bytes:
        size = self._zip.getinfo(name).file_size
        self._require(size <= most, f"{name!r} takes {size:,} bytes, and {most:,} is the most")
        return b"".join(self._content(name, size))

    def _content(self, name: str, size: int) -> Iterator[bytes]:
        """Yield the content of a member, never more than the *size* that it claims to have."""
        left = size
        try:
            with self._zip.open(name) as member:
                while piece := member.read(_PIECE):
                    left -= len(piece)
                    self._require(left >= 0, f"{name!r} is longer than noted")
                    yield piece
        # OSError: a place before the file's beginning, or a disk that fails.
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise self._refusal(f"{name!r} is damaged: {error}") from error
        self._require(left == 0, f"{name!r} is shorter than noted")

    def _require(self, good: bool, problem: str) -> None:
        if not good:
            raise self._refusal(problem)

    def _refusal(self, problem: str) -> ArchiveError:
        return _refusal(self.path, problem)


@contextmanager
def open_archive(path: str | os.PathLike[str], limits: Limits | None = None) -> Iterator[Archive]:
    """Open the archive at *path*.

    Raises:
        ArchiveError: It is none, or one that should not be taken in; the message says why.
    """
    path = os.fspath(path)
    try:
        file = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise _refusal(path, str(error)) from error
    with file:
        yield Archive(path, file, limits or Limits())


def _refusal(path: str, problem: str) -> ArchiveError:
    return ArchiveError(
        f"{path} was not imported: {problem}. Nothing was changed. Ask who made it to pack it "
        "again with `pycaddy export --archive`.",
        archive=path,
    )
