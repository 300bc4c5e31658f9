"""The report, in a real browser that has no network to ask."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from pycaddy import Project
from pycaddy.interop import write_report
from pycaddy.interop._curves import thinned

EVIL = (
    "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results", durability="process")


def opened(page: Path, profile: Path) -> str:
    """The page's elements after its script has run."""
    command = [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", f"--user-data-dir={profile}", "--virtual-time-budget=2000",
        "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=100).stdout


def test_a_browser_shows_the_table_the_curves_and_the_chart(
    project: Project, tmp_path: Path
) -> None:
    for lr in (0.1, 0.01):
        with project.session("train", {"lr": lr}) as run:
            for step in range(30):
                run.log("loss", lr * step)
    page = tmp_path / "report.html"
    assert write_report(project, page) == 2
    dom = opened(page, tmp_path / "profile")
    assert "<title>results: runs</title>" in dom
    assert dom.count("<tr>") == 3
    assert "<td>train/0001</td>" in dom
    assert dom.count("<polyline") == 2
    assert dom.count("<circle") == 2
    assert "2 of 2 runs" in dom


def test_what_runs_say_is_shown_as_text_and_never_obeyed(project: Project, tmp_path: Path) -> None:
    with project.session("train", {EVIL: EVIL, "number": 1}) as run:
        run.log("<img src=x onerror=alert(1)>", 0.5)
        run.log("<img src=x onerror=alert(1)>", 1.5)
        run.result = {EVIL: EVIL, "score": float("nan")}
    page = tmp_path / "report.html"
    write_report(project, page)
    dom = opened(page, tmp_path / "profile")
    assert "<title>results: runs</title>" in dom, "no other script has run"
    assert "<img" not in dom
    assert dom.count("<script") == 2
    assert "&lt;img src=x onerror=alert(1)&gt;" in dom


def test_the_page_names_nothing_to_load(project: Project, tmp_path: Path) -> None:
    project.session("train", {"lr": 0.1})
    page = tmp_path / "report.html"
    write_report(project, page)
    text = page.read_text()
    assert "default-src 'none'" in text
    assert "unsafe" not in text
    assert set(re.findall(r"https?://[^\"' )]+", text)) == {"http://www.w3.org/2000/svg"}


def test_a_thinned_curve_keeps_its_peaks_and_its_ends() -> None:
    values = [0.0] * 10_000
    values[4321], values[7777], values[-1] = 9.0, -9.0, 1.0
    steps, thin = thinned(range(10_000), values, 100)
    assert len(thin) <= 100
    assert (min(thin), max(thin)) == (-9.0, 9.0)
    assert (steps[0], steps[-1], thin[-1]) == (0, 9_999, 1.0)
    assert steps == sorted(steps)
    assert thinned([1, 2, 3], [1.0, float("nan"), 2.0], 100) == ([1, 3], [1.0, 2.0])
