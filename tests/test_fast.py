"""`python3 dev.py test --fast` leaves out slow tests; `python3 dev.py test` leaves out none."""

from __future__ import annotations

import ast
import sys
import tomllib
from pathlib import Path

import pytest

import dev
from tests.processes import finished

ROOT = Path(__file__).parents[1]
COLLECT = (sys.executable, "-m", "pytest", "--collect-only", "-q", "-n0")
SELECTING = ("-k", "-m", "--deselect", "--fast", "--ignore", "--ignore-glob", "--lf")


def test_fast_leaves_out_slow_tests_and_counts_them() -> None:
    chosen = ("tests/server/test_settings.py", "tests/test_lint.py", "tests/test_status.py")
    collected = finished(*COLLECT, *chosen, cwd=ROOT).stdout
    fast = finished(*COLLECT, "--fast", *chosen, cwd=ROOT).stdout
    assert all(f"{name}::" in collected for name in chosen)
    assert "left out" not in collected
    assert [name for name in chosen if f"{name}::" in fast] == ["tests/test_status.py"]
    assert f"{collected.count('tests/server/')} in tests/server" in fast
    assert f"{collected.count('tests/test_lint.py')} marked slow" in fast


@pytest.mark.parametrize("arguments", [(), ("tests/ledger",)], ids=str)
def test_the_full_test_command_selects_no_tests(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[tuple[str, ...]] = []
    monkeypatch.setattr(dev, "install_programs", lambda: None)
    monkeypatch.setattr(dev, "keep_bytecode", lambda: None)
    monkeypatch.setattr(dev, "setup", lambda: "python")
    monkeypatch.setattr(dev, "run", lambda *command: commands.append(command))
    dev.test(*arguments)
    assert commands == [("python", "-m", "pytest", "--durations=20", *arguments)]


@pytest.mark.parametrize("command", ["test", "faults"])
def test_the_environment_is_made_before_bytecode_is_put_into_it(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uv refuses to make an environment in a folder that has something in it."""
    steps: list[str] = []
    for step in ("install_programs", "setup", "keep_bytecode", "run"):
        monkeypatch.setattr(dev, step, lambda *words, step=step: steps.append(step))
    getattr(dev, command)()
    assert steps == ["install_programs", "setup", "keep_bytecode", "run"]


def test_the_configuration_of_pytest_selects_no_tests() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert options["testpaths"] == ["tests"]
    assert options.keys().isdisjoint({"norecursedirs", "collect_ignore", "python_files"})
    assert not [option for option in options["addopts"] if option.startswith(SELECTING)]


def test_a_file_that_defines_tests_has_a_name_that_pytest_collects() -> None:
    def defines_tests(path: Path) -> bool:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        return any(
            isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
            for node in tree.body
        )

    helpers = [path for path in (ROOT / "tests").rglob("*.py") if path.name[:5] != "test_"]
    assert [path for path in helpers if defines_tests(path)] == []
