"""Awkward names, wherever a name can be given: kept exactly, or refused with the part named.

The names are in `awkward_names.json`, by what is awkward about them.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pycaddy import Project, StorageMode
from pycaddy.errors import FileKeyError, InvalidNameError, NameClashError, ParamsError
from pycaddy.project import Session
from tests.cli.sample import invoke
from tests.faults.conftest import LONG
from tests.web.served import serving

NAMES: dict[str, str] = json.loads(Path(__file__).with_name("awkward_names.json").read_text())
REFUSALS = (InvalidNameError, ParamsError, FileKeyError)


@dataclass(frozen=True)
class Place:
    """Somewhere a name can be given."""

    give: Callable[[Project, str], Session]
    """Give it; the run that has it."""
    seen: Callable[[Session], list[str]]
    """The names of that kind that a run has."""
    shown: Callable[[Any], list[str]]
    """The same in what `pycaddy show --json` and the page say of the run."""


def started(project: Project, params: dict[str, str] | None = None) -> Session:
    return project.session("train", params).start()


def with_a_file(project: Project, name: str) -> Session:
    run = started(project)
    path = run.path(name)
    path.write_text("content")
    return run.attach_files({"it": path})


def with_a_key(project: Project, name: str) -> Session:
    run = started(project)
    run.path("file.txt").write_text("content")
    return run.attach_files({name: run.path("file.txt")})


def with_a_metric(project: Project, name: str) -> Session:
    run = started(project)
    try:
        run.log(name, 1.5)
    except TypeError as error:  # a word of pycaddy's own
        raise InvalidNameError(str(error)) from error
    return run


def of_files(run: Session) -> list[str]:
    assert [path.read_text() for path in run.files.values()] == ["content"]
    record = run.record
    return [record.layout.name_of(file.path) or "" for file in record.artifacts.values()]


PLACES = {
    "identifier": Place(
        lambda project, name: project.session(name).start(),
        lambda run: [run.identifier],
        lambda run: [run["identifier"]],
    ),
    "sub": Place(
        lambda project, name: started(project.sub(name)),
        lambda run: [run.key.relpath],
        lambda run: [run["relpath"]],
    ),
    "file": Place(with_a_file, of_files, lambda run: []),
    "file key": Place(
        with_a_key,
        lambda run: list(run.files),
        lambda run: [file["key"] if isinstance(file, dict) else file for file in run["files"]],
    ),
    "tag": Place(
        lambda project, name: started(project).tag(name),
        lambda run: list(run.tags),
        lambda run: run["tags"],
    ),
    "param": Place(
        lambda project, name: started(project, {name: name}),
        lambda run: list(run.params),
        lambda run: list(run["params"]),
    ),
    "metric": Place(
        with_a_metric, lambda run: list(run.metrics()), lambda run: list(run["metrics"])
    ),
}


def refused(name: str, error: Exception) -> None:
    """The message names what is wrong, and can be printed."""
    message = str(error)
    message.encode()
    assert message.isprintable(), ascii(message)
    parts = {name, *name.split("/")}
    quoted = {how(part[:30])[1:-1] for part in parts for how in (repr, ascii)}
    assert any(part in message for part in quoted), ascii(message)
    assert len(message) < 1000


def may_be_an_argument(text: str) -> bool:
    """Whether a shell can give it to a program: bytes that are no UTF-8 it can, a NUL not."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def harmless(printed: str) -> bool:
    """Whether a terminal shows it as it is: nothing moves the cursor or turns the text round."""
    turning = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    return not any(
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in turning
        for character in printed.replace("\n", "").replace("\t", "")
    )


@pytest.fixture
def mode() -> StorageMode:
    return StorageMode.SUBFOLDER


@pytest.fixture
def project(tmp_path: Path, mode: StorageMode) -> Iterator[Project]:
    project = Project(tmp_path / "results", storage_mode=mode, durability="process", capture=None)
    yield project
    project.ledger.store.close()


