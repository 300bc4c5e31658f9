"""Where a run's files lie: literal paths in both modes, and no way out of them."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycaddy.errors import InvalidNameError
from pycaddy.layout import RunLayout, StorageMode, check_namespace

SUBFOLDER = RunLayout("", "train", "0001", StorageMode.SUBFOLDER)
PREFIX = RunLayout("", "train", "0001", StorageMode.PREFIX)
DEEP = RunLayout("imagenet/randaug", "train", "12345", StorageMode.PREFIX)


@pytest.mark.parametrize(
    ("layout", "home", "folder", "sidecar"),
    [
        (SUBFOLDER, "train", "train/0001", "train/0001/run.json"),
        (PREFIX, "train", "train", "train/0001_run.json"),
        (
            DEEP,
            "imagenet/randaug/train",
            "imagenet/randaug/train",
            "imagenet/randaug/train/12345_run.json",
        ),
    ],
)
def test_the_folders_of_a_run(layout: RunLayout, home: str, folder: str, sidecar: str) -> None:
    assert (layout.home, layout.folder, layout.sidecar) == (home, folder, sidecar)


@pytest.mark.parametrize(
    ("layout", "filename", "include_identifier", "path"),
    [
        (SUBFOLDER, "model.pt", True, "train/0001/model.pt"),
        (SUBFOLDER, "model.pt", False, "train/0001/model.pt"),
        (SUBFOLDER, "a/b.pt", True, "train/0001/a/b.pt"),
        (SUBFOLDER, "0002/run.json", True, "train/0001/0002/run.json"),
        (PREFIX, "model.pt", True, "train/0001_model.pt"),
        (PREFIX, "model.pt", False, "train/model.pt"),
        (PREFIX, "ckpt/a.pt", True, "train/ckpt/0001_a.pt"),
        (PREFIX, "ckpt/a.pt", False, "train/ckpt/a.pt"),
        (PREFIX, "0002_a.pt", True, "train/0001_0002_a.pt"),
        (PREFIX, "run.json", False, "train/run.json"),
        (DEEP, "a/b/c", True, "imagenet/randaug/train/a/b/12345_c"),
    ],
)
def test_the_path_of_a_file(
    layout: RunLayout, filename: str, include_identifier: bool, path: str
) -> None:
    assert layout.file(filename, include_identifier) == path


@pytest.mark.parametrize("filename", ["", "..", "../x", "/etc/passwd", "a/../../x", "a\\b", "a/"])
@pytest.mark.parametrize("layout", [SUBFOLDER, PREFIX], ids=["subfolder", "prefix"])
@pytest.mark.parametrize("include_identifier", [True, False])
def test_no_filename_leads_out_of_the_folder(
    layout: RunLayout, filename: str, include_identifier: bool
) -> None:
    with pytest.raises(InvalidNameError, match="The filename "):
        layout.file(filename, include_identifier)


@pytest.mark.parametrize("name", ["run.json", "RUN.json", "metrics.db", "metrics.db-wal"])
@pytest.mark.parametrize(
    ("layout", "pattern"),
    [(SUBFOLDER, "{}"), (SUBFOLDER, "{}/x"), (PREFIX, "{}"), (PREFIX, "a/{}")],
)
def test_the_names_of_the_runs_own_files_are_taken(
    layout: RunLayout, pattern: str, name: str
) -> None:
    with pytest.raises(InvalidNameError, match=rf"keeps for the run itself.*'my_{name}'"):
        layout.file(pattern.format(name))


@pytest.mark.parametrize(
    ("filename", "include_identifier"),
    [("0002_model.pt", False), ("0002", False), ("0002_x/a", False), ("0002/a", True)],
)
def test_in_prefix_mode_no_filename_is_another_runs(
    filename: str, include_identifier: bool
) -> None:
    with pytest.raises(InvalidNameError, match=r"among the files of run 0002.*with a letter"):
        PREFIX.file(filename, include_identifier)


@pytest.mark.parametrize("filename", [".pycaddy/x", "a/.PyCaddy/x", ".pycaddy"])
@pytest.mark.parametrize("include_identifier", [True, False])
def test_in_prefix_mode_no_folder_can_look_like_a_project(
    filename: str, include_identifier: bool
) -> None:
    with pytest.raises(InvalidNameError, match="folder of a project's ledger"):
        PREFIX.file(filename, include_identifier)


@pytest.mark.parametrize(
    "parts", [("train",), ("2026",), ("0001",), ("2026", "train"), ("a", "v0001"), ("a", "123")]
)
def test_folders_that_a_namespace_may_have(parts: tuple[str, ...]) -> None:
    check_namespace(parts)


@pytest.mark.parametrize("parts", [("train", "0001"), ("a", "b", "0001_x"), ("2026", "2026")])
def test_below_the_first_level_a_number_is_a_run(parts: tuple[str, ...]) -> None:
    with pytest.raises(InvalidNameError, match=r"reads as a run's number.*such as 'v"):
        check_namespace(parts)


@pytest.mark.parametrize("parts", [(".pycaddy",), (".PYCADDY", "a"), ("a", ".pycaddy")])
def test_the_ledgers_folder_is_no_namespace(parts: tuple[str, ...]) -> None:
    with pytest.raises(InvalidNameError, match=r"folder of a project's ledger\. Use another"):
        check_namespace(parts)


LAYOUTS = st.builds(
    RunLayout,
    st.sampled_from(["", "a", "a/b"]),
    st.sampled_from(["train", "2026"]),
    st.sampled_from(["0001", "0002", "12345"]),
    st.sampled_from(StorageMode),
)
FILENAMES = st.text(alphabet="ab01_/.", min_size=1, max_size=12)


@given(LAYOUTS, FILENAMES, st.booleans())
def test_every_path_lies_below_its_folder(
    layout: RunLayout, filename: str, include_identifier: bool
) -> None:
    try:
        path = PurePosixPath(layout.file(filename, include_identifier))
    except InvalidNameError:
        return
    assert ".." not in path.parts
    assert path.is_relative_to(layout.folder)
    assert path != PurePosixPath(layout.folder)


@given(st.lists(st.tuples(LAYOUTS, FILENAMES), min_size=2, max_size=2, unique=True))
def test_two_runs_never_share_a_path_that_carries_the_run(
    wanted: list[tuple[RunLayout, str]],
) -> None:
    paths = []
    for layout, filename in wanted:
        try:
            paths.append(layout.file(filename))
        except InvalidNameError:
            return
    same_home = wanted[0][0].home == wanted[1][0].home
    same_mode = wanted[0][0].mode == wanted[1][0].mode
    if same_home and same_mode:
        assert paths[0] != paths[1]
