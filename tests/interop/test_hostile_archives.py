"""Archives that somebody made to do harm, or that a disk has damaged."""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pycaddy import Project
from pycaddy.errors import ArchiveError, NameClashError
from pycaddy.interop import Limits, export_archive, import_archive
from pycaddy.interop.archive.manifest import MANIFEST
from pycaddy.stores import Selection

Members = dict[str, bytes]
Facts = dict[str, Any]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    source = Project(tmp_path / "source", capture=None)  # it has the same size everywhere
    with source.session("train", {"number": 1}) as run:
        run.path("model.pt").write_text("weights")
        run.attach_files({"model": run.path("model.pt")}, hash=True)
    export_archive(source, tmp_path / "good.zip")
    return tmp_path / "good.zip"


@pytest.fixture
def target(tmp_path: Path) -> Project:
    project = Project(tmp_path / "target").ensure_folder()
    project.ledger.store.counts()
    return project


def altered(good: Path, change: Callable[[Members, Facts], None]) -> Path:
    """A copy of the archive *good* after *change*, its manifest true again in all else."""
    with zipfile.ZipFile(good) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop(MANIFEST))
    change(members, manifest)
    for name, data in members.items():
        known = manifest["files"].setdefault(name, {"mtime_ns": 1})
        known.setdefault("size", len(data))
        known.setdefault("sha256", hashlib.sha256(data).hexdigest())
    bad = good.with_name("bad.zip")
    with zipfile.ZipFile(bad, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr(MANIFEST, json.dumps(manifest))
    return bad


def refused(target: Project, path: Path, match: str, **options: Any) -> None:
    before = sorted(target.root.parent.rglob("*"))
    with pytest.raises(ArchiveError, match=match) as caught:
        import_archive(target, path, **options)
    assert caught.value.archive == str(path)
    assert target.ledger.records(Selection()) == []
    known = {*before, target.root / ".pycaddy/import.lock"}
    assert [path for path in target.root.parent.rglob("*") if path not in known] == []


@pytest.mark.parametrize(
    "name",
    [
        "../outside.txt",
        "/etc/cron.d/evil",
        "train/0001/../../../evil",
        "train/0001/a\\..\\b",
        "C:/evil",
        ".pycaddy/ledger.db",
        "train/0001/.pycaddy/project.json",
        "train/0001/con",
        "train/0001/\u202etxt.exe",
        "train/0002/model.pt",
        "numpy.py",
        "train/0001/run.json/x",
        "train/0001/RUN.json",
    ],
)
def test_a_file_is_put_nowhere_but_into_its_runs_own_folder(
    good: Path, target: Project, name: str
) -> None:
    def change(members: Members, manifest: Facts) -> None:
        members[name] = b"evil"
        manifest["runs"][0]["own"].append(name)

    refused(target, altered(good, change), "was not imported")


def test_a_symbolic_link_is_refused(good: Path, target: Project) -> None:
    with zipfile.ZipFile(good, "a") as archive:
        info = zipfile.ZipInfo("train/0001/link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    refused(target, good, "is a link")


def test_a_file_whose_hash_differs_is_refused(good: Path, target: Project) -> None:
    def change(members: Members, manifest: Facts) -> None:
        members["train/0001/model.pt"] = b"WEIGHTS"

    refused(target, altered(good, change), "another hash")


def test_a_changed_description_is_refused(good: Path, target: Project) -> None:
    def change(members: Members, manifest: Facts) -> None:
        name = "train/0001/run.json"
        members[name] = members[name].replace(b'"done"', b'"error"')
        manifest["files"][name]["size"] = len(members[name])

    refused(target, altered(good, change), "another hash")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"relpath": ""', b'"relpath": "../up"'),
        (b'"identifier": "train"', b'"identifier": "a/b"'),
        (b'"uid": "0001"', b'"uid": "1"'),
        (b'"status": "done"', b'"status": "running"'),
        (b'"path":"train/0001/model.pt"', b'"path":"../../secret"'),
    ],
)
def test_a_description_that_no_ledger_wrote_is_refused(
    good: Path, target: Project, old: bytes, new: bytes
) -> None:
    def change(members: Members, manifest: Facts) -> None:
        name = "train/0001/run.json"
        assert old in members[name]
        members[name] = members[name].replace(old, new)
        del manifest["files"][name]["size"], manifest["files"][name]["sha256"]

    refused(target, altered(good, change), "was not imported")


def test_a_bomb_is_refused_before_it_is_unpacked(good: Path, target: Project) -> None:
    def change(members: Members, manifest: Facts) -> None:
        members["train/0001/zeros"] = bytes(300 << 20)
        manifest["runs"][0]["own"].append("train/0001/zeros")

    bomb = altered(good, change)
    with zipfile.ZipFile(bomb) as archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
    whole = sum(sizes.values()) - sizes[MANIFEST]
    refused(target, bomb, f"would take {whole:,} bytes")


def test_a_bomb_that_lies_about_its_size_is_refused(good: Path, target: Project) -> None:
    def change(members: Members, manifest: Facts) -> None:
        members["train/0001/zeros"] = bytes(1 << 20)
        manifest["runs"][0]["own"].append("train/0001/zeros")
        manifest["files"]["train/0001/zeros"] = {"size": 10, "mtime_ns": 1}

    refused(target, altered(good, change), "longer than noted")


def test_the_number_and_the_size_of_files_are_limited(good: Path, target: Project) -> None:
    refused(target, good, "it has 3 members", limits=Limits(files=2))
    refused(target, good, "5 is the most", limits=Limits(size=5))


def test_two_members_of_one_name_are_refused(good: Path, target: Project) -> None:
    with zipfile.ZipFile(good, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("train/0001/model.pt", "other")
    refused(target, good, "two members of one name")


def test_names_that_differ_by_case_are_refused(good: Path, target: Project) -> None:
    def change(members: Members, manifest: Facts) -> None:
        members["train/0001/MODEL.pt"] = b"x"
        manifest["runs"][0]["own"].append("train/0001/MODEL.pt")

    refused(target, altered(good, change), "differs by case")


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_archive_is_refused(tmp_path: Path, target: Project, content: bytes) -> None:
    path = tmp_path / "runs.zip"
    path.write_bytes(content)
    refused(target, path, "was not imported")


def test_an_archive_of_a_newer_version_is_refused(good: Path, target: Project) -> None:
    def change(members: Members, manifest: Facts) -> None:
        manifest["version"] = 99

    refused(target, altered(good, change), "upgrade pycaddy")


def test_no_flipped_byte_gets_into_a_project(good: Path, tmp_path: Path) -> None:
    whole = good.read_bytes()
    for at in range(0, len(whole), 41):
        broken = bytearray(whole)
        broken[at] ^= 0xFF
        (tmp_path / "bad.zip").write_bytes(broken)
        target = Project(tmp_path / f"target{at}", durability="process")
        try:
            import_archive(target, tmp_path / "bad.zip")
        except ArchiveError:
            assert target.sessions() == []
        else:  # a byte that says nothing, such as a date in the zip's table
            (run,) = target.sessions()
            assert run.params == {"number": 1}
            assert target.verify(data=True) == []


def test_a_clash_of_names_changes_nothing(good: Path, target: Project) -> None:
    with target.session("Train"):
        pass
    with pytest.raises(NameClashError):
        import_archive(target, good)
    assert [str(run.key) for run in target.sessions()] == ["Train/0001"]
    assert not (target.root / "train").exists()
