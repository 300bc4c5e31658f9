"""Passwords in the file where every PostgreSQL program looks."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pycaddy.server import credentials


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".pgpass"


def store(path: Path, password: str, *hosts: str) -> None:
    credentials.store(str(path), hosts or ("127.0.0.1",), 15432, "pycaddy", "pycaddy", password)


def test_a_password_is_entered_for_each_host(path: Path) -> None:
    store(path, "secret", "head01", "::1")
    assert path.read_text() == (
        "head01:15432:pycaddy:pycaddy:secret\n\\:\\:1:15432:pycaddy:pycaddy:secret\n"
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_else_is_in_the_file_stays(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes("# caf\xe9\ndb.example.org:5432:*:me:other\n".encode("latin-1"))
    store(path, "old")
    store(path, "new")
    assert path.read_bytes() == (
        b"127.0.0.1:15432:pycaddy:pycaddy:new\n# caf\xe9\ndb.example.org:5432:*:me:other\n"
    )


def test_a_line_that_fits_everything_does_not_come_before_ours(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("*:*:*:*:theirs\n")
    store(path, "ours")
    assert path.read_text().splitlines()[0].endswith(":ours")


def test_what_is_there_already_is_not_written_again(path: Path) -> None:
    store(path, "secret")
    before = path.stat().st_ino
    store(path, "secret")
    assert path.stat().st_ino == before


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(tmp_path / "dotfiles")
    store(path, "secret")
    assert path.is_symlink()
    assert "secret" in (tmp_path / "dotfiles").read_text()


def test_a_password_is_read_by_its_role(path: Path) -> None:
    assert credentials.read(str(path), "pycaddy") is None
    store(path, "secret")
    assert credentials.read(str(path), "pycaddy") == "secret"
    assert credentials.read(str(path), "postgres") is None


def test_no_two_passwords_are_alike() -> None:
    first, second = credentials.new_password(), credentials.new_password()
    assert first != second
    assert len(first) == len(second) == 64


def test_the_users_own_file_can_be_another_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGPASSFILE", raising=False)
    monkeypatch.setenv("HOME", str(path.parent))
    assert credentials.password_file() == str(path)
    monkeypatch.setenv("PGPASSFILE", "elsewhere")
    assert credentials.password_file() == str(Path("elsewhere").absolute())
