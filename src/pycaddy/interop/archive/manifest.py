"""The table of contents of an archive: which runs are in it, and the hash of every file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from pycaddy import codec
from pycaddy._names import check_parts
from pycaddy.errors import PycaddyError
from pycaddy.layout import LEDGER_FOLDER

__all__ = ["MANIFEST", "Manifest", "PackedFile", "PackedRun", "encode", "parse"]

# No run's file can have this path: an unpacked archive is a folder that `pycaddy rebuild` takes.
MANIFEST = f"{LEDGER_FOLDER}/archive.json"
_FORMAT = "pycaddy archive"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file as it was when it was packed."""

    size: int
    sha256: str
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class PackedRun:
    """The members of one run."""

    description: str
    """Its `run.json`."""
    own: tuple[str, ...]
    """Its own files: those in its folder, or with its prefix."""
    attached: tuple[str, ...]
    """Files that it attached and that lie elsewhere in the project."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds. A member's name is its path in the project that it is from.

    Neither who packed it nor when is in it: the same runs make the same archive, byte for byte.
    """

    runs: tuple[PackedRun, ...]
    files: dict[str, PackedFile]


def encode(manifest: Manifest) -> bytes:
    """Return the content of the manifest's member."""
    facts = {
        "format": _FORMAT,
        "version": _VERSION,
        "runs": [asdict(run) for run in manifest.runs],
        "files": {path: asdict(file) for path, file in manifest.files.items()},
    }
    return codec.encode(facts).encode()


def parse(content: bytes) -> Manifest:
    """Return the manifest of *content*, every part of which is checked by itself.

    Raises:
        ValueError: It is not one, or one of a newer version.
    """
    try:
        facts = json.loads(content)
        if facts["format"] != _FORMAT:
            raise ValueError(f"its format is {facts['format']!r}")
        if facts["version"] > _VERSION:
            raise ValueError(
                f"version {facts['version']} is newer than {_VERSION}; upgrade pycaddy"
            )
        return Manifest(
            runs=tuple(map(_run, facts["runs"])),
            files={_path(path): _file(file) for path, file in facts["files"].items()},
        )
    except (KeyError, TypeError, AttributeError, RecursionError, PycaddyError) as error:
        raise ValueError(f"its manifest is malformed: {error}") from error


def _run(facts: dict[str, Any]) -> PackedRun:
    return PackedRun(
        _path(facts["description"]),
        tuple(map(_path, facts["own"])),
        tuple(map(_path, facts["attached"])),
    )


def _file(facts: dict[str, Any]) -> PackedFile:
    return PackedFile(_whole(facts["size"]), _text(facts["sha256"]), _whole(facts["mtime_ns"]))


def _path(path: object) -> str:
    """Return a member's name: parts that any system takes, and none of them a ledger's folder."""
    if LEDGER_FOLDER in (part.lower() for part in check_parts(path, "member")):
        raise ValueError(f"{path!r} belongs to a ledger")
    return str(path)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    value.encode()
    return value


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise TypeError(f"{value!r} is no whole number")
    return value
