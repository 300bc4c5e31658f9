"""The report: one file from the disk, in a real Chromium that is told when it asks for anything."""

from __future__ import annotations

import html
import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from pycaddy import ExistingRun, Project
from pycaddy._machine import host_name
from pycaddy.interop import write_report
from pycaddy.web import _built, report
from tests.web.browser import serious

LRS = (0.1, 0.01, 0.001)
SEEDS = (0, 1)
STEPS = 3000
SPIKE = 1234
EVIL = (
    "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Six runs of three rates and two seeds, one that failed, and one of another kind."""
    root = tmp_path_factory.mktemp("report") / "study"
    project = Project(root, durability="process")
    (root.parent / "elsewhere.csv").write_text("1,2")
    for lr in LRS:
        for seed in SEEDS:
            with project.session("train", {"opt": {"lr": lr}, "seed": seed, "epochs": 3}) as run:
                for step in range(STEPS):
                    value = 99.0 if step == SPIKE else lr + 1 / (step + 1)
                    run.log("loss/train", math.nan if step == 7 else value, step=step)
                run.log("accuracy", 1 - lr, step=STEPS)
                run.result = {"score": 1 - lr}
    with project.session("train", {"opt": {"lr": 9}, "seed": 0, "epochs": 3}) as run:
        run.path("notes.txt").write_text("nothing")
        run.attach_files({"notes": run.path("notes.txt")})
        run.attach_files({"data": root.parent / "elsewhere.csv"})
        run.tag("odd")
        run.error("FloatingPointError: it diverged")
    project.session("evaluate", {"k": 1}).start().done()
    return project


@pytest.fixture(scope="module")
def file(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("written") / "report.html"
    assert write_report(project, path) == 8
    return path


@contextmanager
def opened(browser: Browser, file: Path, at: str = "", *, dark: bool = False) -> Iterator[Page]:
    """Open the file without a network: it asks for nothing but itself, and complains of nothing."""
    context = browser.new_context(offline=True, color_scheme="dark" if dark else "light")
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url.partition("#")[0]))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{file.as_uri()}{at}")
    yield page
    context.close()
    assert (asked, complaints) == ([file.as_uri()], [])


def frame(page: Page | Locator, name: str) -> Locator:
    chart = page.locator(".chart", has=page.locator(f'.chart-name[title="{name}"]'))
    return chart.locator(".chart-frame")


def runs(page: Page) -> list[str]:
    return page.locator(".differences .who .text").all_inner_texts()


def names(*uids: int) -> list[str]:
    return [f"train/{uid:04}" for uid in uids]


def test_it_opens_from_the_disk_with_the_charts_of_the_page(browser: Browser, file: Path) -> None:
    with opened(browser, file) as page:
        expect(page).to_have_title("study: 8 runs")
        loss = frame(page, "loss/train")
        expect(loss).to_have_attribute("aria-label", re.compile(r"train/0001 .* last 0\.1003;"))
        expect(loss.locator("canvas")).to_be_visible()
        expect(page.locator(".chart-note").first).to_have_text("6 NaN")
        expect(page.get_by_text("1 of 8 runs")).to_have_count(0)
        assert len(runs(page)) == 8


def test_a_spike_is_in_a_curve_that_was_thinned(browser: Browser, file: Path) -> None:
    with opened(browser, file, "#/?find=train/0001") as page:
        loss = frame(page, "loss/train")
        expect(loss.locator("canvas")).to_be_visible()
        loss.focus()
        page.keyboard.press("Home")
        said = page.locator(".chart [aria-live]")
        for _ in range(200):
            page.keyboard.press("ArrowRight")
            if "99" in (said.nth(1).text_content() or "") + (said.nth(0).text_content() or ""):
                break
        else:
            pytest.fail("No point of the curve is its spike.")


