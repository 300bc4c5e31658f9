"""What a program wrote, call by call, and the disks that a power cut may leave of it.

A cut at an instant leaves on disk what was synced before it. Of the rest it may leave anything:
any of the writes since a file's last fsync, whole or down to a few sectors, and of the names that
were made, moved or deleted in a folder since its last fsync the first few. What an fsync refused
may be left out for good, whatever is synced later, unless it is written again. That is more than
the file systems that people use would do, and nothing that they rule out is assumed.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
CALLS = (
    "openat,open,creat,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,"
    "link,unlink,unlinkat,mkdir,rmdir"
)
LINE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+).*")
TEXT = re.compile(r'(?:(\d+)<((?:\\x[0-9a-f]{2})*)>)|"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True)
class Said:
    """What the program printed: everything that it says was done is done."""

    text: str


@dataclass(frozen=True)
class Wrote:
    file: int
    at: int
    data: bytes


@dataclass(frozen=True)
class Resized:
    file: int
    size: int


@dataclass(frozen=True)
class Synced:
    """A file's content is on disk, or the names in a folder are."""

    file: int | None = None
    folder: str | None = None


@dataclass(frozen=True)
class Refused:
    """The disk failed to take a file's content, and is not asked for it again."""

    file: int


@dataclass(frozen=True)
class Named:
    """A name was given to a file (None: a folder), or taken away, in a folder."""

    path: str
    file: int | None
    exists: bool
    is_folder: bool = False

    @property
    def folder(self) -> str:
        return os.path.dirname(self.path)


@dataclass(frozen=True)
class Moved:
    """A name was moved; to another folder only together with it."""

    old: str
    new: str


Event = Said | Wrote | Resized | Synced | Refused | Named | Moved

REFUSED = "refused "
"""What the program prints, and the path, where it makes a sync fail."""


def record(root: Path, *command: str, log: Path) -> list[Event]:
    """Run *command*, and return what it did below *root* and what it said."""
    strace = ["strace", "-f", "-y", "-xx", "-s", "10000000", "-e", f"trace={CALLS}", "-o", str(log)]
    subprocess.run([*strace, *command], check=True, stdout=subprocess.DEVNULL)
    reader = _Reader(str(root))
    for line in log.read_text("ascii").splitlines():
        if match := LINE.fullmatch(line):
            reader.read(*match.groups())
        else:
            assert "unfinished" not in line, "two threads wrote at once; this reader takes one"
    return reader.events


@dataclass
class _Reader:
    """Turns the lines of a trace into events."""

    root: str
    events: list[Event] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    speaker: str = ""
    """The program that was begun: what it prints is said."""

    def read(self, pid: str, call: str, arguments: str, result: str) -> None:
        """Take in one call. Values are texts, and the paths of descriptors, in their order."""
        self.speaker = self.speaker or pid
        if int(result) < 0:
            return
        values = [_unhex(path or text) for _, path, text in TEXT.findall(arguments)]
        match call:
            case "openat" | "open" | "creat":
                self.open(values[-1].decode(), arguments, result.partition("<")[0])
            case "write" if arguments.startswith("1<"):
                if pid == self.speaker:  # not a program that it calls, such as git
                    self.hear(values[1].decode())
            case "write" if self.mine(values[0]):
                fd = arguments.partition("<")[0]
                self.write(values[0].decode(), self.positions[fd], values[1])
                self.positions[fd] += len(values[1])
            case "pwrite64" if self.mine(values[0]):
                self.write(values[0].decode(), int(arguments.rpartition(", ")[2]), values[1])
            case "ftruncate" if self.mine(values[0]):
                self.resize(self.files[values[0].decode()], int(arguments.rpartition(", ")[2]))
            case "fsync" | "fdatasync" if self.mine(values[0]):
                path = values[0].decode()
                file = self.files.get(path)
                self.events.append(Synced(folder=path) if file is None else Synced(file))
            case "rename" | "renameat" | "renameat2" if self.mine(values[-1]):
                old, new = values[-2].decode(), values[-1].decode()
                self.events.append(Moved(old, new))
                for path in [path for path in self.files if f"{path}/".startswith(f"{old}/")]:
                    self.files[new + path.removeprefix(old)] = self.files.pop(path)
            case "link" if self.mine(values[1]):
                file = self.files[values[1].decode()] = self.files[values[0].decode()]
                self.events.append(Named(values[1].decode(), file, exists=True))
            case "unlink" | "unlinkat" | "rmdir" if self.mine(values[-1]):
                path = values[-1].decode()
                file = self.files.pop(path, None)
                self.events.append(Named(path, file, exists=False, is_folder=call == "rmdir"))
            case "mkdir" if self.mine(values[0]):
                path = values[0].decode()
                self.events.append(Named(path, None, exists=True, is_folder=True))

    def hear(self, text: str) -> None:
        if text.startswith(REFUSED):
            self.events.append(Refused(self.files[text.removeprefix(REFUSED).strip()]))
        else:
            self.events.append(Said(text))

    def mine(self, path: bytes) -> bool:
        return f"{path.decode('utf-8', 'replace')}/".startswith(f"{self.root}/")

    def open(self, path: str, arguments: str, fd: str) -> None:
        if not self.mine(path.encode()) or not ("O_WRONLY" in arguments or "O_RDWR" in arguments):
            return
        self.positions[fd] = 0
        if path not in self.files:
            self.files[path] = len(self.sizes)
            self.sizes.append(0)
            self.events.append(Named(path, self.files[path], exists=True))
        elif "O_TRUNC" in arguments and self.sizes[self.files[path]]:
            self.resize(self.files[path], 0)

    def write(self, path: str, at: int, data: bytes) -> None:
        file = self.files[path]
        self.events.append(Wrote(file, at, data))
        self.sizes[file] = max(self.sizes[file], at + len(data))

    def resize(self, file: int, size: int) -> None:
        self.events.append(Resized(file, size))
        self.sizes[file] = size