def given(project: Project, place: Place) -> dict[str, str]:
    """Give every name; return those that were taken, by the runs that have them."""
    taken = {}
    for what, name in NAMES.items():
        before = {path for path in project.root.iterdir() if path.name != "train"}
        try:
            run = place.give(project, name)
        except REFUSALS as error:
            refused(name, error)
            assert {path for path in project.root.iterdir() if path.name != "train"} == before
            continue
        assert what != "lone high surrogate"
        run.done()
        taken[str(run.key)] = name
    assert sorted(path.name for path in project.root.parent.iterdir()) == ["results"]
    assert len(taken) > 30
    return taken


def expected(place: str, name: str) -> str:
    # A tag is the same word however it was typed.
    return unicodedata.normalize("NFC", name) if place == "tag" else name


@pytest.mark.parametrize(
    ("where", "mode"),
    [
        *((where, StorageMode.SUBFOLDER) for where in PLACES),
        *((where, StorageMode.PREFIX) for where in (PLACES if LONG else ("identifier", "file"))),
    ],
)
def test_a_name_is_kept_exactly_or_refused(
    project: Project,
    where: str,
    mode: StorageMode,
    record_property: Callable[[str, object], None],
) -> None:
    place = PLACES[where]
    project.ensure_folder()
    taken = given(project, place)
    project.ledger.store.close()
    for again in ("opened again", "rebuilt"):
        if again == "rebuilt":
            for path in (project.root / ".pycaddy").glob("ledger.db*"):
                path.unlink()
            assert project.rebuild().problems == ()
        runs = {str(run.key): run for run in project.sessions(recursive=True)}
        assert {key: place.seen(runs[key]) for key in taken} == {
            key: [expected(where, name)] for key, name in taken.items()
        }
    assert [str(finding) for finding in project.doctor() if finding.severe] == []
    for key, name in taken.items():
        result = invoke("show", "--project", str(project.root), "--", key)
        assert result.exit_code == 0, result.output
        assert harmless(result.output), ascii(name)
        result = invoke("show", "--json", "--project", str(project.root), "--", key)
        assert expected(where, name) in [*place.shown(json.loads(result.stdout)), ""] or (
            where == "file"
        )
    record_property(
        "figures",
        f"R16  {len(NAMES)} awkward names as {where}, {mode.name}: {len(taken)} kept exactly, "
        f"{len(NAMES) - len(taken)} refused by name",
    )


def test_the_page_is_told_every_name_as_it_is(tmp_path: Path) -> None:
    project = Project(tmp_path / "results", durability="process", capture=None).ensure_folder()
    taken = {where: given(project, place) for where, place in PLACES.items() if where != "file"}
    project.ledger.store.close()
    with serving(project.root) as page:
        for where, runs in taken.items():
            for key, name in runs.items():
                answer = page.get("/api/run", project="results", run=key)
                assert answer.status == 200, (where, ascii(name), answer.body)
                assert PLACES[where].shown(answer.document) == [expected(where, name)]


@pytest.mark.parametrize("where", ["tag", "show", "ls", "verify", "export", "tail", "rm", "note"])
def test_the_commands_take_any_name_and_end_with_a_word(tmp_path: Path, where: str) -> None:
    project = Project(tmp_path / "results", durability="process")
    started(project).done()
    words = {"tag": ["train/0001"], "note": ["train/0001"], "rm": ["--yes"]}.get(where, [])
    for name in NAMES.values():
        if not may_be_an_argument(name):
            continue
        for text in (name, f"{name}/0001") if LONG else (f"{name}/0001",):
            result = invoke(where, "--project", str(project.root), *words, "--", text)
            assert isinstance(result.exception, (SystemExit, type(None))), (text, result.exception)
            assert result.exit_code in (0, 1, 2, 3, 4), (text, result.output)
            assert harmless(result.output), ascii(name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results"]


@pytest.mark.parametrize(
    ("one", "twin"),
    [
        ("Train", "train"),
        ("STRASSE", "straße"),
        ("É", "é"),
        ("\ufb01le", "FILE"),
        ("\u017ftep", "STEP"),
    ],
)
def test_names_that_differ_only_by_case_do_not_live_in_one_folder(
    project: Project, one: str, twin: str
) -> None:
    project.session(one).start()
    for give in (project.session, lambda name: started(project.sub(name))):
        with pytest.raises(NameClashError) as caught:
            give(twin)
        assert twin in str(caught.value)
        assert one in str(caught.value)