def test_words_find_runs_and_stand_in_the_address(browser: Browser, file: Path) -> None:
    with opened(browser, file) as page:
        expect(page.locator(".find")).to_be_visible()
        page.keyboard.press("/")
        page.keyboard.type("opt.lr=0.1 seed=1")
        expect(page.locator(".differences .who .text")).to_have_text("train/0002")
        expect(page.get_by_text("1 of 8 runs")).to_be_visible()
        assert "find=opt.lr%3D0.1+seed%3D1" in page.url
        page.locator(".find").fill("no such words")
        page.get_by_role("button", name="Show every run").click()
        expect(page.locator(".differences .who .text")).to_have_count(8)
    with opened(browser, file, "#/?find=error+odd+diverged") as page:
        assert runs(page) == names(7)


def test_means_over_a_seed_and_the_other_axes(browser: Browser, file: Path) -> None:
    with opened(browser, file, "#/?find=seed&over=params.seed&x=seconds") as page:
        expect(page.locator(".legend li").first).to_have_text("lr=0.12 runs")
        loss = frame(page, "loss/train")
        expect(loss).to_have_attribute("aria-label", re.compile(r"lr=0\.1, last 0\.10\d\d;"))
        page.get_by_role("button", name="Clock").click()
        expect(loss).to_have_attribute("aria-label", re.compile(r"lr=0\.1, last 0\.10\d\d;"))
        expect(page.get_by_role("button", name="Clock")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize(
    ("tab", "shape", "number"),
    [("Scatter", ".run-dot", 7), ("Parallel", ".lane", 8), ("Heatmap", ".heat tbody td", 8)],
)
def test_every_way_to_compare_is_there(
    browser: Browser, file: Path, tab: str, shape: str, number: int
) -> None:
    with opened(browser, file, "#/?fy=params.seed") as page:
        page.get_by_role("link", name=tab).click()
        expect(page.locator(shape)).to_have_count(number)


def test_a_run_is_opened_and_left_out(browser: Browser, file: Path) -> None:
    with opened(browser, file) as page:
        page.get_by_role("button", name="train/0007", exact=True).click()
        panel = page.get_by_label("Run train/0007")
        expect(panel).to_contain_text("FloatingPointError: it diverged")
        expect(panel.locator(".tag")).to_have_text("odd")
        expect(panel.locator(".unseen")).to_have_text(["notes", "data"])
        expect(panel.get_by_role("link")).to_have_count(0)
        page.keyboard.press("Escape")
        expect(panel).to_have_count(0)
        page.get_by_role("button", name="Leave train/0007 out").click()
        expect(page.locator(".differences .who .text")).to_have_count(7)
        page.get_by_role("button", name="All runs again").click()
        expect(page.locator(".differences .who .text")).to_have_count(8)


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(browser: Browser, file: Path, dark: bool) -> None:
    with opened(browser, file, "#/?run=train/0007", dark=dark) as page:
        expect(frame(page, "loss/train").first.locator("canvas")).to_be_visible()
        assert serious(page) == ""


@pytest.mark.parametrize("inside", ["src", "srcdoc"])
def test_it_works_in_a_frame_that_has_no_origin(
    browser: Browser, file: Path, tmp_path: Path, inside: str
) -> None:
    """As a store of artifacts or a notebook shows a file that it does not trust."""
    what = file.as_uri() if inside == "src" else html.escape(file.read_text())
    around = tmp_path / "around.html"
    around.write_text(
        f'<iframe sandbox="allow-scripts" width="1100" height="700" {inside}="{what}"></iframe>'
    )
    page = browser.new_page()
    page.goto(around.as_uri())
    report = page.frame_locator("iframe")
    expect(report.locator(".chart canvas").first).to_be_visible()
    report.get_by_role("link", name="Scatter").click()
    expect(report.locator(".run-dot")).to_have_count(6)
    report.get_by_role("button", name="Colours").click()
    expect(report.locator("html")).to_have_attribute("data-theme", "light")
    page.close()


def test_what_runs_say_is_shown_as_text_and_never_obeyed(browser: Browser, tmp_path: Path) -> None:
    project = Project(tmp_path / "results", durability="process")
    for number in (1, 2):
        with project.session("train", {EVIL: f"{EVIL}{number}", "number": number}) as run:
            run.log({"<img src=x onerror=alert(1)>": 0.5})
            run.log({"<img src=x onerror=alert(1)>": 1.5})
            run.result = {EVIL: EVIL, "score": float("nan")}
            run.note(EVIL)
    write_report(project, tmp_path / "report.html")
    with opened(browser, tmp_path / "report.html", "#/?run=train/0001") as page:
        expect(page.locator(".note")).to_have_text(EVIL)
        expect(page.locator(".differences th button", has_text="</script>").first).to_be_visible()
        expect(page).to_have_title("results: 2 runs")
        assert page.locator("img").count() == 0
        assert page.locator("script").count() == 2
        text = page.content()
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


def test_the_file_names_nothing_to_load_and_no_machine(file: Path, project: Project) -> None:
    text = file.read_text()
    assert "default-src 'none'" in text
    assert "unsafe" not in text
    assert text.count("<script") == text.count("</script") == 2
    (packed,) = re.findall(r'id="data">([A-Za-z0-9+/=]+)</script>', text)
    known = report.unpacked(packed)
    assert len(known["runs"]) == 8
    told = str(known)
    assert str(project.root.parent) not in told
    assert f"on {host_name()}" not in told
    assert f"pid {os.getpid()}" not in told
    assert not any(run["facts"]["owner"] or run["facts"]["capture"] for run in known["runs"])


def test_the_licences_of_what_is_in_it_are_in_it(file: Path) -> None:
    text = file.read_text()
    for package in ("@preact/signals", "htm", "preact", "uplot"):
        assert re.search(rf"^{package}\n-+\n", text, re.M)


def test_many_curves_have_fewer_points_each_and_too_many_are_counted(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = project.runs("train").records
    monkeypatch.setattr(report, "_ALL_POINTS", 13 * 100)
    monkeypatch.setattr(report, "_MOST_SERIES", 5)
    known = report.known(project, records)
    counts = {len(series["x"]) // 4 * 3 // 8 for series in known["series"]}
    assert max(counts) <= 108
    assert len(known["series"]) == 5 * 3  # three axes
    assert known["left_out"] == 12 - 5


def test_points_that_still_wait_to_be_written_are_in_it(tmp_path: Path) -> None:
    project = Project(tmp_path / "results", durability="process")
    run = project.session("train", {"k": 1}, existing_run_strategy=ExistingRun.NEW).start()
    run.log("loss", 0.5, step=1)
    known = report.known(project, project.runs("train").records)
    assert [series["count"] for series in known["series"]] == [1, 1, 1]
    run.done()


def test_metrics_that_cannot_be_read_are_told_once_and_without_their_place(
    browser: Browser, tmp_path: Path
) -> None:
    project = Project(tmp_path / "results", durability="process")
    with project.session("train", {"k": 1}) as run:
        run.log({"loss": 0.5, "accuracy": 0.5})
    project.ledger.store.close()
    (run.folder / "metrics.db").write_text("no database")
    known = report.known(project, project.runs("train").records)
    assert known["problems"] == [{"run": "train/0001", "error": "Its metrics cannot be read."}]
    write_report(project, tmp_path / "report.html")
    with opened(browser, tmp_path / "report.html") as page:
        expect(page.get_by_role("alert").first).to_have_text(
            "train/0001: Its metrics cannot be read."
        )


def test_without_runs_it_says_so(browser: Browser, tmp_path: Path) -> None:
    project = Project(tmp_path / "results").ensure_folder()
    assert write_report(project, tmp_path / "report.html") == 0
    with opened(browser, tmp_path / "report.html") as page:
        expect(page.get_by_role("heading", name="No runs")).to_be_visible()


def test_a_checkout_without_the_page_says_how_it_is_made(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_built, "FOLDER", tmp_path / "none")
    with pytest.raises(FileNotFoundError, match=r"python3 dev\.py ui"):
        write_report(project, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()
