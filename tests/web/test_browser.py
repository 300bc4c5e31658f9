"""The page in a real Chromium."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from pycaddy import Project
from pycaddy.testing.factories import started_record
from tests.web.browser import Visit, serious, visiting
from tests.web.served import Served, serving

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
MANY = 20_000


@pytest.fixture(scope="module")
def project(project: Project) -> Project:
    """The sample project, and in it a run that tries to be more than text."""
    run = project.session("hostile", {HOSTILE: HOSTILE, "lr": float("nan")}).start()
    run.path("stdout.log").write_text(HOSTILE)
    for name in ("page.txt", "rows.csv", "drawing.svg", "page.html"):
        run.path(name).write_text(f"{HOSTILE},1\n{HOSTILE},2\n")
        run.attach_files({f"{HOSTILE} {name}": run.path(name)})
    run.result = {HOSTILE: HOSTILE}
    run.note(HOSTILE)
    run.error(f"{HOSTILE}\n{HOSTILE}")
    return project


@pytest.fixture
def visit(browser: Browser, page: Served) -> Iterator[Visit]:
    with visiting(browser, page) as visit:
        expect(visit.page.locator(".line .name").first).to_be_visible()
        yield visit


def test_the_link_opens_the_runs_and_leaves_no_token_behind(visit: Visit) -> None:
    assert visit.names()[:3] == ["hostile/0001", "train/0004", "eval/0001"]
    assert visit.page.url == f"http://{visit.served.host}/"
    expect(visit.page).to_have_title("results · pycaddy")
    expect(visit.page.locator(".connection")).to_have_text("live")
    assert visit.row("train/0004") == "stale"
    assert visit.row("imagenet/train/0001") == "error"
    assert visit.page.evaluate("document.cookie") == ""
    assert visit.complaints == []


def test_nothing_is_asked_of_any_other_machine(visit: Visit) -> None:
    visit.page.get_by_text("train/0001", exact=True).last.click()
    visit.page.locator(".run-panel .values").first.wait_for()
    assert visit.hosts == {visit.served.host}


def test_what_people_wrote_stays_text_wherever_it_is_shown(visit: Visit) -> None:
    visit.page.locator(".line").first.click()
    panel = visit.page.locator(".run-panel")
    expect(panel.locator(".error-text")).to_have_text(f"{HOSTILE}\n{HOSTILE}")
    expect(panel.locator(".note")).to_have_text(HOSTILE)
    expect(panel.locator(".log")).to_have_text(HOSTILE)
    for key in ("page.txt", "rows.csv", "drawing.svg"):
        panel.get_by_role("button", name=f"{HOSTILE} {key}").first.click()
        panel.locator("li", has_text=key).locator(".preview").wait_for()
    expect(panel.locator("dt", has_text=HOSTILE)).to_have_count(2)
    expect(panel.locator(".unseen")).to_have_text(f"{HOSTILE} page.html")
    assert visit.page.locator("script:not([src])").count() == 0
    assert visit.page.locator("[onerror]").count() == 0
    # The drawing is no image; no dialog has opened, and no policy was violated.
    assert [text for text in visit.complaints if "violates" in text or text in "12"] == []


def test_a_key_is_enough_for_everything(visit: Visit) -> None:
    press = visit.page.keyboard.press
    table = visit.page.get_by_role("grid", name="Runs")
    table.focus()
    press("ArrowDown")
    press("j")
    press("k")
    expect(table).to_have_attribute("aria-activedescendant", "row-1")
    press("Enter")
    panel = visit.page.locator(".run-panel")
    expect(panel.locator("h2")).to_have_text("train/0004")
    press("ArrowDown")  # what is open follows
    expect(panel.locator("h2")).to_have_text("eval/0001")
    press("End")
    expect(panel.locator("h2")).to_have_text("train/0001")
    press("Escape")
    expect(panel).to_have_count(0)
    expect(table).to_be_focused()
    press("/")
    expect(visit.page.get_by_label("Filter")).to_be_focused()


def test_a_view_is_an_address(visit: Visit, browser: Browser) -> None:
    visit.page.get_by_role("button", name="done").click()
    visit.page.get_by_label("Filter").fill("optimizer.lr < 0.05")
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator(".filter [role=status]")).to_have_text("2 found")
    visit.page.get_by_role("button", name="loss").click()
    visit.page.locator(".line").first.click()
    expect(visit.page.locator(".run-panel h2")).to_have_text("train/0003")
    shared = visit.page.url.partition("#")[2]
    with visiting(browser, visit.served, f"#{shared}") as other:
        expect(other.page.locator(".run-panel h2")).to_have_text("train/0003")
        expect(other.page.locator(".line .name")).to_have_text(["train/0003", "train/0002"])
        expect(other.page.get_by_label("Filter")).to_have_value("optimizer.lr < 0.05")
        expect(other.page.get_by_role("columnheader", name="loss")).to_have_attribute(
            "aria-sort", "ascending"
        )
    visit.page.go_back()
    expect(visit.page.locator(".run-panel")).to_have_count(0)
    visit.page.go_back()
    visit.page.go_back()
    expect(visit.page.get_by_label("Filter")).to_have_value("")
    expect(visit.page.locator(".line .name")).to_have_count(3)


def test_a_filter_that_cannot_be_read_says_where(visit: Visit) -> None:
    visit.page.get_by_label("Filter").fill("lr << 1")
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator(".refused")).to_contain_text("lr << 1\n")
    expect(visit.page.get_by_label("Filter")).to_have_attribute("aria-invalid", "true")
    visit.page.get_by_label("Filter").fill("lr < 1")
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator(".refused")).to_have_count(0)
    expect(visit.page.get_by_role("heading", name="No such runs")).to_be_visible()
    visit.page.get_by_role("button", name="Show every run").click()
    expect(visit.page.locator(".line").first).to_be_visible()


def test_a_run_is_seen_to_start_and_to_end(browser: Browser, tmp_path: Path) -> None:
    project = Project(tmp_path / "watched")
    project.session("first")
    code = """if True:
        import sys
        from pycaddy import Project
        run = Project(sys.argv[1]).session("train").start()
        print(file=open(run.path("stdout.log"), "w"))
        sys.stdin.readline()
        print("step 1", file=open(run.path("stdout.log"), "w"))
        run.result = {"loss": 0.25}
        sys.stdin.readline()
        run.done()
    """
    with serving(project.root) as served, visiting(browser, served) as visit:
        expect(visit.page.locator(".line .name")).to_have_text(["first/0001"])
        command = [sys.executable, "-c", code, project.root]
        with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as other:
            assert other.stdin
            expect(visit.page.locator(".line .name")).to_have_text(["train/0001", "first/0001"])
            expect(visit.page.locator(".line .status.running")).to_have_count(1)
            visit.page.locator(".line").first.click()
            other.stdin.write("\n")
            other.stdin.flush()
            expect(visit.page.locator(".run-panel .log")).to_have_text("step 1\n")
            expect(visit.page.locator(".line .is-result").first).to_have_text("0.25")
            other.stdin.write("\n")
            other.stdin.flush()
            expect(visit.page.locator(".run-panel header .status")).to_contain_text("done")
            expect(visit.page.locator(".chip.done b")).to_have_text("1")
        assert visit.complaints == []


def test_tags_and_a_note_are_put_on_a_run(browser: Browser, tmp_path: Path) -> None:
    project = Project(tmp_path / "marked")
    run = project.session("train")
    with (
        serving(project.root) as served,
        visiting(browser, served, "#/marked?run=train/0001") as visit,
    ):
        panel = visit.page.locator(".run-panel")
        panel.get_by_label("Add a tag").fill("good baseline")
        visit.page.keyboard.press("Enter")
        expect(panel.locator(".tag")).to_have_count(2)
        panel.get_by_role("button", name="Take good off").click()
        expect(panel.locator(".tag")).to_have_text(["baseline✕"])
        panel.get_by_label("Add a tag").fill("<b>")
        visit.page.keyboard.press("Enter")
        expect(panel.get_by_role("alert")).to_contain_text("cannot be used")
        panel.get_by_role("button", name="Write a note").click()
        visit.page.keyboard.type("The one to beat.")
        panel.get_by_role("button", name="Save").click()
        expect(panel.locator(".note")).to_have_text("The one to beat.")
    record = project.ledger.reread(run.record)
    assert (record.tags, record.note) == (("baseline",), "The one to beat.")


def test_a_run_is_put_aside_and_brought_back(browser: Browser, tmp_path: Path) -> None:
    project = Project(tmp_path / "kept")
    project.session("train").start().done()
    with serving(project.root) as served, visiting(browser, served) as visit:
        button, page = visit.page.get_by_role("button", name="Move to the trash"), visit.page
        page.locator(".line").first.click()
        button.click()
        page.get_by_role("button", name="No", exact=True).click()
        button.click()
        page.get_by_role("button", name="Yes, move").click()
        expect(page.get_by_role("heading", name="No runs yet")).to_be_visible()
        page.get_by_role("button", name="trash", exact=True).click()
        page.locator(".line").first.click()
        page.get_by_role("button", name="Bring back from the trash").click()
        expect(page.get_by_role("heading", name="The trash is empty")).to_be_visible()
        page.get_by_role("button", name="All").click()
        expect(page.locator(".line .name")).to_have_text(["train/0001"])
        assert visit.complaints == []
    assert [run.status.name for run in project.sessions()] == ["DONE"]


def test_a_page_to_read_offers_no_change(browser: Browser, page: Served, project: Project) -> None:
    with (
        serving(project.root, "--read-only") as served,
        visiting(browser, served, "#/results?run=hostile/0001") as visit,
    ):
        expect(visit.page.locator(".note")).to_have_text(HOSTILE)
        expect(visit.page.get_by_label("Add a tag")).to_have_count(0)
        expect(visit.page.get_by_role("button", name="Edit the note")).to_have_count(0)
        expect(visit.page.get_by_role("button", name="Move to the trash")).to_have_count(0)


def test_many_runs_are_one_list_of_which_little_is_there(browser: Browser, tmp_path: Path) -> None:
    project = Project(tmp_path / "many").ensure_folder()
    records = [started_record(number) for number in range(1, MANY + 1)]
    assert project.ledger.store.load(records, {}) == MANY
    with serving(project.root) as served, visiting(browser, served) as visit:
        table = visit.page.get_by_role("grid", name="Runs")
        expect(table).to_have_attribute("aria-rowcount", str(MANY + 1))
        expect(visit.page.locator(".line .name").first).to_be_visible()
        first = visit.names()[0]
        table.focus()
        visit.page.keyboard.press("End")
        expect(visit.page.locator(f"#row-{MANY - 1} .name")).to_be_in_viewport()
        assert visit.page.locator(".line").count() < 100
        visit.page.keyboard.press("Home")
        expect(visit.page.locator("#row-0 .name")).to_have_text(first)


def test_a_server_that_is_gone_and_a_cookie_that_is_gone_are_told(
    browser: Browser, project: Project
) -> None:
    with serving(project.root) as served, visiting(browser, served) as visit:
        expect(visit.page.locator(".line").first).to_be_visible()
        visit.page.context.clear_cookies()
        visit.page.reload()
        expect(visit.page.get_by_role("heading", name="This page is closed")).to_be_visible()
        visit.page.goto(served.link)
        expect(visit.page.locator(".connection")).to_have_text("live")
        expect(visit.page.locator(".line .name").first).to_be_visible()
        served.process.terminate()
        expect(visit.page.get_by_role("alert")).to_contain_text("does not answer")
        expect(visit.page.locator(".connection")).to_have_text("not connected")
        expect(visit.page.locator(".line").first).to_be_visible()  # what was read stays


def test_a_project_without_runs_says_how_to_make_one(browser: Browser, tmp_path: Path) -> None:
    Project(tmp_path / "empty").ensure_folder().sessions()
    with serving(tmp_path / "empty") as served, visiting(browser, served) as visit:
        expect(visit.page.get_by_role("heading", name="No runs yet")).to_be_visible()
        expect(visit.page.locator("pre")).to_contain_text('session("train", {"lr": 0.001})')


@pytest.mark.parametrize("width", [360, 820, 1280, 3840])
def test_it_fits_a_phone_and_a_wall(browser: Browser, page: Served, width: int) -> None:
    with visiting(browser, page, "#/results?run=train/0001", width=width) as visit:
        visit.page.locator(".run-panel .values").first.wait_for()
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        close = visit.page.get_by_role("button", name="Close")
        expect(close).to_be_in_viewport()
        close.click()
        expect(visit.page.locator(".line .name").first).to_be_in_viewport()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("at", ["", "#/results?run=train/0001", "#/results?status=running&where=x"])
def test_it_can_be_used_without_seeing_it(
    browser: Browser, page: Served, at: str, dark: bool
) -> None:
    with visiting(browser, page, at, dark=dark) as visit:
        visit.page.locator(".line .name, .empty h2").first.wait_for()
        if "run=" in at:
            visit.page.locator(".run-panel .values").first.wait_for()
        assert not serious(visit.page)
