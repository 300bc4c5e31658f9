"""Every python block of the README and of the documentation runs, in the order of its document."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.docs.program import blocks, program, python_fences
from tests.processes import finished

ROOT = Path(__file__).parents[2]

# Design notes show what was rejected, too: they are read and not run.
DOCUMENTS = [
    ROOT / "README.md",
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "design"),
]
WITH_BLOCKS = [document for document in DOCUMENTS if blocks(document)]

Write = Callable[[str], Path]


def name_of(document: Path) -> str:
    return str(document.relative_to(ROOT))


def run(document: Path, folder: Path) -> CompletedProcess[str]:
    """Run the program of *document* in *folder*, by itself, with warnings as errors."""
    # Not the document's own name: dask.py would hide the library of that name.
    script = folder / f"{document.stem}_md.py"
    script.write_text(program(document))
    environment = {"PYTHONPATH": str(ROOT)}
    return finished(sys.executable, "-W", "error", script, cwd=folder, env=environment)


@pytest.mark.slow
@pytest.mark.parametrize("document", WITH_BLOCKS, ids=name_of)
def test_the_blocks_of_a_document_run(document: Path, tmp_path: Path) -> None:
    done = run(document, tmp_path)
    if done.returncode:
        pytest.fail(f"{name_of(document)} (same line numbers)\n\n{done.stdout}", pytrace=False)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_no_python_block_is_left_out(document: Path) -> None:
    lines = {block.line for block in blocks(document)}
    left_out = [line for line in python_fences(document) if line not in lines]
    assert not left_out, (
        f"{name_of(document)}, lines {left_out}: label a block that runs `python` and nothing "
        "more, and one that cannot run `text`."
    )


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        path = tmp_path / "document.md"
        path.write_text(f"# Title\n\n{text}")
        return path

    return written


def test_blocks_see_the_names_of_those_before_them(write: Write, tmp_path: Path) -> None:
    document = write("```python\nx = 1\n```\n* in a list\n  ```python\n  assert x == 1\n  ```\n")
    assert len(blocks(document)) == 2
    assert run(document, tmp_path).returncode == 0


def test_a_failure_is_shown_at_its_line_in_the_document(write: Write, tmp_path: Path) -> None:
    done = run(write("Text.\n\n```python\nx = 1\nassert x == 2\n```\n"), tmp_path)
    assert done.returncode == 1
    assert "line 7" in done.stdout


@pytest.mark.parametrize(("shown", "code"), [("2", 0), ("3", 1)])
def test_what_an_example_shows_is_compared(
    write: Write, tmp_path: Path, shown: str, code: int
) -> None:
    example = f">>> y = x + 1\n>>> y\n{shown}"
    document = write(f"```python\nx = 1\n```\n\n```python\n{example}\n```\n")
    assert run(document, tmp_path).returncode == code


def test_a_warning_fails_the_document(write: Write, tmp_path: Path) -> None:
    done = run(write("```python\nimport warnings\n\nwarnings.warn('old')\n```\n"), tmp_path)
    assert done.returncode == 1
    assert "UserWarning: old" in done.stdout


def test_a_document_gets_the_names_it_reads_and_defines_nowhere(write: Write) -> None:
    assumes = write("```python\nfor config in sweep:\n    train(config)\n```\n")
    assert program(assumes).startswith("from tests.docs.assumed import sweep, train\n")
    defines = write("```python\ndef train(config): ...\n\n\ntrain({})\n```\n")
    assert program(defines).startswith("\n")


@pytest.mark.parametrize("label", ["py", "python3", "python title='x.py'", "pycon", " Python"])
def test_a_block_with_another_label_is_noticed(write: Write, label: str) -> None:
    document = write(f"```{label}\nx = 1\n```\n")
    assert not blocks(document)
    assert python_fences(document) == [3]