def _unhex(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


class Disk:
    """What a power cut after the first *cut* of *events* left on disk; chance fills in the rest."""

    def __init__(self, events: list[Event], cut: int, root: Path, chance: random.Random) -> None:
        self.before = events[:cut]
        self.root = str(root)
        self.chance = chance
        self.luck = chance.choice((0.0, 0.5, 1.0))
        """How much of what was not synced is there all the same."""

    def said(self) -> list[str]:
        return [event.text for event in self.before if isinstance(event, Said)]

    def write_to(self, target: Path) -> None:
        target.mkdir()
        names = self.names()
        contents = self.contents()
        for path in sorted(names):
            place = target / os.path.relpath(path, self.root)
            if not place.parent.is_dir():
                continue  # the folder itself is lost, and what was in it
            file = names[path]
            if file is None:
                place.mkdir()
            else:
                place.write_bytes(contents.get(file, b""))

    def contents(self) -> dict[int, bytes]:
        synced = self.synced_writes()
        found: dict[int, bytearray] = {}
        for index, event in enumerate(self.before):
            if not isinstance(event, Wrote | Resized):
                continue
            is_synced = index in synced
            if is_synced or self.chance.random() < self.luck:
                content = found.setdefault(event.file, bytearray())
                if isinstance(event, Resized):
                    _resize(content, event.size)
                else:
                    data = event.data if is_synced else self.torn(event.data)
                    _resize(content, max(len(content), event.at + len(data)))
                    content[event.at : event.at + len(data)] = data
        return {file: bytes(content) for file, content in found.items()}

    def synced_writes(self) -> set[int]:
        """The writes that are on disk for certain."""
        synced: set[int] = set()
        waiting: dict[int, list[int]] = {}
        for index, event in enumerate(self.before):
            if isinstance(event, Wrote | Resized):
                waiting.setdefault(event.file, []).append(index)
            elif isinstance(event, Synced) and event.file is not None:
                synced.update(waiting.pop(event.file, ()))
            elif isinstance(event, Refused):
                waiting.pop(event.file, None)
        return synced

    def torn(self, data: bytes) -> bytes:
        if self.chance.random() < 0.5:
            return data
        return data[: self.chance.randrange(0, len(data) + 1, SECTOR)]

    def names(self) -> dict[str, int | None]:
        """What each path names on disk; None for a folder."""
        kept = self.kept_names()
        true: dict[str, int | None] = {}
        disk: dict[str, int | None] = {}
        for index, event in enumerate(self.before):
            if isinstance(event, Named):
                changed = [(true, True), (disk, index in kept)]
                for names, happened in changed:
                    if happened and event.exists:
                        names[event.path] = event.file
                    elif happened:
                        names.pop(event.path, None)
            elif isinstance(event, Moved):
                moving = {path: f for path, f in true.items() if _within(path, event.old)}
                for path, file in moving.items():
                    del true[path]
                    true[event.new + path.removeprefix(event.old)] = file
                if index in kept:
                    inside = {path: f for path, f in disk.items() if _within(path, event.old)}
                    for path in inside:
                        del disk[path]
                    inside[event.old] = moving[event.old]
                    for path, file in inside.items():
                        disk[event.new + path.removeprefix(event.old)] = file
        return disk

    def kept_names(self) -> set[int]:
        """The changes of names that are on disk: in each folder all up to some moment."""
        by_folder: dict[str, list[int]] = {}
        synced: dict[str, int] = {}
        for index, event in enumerate(self.before):
            if isinstance(event, Named):
                by_folder.setdefault(event.folder, []).append(index)
            elif isinstance(event, Moved):
                by_folder.setdefault(os.path.dirname(event.new), []).append(index)
            elif isinstance(event, Synced) and event.folder is not None:
                synced[event.folder] = index
        kept: set[int] = set()
        for folder, changes in by_folder.items():
            sure = [index for index in changes if index < synced.get(folder, -1)]
            open_ = changes[len(sure) :]
            kept.update(sure)
            kept.update(open_[: round(len(open_) * self.luck)])
        return kept


def _within(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder}/")


def _resize(content: bytearray, size: int) -> None:
    if size < len(content):
        del content[size:]
    else:
        content.extend(bytes(size - len(content)))
