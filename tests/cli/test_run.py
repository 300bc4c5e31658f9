from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from pycaddy import Project, Status
from tests.cli.sample import begin_hanging, make_study, run, snapshot

STUDY = ("simulate:simulate", "--sweep", "sweep.json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a module and sweeps, and no project."""
    make_study(tmp_path)
    return tmp_path


def test_each_configuration_is_run_once_in_a_new_project(folder: Path) -> None:
    done = run("run", *STUDY, cwd=folder)
    assert (done.returncode, done.stderr) == (0, f"New project: {folder}/results\n")
    assert done.stdout.startswith("3 done, 0 skipped, 0 failed in ")
    runs = Project(folder / "results").sessions("simulate")
    assert [(session.result or {})["energy"] for session in runs] == [1, 4, 9]
    assert runs[0].path("stdout.log").read_text() == "simulating 1\n"
    again = run("run", *STUDY, cwd=folder)
    assert (again.returncode, again.stderr) == (0, f"Project: {folder}/results\n")
    assert again.stdout.startswith("0 done, 3 skipped")


def test_dotted_keys_of_a_sweep_file_become_nested_params(folder: Path) -> None:
    parameters = {"x": [1], "model.layers": [3, 5], "model['a.b']": 1}
    (folder / "dotted.json").write_text(json.dumps({"parameters": parameters}))
    words = ("simulate:simulate", "--sweep", "dotted.json", "--executor", "serial")
    assert run("run", *words, cwd=folder).returncode == 0
    runs = Project(folder / "results").sessions("simulate")
    assert [session.params for session in runs] == [
        {"x": 1, "model": {"layers": layers, "a.b": 1}} for layers in (3, 5)
    ]
    (folder / "dotted.json").write_text(json.dumps({"parameters": {"m": 1, "m.a": [2]}}))
    refused = run("run", *words, cwd=folder)
    assert refused.returncode == 3
    assert "In dotted.json: 'm' and 'm.a' both set 'm'." in refused.stderr


@pytest.mark.parametrize("executor", ["local", "threads", "serial"])
def test_a_failed_run_is_told_and_the_exit_code_is_1(folder: Path, executor: str) -> None:
    words = ("--sweep", "failing.json", "--executor", executor, "--retries", "1", "--json")
    done = run("run", "simulate.py:simulate", *words, cwd=folder)
    assert done.returncode == 1
    report = json.loads(done.stdout)  # what the functions print goes elsewhere
    assert (report["done"], report["failed"], report["identifier"]) == (1, 1, "simulate")
    assert report["failures"] == [
        {
            "run": "simulate/0002",
            "reason": "ValueError: x is negative",
            "folder": f"{folder}/results/simulate/0002",
        }
    ]
    assert Project(folder / "results").session_of("simulate/0002").attempt == 2
    assert ("simulating 1" in done.stderr) == (executor != "local")


def test_a_namespace_and_a_project_are_named(folder: Path) -> None:
    words = ("--identifier", "imagenet/train", "-p", "deep/er", "--executor", "serial")
    assert run("run", *STUDY, *words, cwd=folder).returncode == 0
    assert len(Project(folder / "deep/er").sub("imagenet").sessions("train")) == 3


def test_the_project_around_the_current_folder_is_used(project: Project) -> None:
    inner = project.root / "imagenet"
    make_study(inner)
    done = run("run", *STUDY, "--executor", "serial", cwd=inner)
    assert done.stderr == f"Project: {project.root}\n"
    assert len(project.sessions("simulate")) == 3


@pytest.mark.parametrize("executor", ["local", "serial"])
def test_an_interrupt_says_how_to_go_on(folder: Path, executor: str) -> None:
    words = ("simulate:hang", "--sweep", "sweep.json", "--executor", executor, "--workers", "1")
    process = begin_hanging("run", *words, cwd=folder)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert "the same command goes on with the rest" in errors
    assert "Traceback" not in errors
    assert Project(folder / "results").session_of("hang/0001").status is Status.ERROR


@pytest.mark.parametrize(
    ("words", "exit_code", "sentence"),
    [
        (["nix:f", "--sweep", "sweep.json"], 2, "There is no module 'nix'"),
        (["nix.py:f", "--sweep", "sweep.json"], 2, "There is no file nix.py"),
        (["simulate:nix", "--sweep", "sweep.json"], 2, "has no 'nix'. It has simulate, hang."),
        (["simulate:constant", "--sweep", "sweep.json"], 2, "is no function: its type is int"),
        (["simulate", "--sweep", "sweep.json"], 2, "Write MODULE:FUNCTION"),
        (["a-b:f", "--sweep", "sweep.json"], 2, "names no module"),
        (["a-b.py:f", "--sweep", "sweep.json"], 2, "Rename the file"),
        (["json.py:f", "--sweep", "sweep.json"], 2, "another module is called 'json'"),
        (["broken:f", "--sweep", "sweep.json"], 3, "ZeroDivisionError: division by zero ("),
        (["broken.py:f", "--sweep", "sweep.json"], 3, "broken.py, line 2"),
        (["untidy:f", "--sweep", "sweep.json"], 3, "SyntaxError"),
        (["needy:f", "--sweep", "sweep.json"], 3, "No module named 'not_there'"),
        (["simulate:simulate"], 2, "Missing option '--sweep'"),
        (["simulate:simulate", "--sweep", "nix.json"], 2, "'nix.json' does not exist"),
        (["simulate:simulate", "--sweep", "simulate.py"], 3, "is not a sweep file"),
        (["simulate:simulate", "--sweep", "bad.json"], 3, "In bad.json: This is not valid JSON"),
        ([*STUDY, "--executor", "threads", "--timeout", "3"], 2, "--timeout needs"),
        ([*STUDY, "--executor", "serial", "--gpus", "1"], 2, "--gpus needs"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence_and_makes_nothing(
    folder: Path, words: list[str], exit_code: int, sentence: str
) -> None:
    (folder / "broken.py").write_text("def f(run): pass\n1 / 0\n")
    (folder / "untidy.py").write_text("def f(\n")
    (folder / "needy.py").write_text("import not_there\n")
    (folder / "json.py").write_text("def f(run): pass\n")
    (folder / "a-b.py").write_text("def f(run): pass\n")
    (folder / "bad.json").write_text("{")
    before = snapshot(folder)
    done = run("run", *words, cwd=folder, PYTHONDONTWRITEBYTECODE="1", PYTHONSAFEPATH="1")
    assert done.returncode == exit_code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert snapshot(folder) == before


def test_too_few_devices_are_wrong_usage(folder: Path) -> None:
    done = run("run", *STUDY, "--gpus", "2", cwd=folder, CUDA_VISIBLE_DEVICES="0")
    assert done.returncode == 2
    assert "gpus=2, and 1 devices are known" in done.stderr


def test_a_module_in_a_package_is_found_from_the_current_folder(folder: Path) -> None:
    (folder / "package").mkdir()
    (folder / "simulate.py").rename(folder / "package/study.py")
    done = run("run", "package.study:simulate", "--sweep", "sweep.json", cwd=folder)
    assert done.stdout.startswith("3 done")


def test_what_is_captured_is_chosen_by_name(folder: Path) -> None:
    words = ("run", *STUDY, "--executor", "serial", "--capture")
    assert run(*words, "packages", cwd=folder).returncode == 0
    found = Project(folder / "results").session_of("simulate/0001").capture
    assert found["packages"] == "capture.packages.txt"
    wrong = run(*words, "pakages", cwd=folder)
    assert wrong.returncode == 2
    assert "names 'pakages'" in wrong.stderr


@pytest.mark.parametrize("command", ["run", "worker"])
def test_the_results_of_another_function_of_this_name_are_not_skipped(
    folder: Path, command: str
) -> None:
    for name in ("a", "b"):
        (folder / f"{name}.py").write_text(f"def main(run):\n    return {{'who': '{name}'}}\n")
    assert run("run", "a.py:main", "--sweep", "sweep.json", cwd=folder).returncode == 0
    words = ("b.py:main", "--sweep", "sweep.json", "--json")
    refused = run(command, *words, cwd=folder)
    assert refused.returncode == 3
    assert f"made by {folder}/a.py:main, not by {folder}/b.py:main" in refused.stderr
    assert "--identifier main" in refused.stderr
    shared = run(command, *words, "--identifier", "main", cwd=folder)
    assert shared.returncode == 0
    assert f"not by {folder}/b.py:main. They are skipped as done." in shared.stderr
    report = json.loads(shared.stdout)
    assert report["other_functions"] == {f"{folder}/a.py:main": 3}
    assert (report["done"], report["skipped"]) == (0, 3)
    other = run(command, *words, "--identifier", "other", cwd=folder)
    assert json.loads(other.stdout)["done"] == 3


def test_a_function_whose_name_does_not_tell_needs_an_identifier(folder: Path) -> None:
    (folder / "odd.py").write_text(
        "from functools import partial\ndef f(run, y): return {}\nmain = partial(f, y=1)\n"
    )
    refused = run("run", "odd.py:main", "--sweep", "sweep.json", cwd=folder)
    assert refused.returncode == 2
    assert "--identifier" in refused.stderr
    named = run("run", "odd.py:main", "--sweep", "sweep.json", "--identifier", "it", cwd=folder)
    assert named.returncode == 0
