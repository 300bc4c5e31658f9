"""Projects in a notebook: cells that a real kernel carries out, and what they leave on the page."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import nbformat
from nbclient import NotebookClient

HOSTILE = "<script>alert(1)</script>"


def carried_out(folder: Path, *cells: str) -> list[list[Any]]:
    """Run *cells* in a kernel whose folder this is; return the outputs that each leaves."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(dedent(cell)) for cell in cells]
    )
    resources = {"metadata": {"path": str(folder)}}
    patience = {"timeout": None, "startup_timeout": 900}
    NotebookClient(notebook, kernel_name="python3", resources=resources, **patience).execute()
    return [cell.outputs for cell in notebook.cells]


def html_of(outputs: list[Any]) -> str:
    [output] = outputs
    return str(output.data["text/html"])


def test_a_sweep_shows_one_progress_display_that_updates(tmp_path: Path) -> None:
    _, shown, report = carried_out(
        tmp_path,
        """
        from pycaddy import DictSweep, Project

        project = Project("results")

        def train(run):
            return {"loss": run.params["x"] / 2}
        """,
        """
        report = project.run(train, DictSweep({"x": list(range(30))}), executor="serial")
        """,
        "report",
    )
    displays = [each for each in shown if each.output_type == "display_data"]
    assert len(displays) == 1
    assert len(shown) == 1, shown
    text = displays[0].data["text/plain"]
    assert "30/30" in text
    assert "30 done" in text
    assert len(text.strip().splitlines()) == 1
    assert '<progress value="30" max="30">' in displays[0].data["text/html"]
    assert "30 done, 0 skipped, 0 failed" in html_of(report)


def test_projects_runs_and_tables_are_html_with_escaped_content(tmp_path: Path) -> None:
    _, project, run, runs, table = carried_out(
        tmp_path,
        f"""
        from pycaddy import Project

        project = Project("results")
        with project.session("train", {{"name": {HOSTILE!r}}}) as run:
            run.result = {{"text": {HOSTILE!r}}}
        """,
        "project",
        "run",
        "project.runs('train')",
        "project.runs('train').table()",
    )
    for html in map(html_of, (project, run, runs, table)):
        assert "<table>" in html
        assert "<script>" not in html
    for html in map(html_of, (run, runs, table)):
        assert "&lt;script&gt;" in html
    assert "train" in html_of(project)
