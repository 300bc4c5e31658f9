"""Which function made the results of a sweep."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pycaddy import DictSweep, Project, Session
from pycaddy.errors import FunctionClashError

SWEEP = DictSweep({"x": [1, 2]})
MAIN = "def main(run):\n    return {{'who': {who!r}}}\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results")


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Write a module and return its function `main`."""
    modules = set(sys.modules)

    def write(name: str, who: str, folder: str = "") -> Any:
        path = tmp_path / folder / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(MAIN.format(who=who))
        return load(name, path).main

    yield write
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(project: Project, function: Any, sweep: Any = SWEEP, **options: Any) -> Any:
    return project.run(function, sweep, executor="serial", progress=False, **options)


def results(project: Project) -> list[Any]:
    return [session.result for session in project.sessions("main")]


def test_the_results_of_another_function_are_not_taken_for_those_of_this_one(
    project: Project, write: Callable[..., Any], tmp_path: Path
) -> None:
    run(project, write("a", "a"))
    with pytest.raises(FunctionClashError) as caught:
        run(project, write("b", "b"))
    for part in ("main/0001 and 1 more", f"{tmp_path}/a.py:main", f"{tmp_path}/b.py:main"):
        assert part in str(caught.value)
    assert "identifier=" in str(caught.value)
    assert "--identifier" in str(caught.value)
    assert vars(caught.value)["functions"] == (f"{tmp_path}/a.py:main",)
    assert results(project) == [{"who": "a"}] * 2


def test_an_identifier_that_was_chosen_may_be_shared_and_the_report_says_so(
    project: Project, write: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(project, write("a", "a"))
    assert run(project, write("b", "b"), identifier="other").done == 2
    report = run(project, write("b", "b"), identifier="main")
    assert (report.done, report.skipped) == (0, 2)
    assert report.other_functions == {f"{tmp_path}/a.py:main": 2}
    assert f"2 of the skipped were made by {tmp_path}/a.py:main" in str(report)
    [said] = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert f"{tmp_path}/a.py:main" in said
    assert f"{tmp_path}/b.py:main" in said


def test_runs_that_are_not_of_the_sweep_do_no_harm(
    project: Project, write: Callable[..., Any]
) -> None:
    run(project, write("a", "a"))
    assert run(project, write("b", "b"), DictSweep({"x": [3]})).done == 1
    run(project, write("a", "a"))


@pytest.mark.parametrize("capture", [None, "command,commit,machine"])
def test_it_is_known_whatever_is_captured(
    tmp_path: Path, write: Callable[..., Any], capture: str | None
) -> None:
    project = Project(tmp_path / "results", capture=capture)
    run(project, write("a", "a"))
    facts = project.session_of("main/0001").capture["function"]
    assert (facts["module"], facts["name"]) == ("a", "main")
    assert facts.get("file") == (None if capture is None else str(tmp_path / "a.py"))
    with pytest.raises(FunctionClashError):
        run(project, write("b", "b"))


def test_a_changed_function_in_the_same_file_is_the_same(
    project: Project, write: Callable[..., Any]
) -> None:
    run(project, write("a", "a"))
    assert run(project, write("a", "changed")).skipped == 2


def test_two_files_of_one_name_are_two_functions_unless_one_is_a_copy(
    project: Project, write: Callable[..., Any]
) -> None:
    run(project, write("train", "a", "one"))
    assert run(project, write("train", "a", "copy")).skipped == 2
    with pytest.raises(FunctionClashError):
        run(project, write("train", "b", "two"))


def test_braces_in_paths_do_not_make_two_functions_one(
    project: Project, write: Callable[..., Any], tmp_path: Path
) -> None:
    for folder, x in (("d}1", 1), ("d}2", 2)):
        run(project, write("train", folder, folder), DictSweep({"x": [x]}), identifier="main")
    report = run(project, write("train", "other", "d}3"), identifier="main")
    files = (tmp_path / "d}1/train.py", tmp_path / "d}2/train.py")
    assert report.other_functions == {f"{file}:main": 1 for file in files}


def test_a_file_that_was_moved_is_known_by_its_module(
    project: Project, write: Callable[..., Any], tmp_path: Path
) -> None:
    run(project, write("train", "a", "one"))
    (tmp_path / "one/train.py").unlink()
    assert run(project, write("train", "b", "two")).skipped == 2
    (tmp_path / "two/train.py").unlink()
    with pytest.raises(FunctionClashError):
        run(project, write("other", "b"))


SCRIPT = """
from pycaddy import DictSweep, Project

def main(run):
    return {}

if __name__ == "__main__":
    project = Project("results", capture=None)
    report = project.run(main, DictSweep({"x": [1, 2]}), executor="serial", progress=False)
    print(report.done, report.skipped, project.session_of("main/0001").capture)
"""


@pytest.mark.parametrize("words", [["train.py"], ["-m", "train"]])
def test_a_script_and_its_module_are_one(tmp_path: Path, words: list[str]) -> None:
    path = tmp_path / "train.py"
    path.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert done.stdout == "2 0 {'function': {'module': 'train', 'name': 'main'}}\n"
    project = Project(tmp_path / "results", capture=None)
    assert run(project, load("train", path).main).skipped == 2


def plain(run: Session) -> dict[str, Any]:
    return {}


def careless(function: Any) -> Any:
    def call(run: Session) -> Any:
        return function(run)

    return call


def usual(function: Any) -> Any:
    def wrapper(run: Session) -> Any:
        return function(run)

    return wrapper


def careful(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(run: Session) -> Any:
        return function(run)

    return wrapper


@careless
def decorated(run: Session) -> dict[str, Any]:
    return {}


@careful
def kept(run: Session) -> dict[str, Any]:
    return {}


class Trainer:
    def fit(self, run: Session) -> None: ...

    def __call__(self, run: Session) -> None: ...


UNNAMED: dict[str, tuple[Any, str]] = {
    "a lambda": (lambda run: None, "has no name"),
    "a partial": (partial(plain), "is a partial"),
    "a bound method": (Trainer().fit, "is a method"),
    "an object": (Trainer(), "has no name"),
    "a careless decorator": (decorated, "functools.wraps"),
    "a usual decorator": (usual(plain), "functools.wraps"),
}


@pytest.mark.parametrize(("function", "reason"), UNNAMED.values(), ids=UNNAMED)
def test_a_function_whose_name_does_not_tell_needs_an_identifier(
    project: Project, function: Any, reason: str
) -> None:
    with pytest.raises(ValueError, match=f"{reason}.*identifier="):
        run(project, function)
    assert not project.sessions()
    assert run(project, function, identifier="it").done == 2


def test_other_functions_go_by_their_names(project: Project) -> None:
    def helper() -> dict[str, Any]:
        return {}

    def nested(run: Session) -> dict[str, Any]:
        return helper()

    for function, name in ((plain, "plain"), (kept, "kept"), (nested, "nested")):
        run(project, function)
        assert len(project.sessions(name)) == 2
    assert project.session_of("kept/0001").capture["function"]["name"] == "kept"
