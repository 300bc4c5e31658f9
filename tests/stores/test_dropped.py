"""A project is dropped when nobody needs it any more; nobody closes it."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from pycaddy.project import Project, StorageMode


def open_files_below(folder: Path) -> list[str]:
    found = []
    for number in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink(f"/proc/self/fd/{number}"))
        except FileNotFoundError:  # the descriptor that listed them
            continue
    return [path for path in found if path.startswith(f"{folder}/")]


@pytest.mark.parametrize("mode", list(StorageMode), ids=lambda mode: mode.value)
def test_a_dropped_project_keeps_no_file_open(tmp_path: Path, mode: StorageMode) -> None:
    project = Project(tmp_path, storage_mode=mode)
    project.session("train").start().done().path("nested/file.txt")
    assert open_files_below(tmp_path)
    del project
    gc.collect()
    assert not open_files_below(tmp_path)


def test_a_rebuild_keeps_no_file_open(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.session("train").start().done()
    project.ledger.store.close()
    project.rebuild()
    assert not open_files_below(tmp_path)
