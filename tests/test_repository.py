"""What holds for the checkout as a whole."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from dev import LOCKS

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FOLDERS_ACROSS_ROOMS = {"benchmarks", "docs", "documents", "examples", "faults", "typing"}


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def group(name: str) -> Iterator[Requirement]:
    """The requirements of a dependency group, those of the groups it includes among them."""
    entries: list[Any] = PYPROJECT["dependency-groups"][name]
    for entry in entries:
        if isinstance(entry, str):
            yield Requirement(entry)
        else:
            yield from group(entry["include-group"])


@pytest.mark.parametrize("lock", list(LOCKS.values()), ids=str)
def test_a_lock_file_names_no_host(lock: Path) -> None:
    assert "://" not in (ROOT / lock).read_text()


@pytest.mark.parametrize("name", list(LOCKS))
def test_a_lock_file_holds_what_pyproject_asks_for(name: str) -> None:
    pins = re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / LOCKS[name]).read_text(), re.MULTILINE)
    wanted = list(group(name))
    if name != "uv":
        wanted += map(Requirement, PYPROJECT["project"]["dependencies"])
    missing = [
        str(requirement)
        for requirement in wanted
        if not any(
            requirement.name == pinned and requirement.specifier.contains(version)
            for pinned, version in pins
        )
    ]
    assert not missing, f"`python3 dev.py lock` brings {LOCKS[name]} up to date"


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    home = re.compile(rb"/(?:home|Users)/\w|/root/|[A-Z]:\\Users\\")
    # A checkout right below the top, such as /src, has a name that files may well hold.
    here = str(ROOT).encode() if len(ROOT.parts) > 2 else b"\0"
    found = [
        f"{path.relative_to(ROOT)}: {line.decode(errors='replace').strip()}"
        for path in tracked_files()
        if path != Path(__file__)
        for line in path.read_bytes().splitlines()
        if home.search(line) or here in line
    ]
    assert not found, "\n".join(found)


def test_the_tests_of_a_room_lie_in_a_folder_of_its_name() -> None:
    rooms = {path.stem for path in (ROOT / "src/pycaddy").iterdir()}
    folders = {
        path.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").glob("*/*.py")
    }
    assert folders <= rooms | FOLDERS_ACROSS_ROOMS
