"""The wheel that people install."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the backend of this environment: nothing is fetched."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("dist-info/METADATA")]
        return message_from_bytes(archive.read(name))


def source_files() -> set[str]:
    src = ROOT / "src"
    files = (path for path in src.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(src).as_posix() for path in files}


def test_the_wheel_holds_the_sources_the_licence_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    about = {name for name in names if name.partition("/")[0].endswith(".dist-info")}
    assert names - about == source_files()
    assert {"pycaddy/py.typed", "tracker/py.typed"} <= names
    assert {name.partition("/")[2] for name in about} == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "licenses/LICENSE",
    }


def test_a_checkout_that_has_no_page_yet_makes_it_for_the_wheel(tmp_path: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "src", "ui", "pyproject.toml", "README.md", "LICENSE"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.splitlines():
        copy = tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"]
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True)
    (path,) = (tmp_path / "dist").iterdir()
    page = {name for name in source_files() if name.startswith("pycaddy/web/static/")}
    with ZipFile(path) as archive:
        assert "pycaddy/web/static/index.html" in page <= set(archive.namelist())


def test_the_metadata_offers_every_extra(metadata: Message) -> None:
    assert set(metadata.get_all("Provides-Extra", [])) == set(PROJECT["optional-dependencies"])
    assert metadata["License-Expression"] == "MIT"


def test_the_wheel_imports_from_where_it_was_installed(wheel: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    python = scratch / ("Scripts" if os.name == "nt" else "bin") / "python"
    uv = [sys.executable, "-m", "uv", "--quiet", "--offline", "--no-config"]
    install = ["pip", "install", "--no-deps", "--python", str(python), str(wheel)]
    subprocess.run([*uv, "venv", "--python", sys.executable, str(scratch)], check=True)
    subprocess.run([*uv, *install], check=True)
    where = [str(python), "-I", "-c", "import pycaddy; print(pycaddy.__file__)"]
    printed = subprocess.run(where, check=True, capture_output=True, text=True, cwd=tmp_path)
    assert Path(printed.stdout.strip()).is_relative_to(scratch)
