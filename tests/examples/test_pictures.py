"""The picture that the documentation shows, and the list of the examples."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

from tests.processes import finished

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs/images/demo.svg"


def text_of(picture: Path) -> str:
    text = "".join(ElementTree.parse(picture).getroot().itertext())
    return text.replace("\N{NO-BREAK SPACE}", " ")


def check(picture: Path) -> None:
    source = picture.read_text(encoding="utf-8")
    assert len(source.encode()) < 150_000
    # The name of the SVG namespace is the only address, and nobody fetches it.
    assert re.findall(r"\w+://[^\s\"')]+", source) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"@import|@font-face|<image|<script|href=|url\((?!#)", source)
    text = text_of(picture)
    assert "existing_run_strategy=ExistingRun.RESUME" in text
    assert "Killed with SIGKILL" in text
    assert "Each of the 28 configurations has exactly one DONE run." in text


def test_the_picture_is_small_shows_the_resume_and_refers_to_nothing_outside() -> None:
    check(PICTURE)


def test_anyone_can_draw_the_picture_again(tmp_path: Path) -> None:
    drawn = tmp_path / "images/demo.svg"
    script = ROOT / "examples/make_pictures.py"
    done = finished(sys.executable, "-W", "error", script, drawn, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    check(drawn)


def test_anyone_can_draw_the_plots_again(tmp_path: Path) -> None:
    done = finished(
        sys.executable, "-W", "error", ROOT / "examples/make_plots.py", tmp_path, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout
    drawn = {path.name for path in tmp_path.glob("plot-*.svg")}
    assert drawn == {path.name for path in (ROOT / "docs/images").glob("plot-*.svg")}
    for name in drawn:
        assert ElementTree.parse(tmp_path / name).getroot().tag.endswith("svg")
        assert f"images/{name}" in (ROOT / "docs/plots.md").read_text()


def test_anyone_can_take_the_pictures_of_the_page_again(tmp_path: Path) -> None:
    kept = ROOT / "results/pictures"  # to be looked at when all tests have run
    shutil.rmtree(kept, ignore_errors=True)
    done = finished(sys.executable, ROOT / "examples/make_screenshots.py", kept, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    taken = {path.name for path in kept.glob("*.png")}
    assert taken == {path.name for path in (ROOT / "docs/images").glob("ui-*.png")}
    pages = ("README.md", "docs/ui.md", "docs/plots.md")
    shown = "".join((ROOT / page).read_text() for page in pages)
    for name in taken:
        assert (kept / name).read_bytes().startswith(b"\x89PNG")
        assert f"images/{name.replace('-dark', '')}" in shown
    assert sum(path.stat().st_size for path in (ROOT / "docs/images").glob("*.png")) < 1_000_000


def test_each_example_has_its_line_in_the_list() -> None:
    listed = set(
        re.findall(r"^\* \[(\w+\.py)\]\(\1\): ", (ROOT / "examples/README.md").read_text(), re.M)
    )
    assert listed == {
        path.name for path in (ROOT / "examples").glob("*.py") if not path.name.startswith("_")
    }
