"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pycaddy import _files
from pycaddy._files import make_folders, random_id, replace_file
from tests.scripts import Talk, killed

PAIR = (b"a" * 300_000, b"b" * 300_000)


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    for content in (b"", b"one", PAIR[0], b"two"):
        replace_file(str(path), content)
        assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["run.json"]


def test_a_reader_sees_one_version_or_the_other(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    replace_file(str(path), PAIR[0])
    writer = """
        from pycaddy._files import replace_file

        print("there", flush=True)
        while True:
            for letter in b"ba":
                replace_file("run.json", bytes([letter]) * 300_000)
    """
    with Talk(writer, tmp_path) as talk:
        talk.line()
        seen = set()
        while len(seen) < 2:
            content = path.read_bytes()
            assert content in PAIR
            seen.add(content)


def test_a_kill_before_the_replacement_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(b"old")
    killed(
        """
        import os
        from pycaddy._files import replace_file

        os.replace = lambda *_: os.kill(os.getpid(), 9)
        replace_file("run.json", b"new")
        """,
        tmp_path,
    )
    assert path.read_bytes() == b"old"
    replace_file(str(path), b"newer")
    assert path.read_bytes() == b"newer"


def test_what_a_killed_process_with_our_pid_left_is_not_in_the_way(tmp_path: Path) -> None:
    """Containers give the same pid again and again."""
    program = """
        import os
        from pycaddy import _files

        os.getpid = lambda: 7
        replace = os.replace
        os.replace = lambda *_: os._exit(1)
        _files.replace_file("run.json", b"new")
    """
    for _ in range(3):
        with Talk(program, tmp_path) as talk:
            code, errors = talk.end()
            assert (code, errors) == (1, "")
    assert len(list(tmp_path.glob("run.json.*.tmp"))) == 3


@pytest.mark.parametrize("failing", ["write", "fsync", "replace"])
def test_a_failure_keeps_the_old_file_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_files.os, failing, fail)
    with pytest.raises(OSError, match="No space left"):
        replace_file(str(path), b"new", sync=True)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["run.json"]


def test_an_interrupt_after_the_replacement_stays_an_interrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def replace_then_interrupt(source: str, target: str) -> None:
        replace(source, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(_files.os, "replace", replace_then_interrupt)
    with pytest.raises(KeyboardInterrupt):
        replace_file(str(tmp_path / "run.json"), b"new")


def test_partial_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(_files.os, "write", lambda fd, content: write(fd, content[:1000]))
    replace_file(str(tmp_path / "x"), PAIR[0])
    assert (tmp_path / "x").read_bytes() == PAIR[0]


def test_folders_are_made_with_their_parents_and_again(tmp_path: Path) -> None:
    for _ in range(2):
        make_folders(str(tmp_path / "a" / "b" / "c"))
    assert (tmp_path / "a" / "b" / "c").is_dir()


@pytest.mark.parametrize("inside", ["", "below"])
def test_a_file_where_a_folder_should_be_is_an_error(tmp_path: Path, inside: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises((FileExistsError, NotADirectoryError)):
        make_folders(str(tmp_path / "file" / inside))


def test_a_folder_may_appear_while_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mkdir = os.mkdir

    def somebody_was_faster(path: str) -> None:
        mkdir(path)
        mkdir(path)

    monkeypatch.setattr(_files.os, "mkdir", somebody_was_faster)
    make_folders(str(tmp_path / "a" / "b"))
    assert (tmp_path / "a" / "b").is_dir()


def test_random_ids_are_32_hex_digits_and_differ() -> None:
    ids = {random_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(id_) == 32 and int(id_, 16) >= 0 for id_ in ids)
