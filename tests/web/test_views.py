"""The views of the same runs in a real Chromium: columns, groups, completion and sweeps."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pycaddy import Project
from pycaddy.testing.factories import started_record
from tests.web.browser import Visit, serious, visiting
from tests.web.served import Served, serving

MANY = 20_000
SWEEP = "#/?view=sweep&relpath=&identifier=train"


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A sweep over three rates, two widths and two seeds, of which the highest rate fails."""
    project = Project(tmp_path_factory.mktemp("projects") / "swept")
    for lr in (0.1, 0.01, 0.001):
        for width in (16, 32):
            for seed in (1, 2):
                run = project.session("train", {"lr": lr, "width": width, "seed": seed}).start()
                run.log("loss/val", lr * width)
                if lr == 0.1:
                    run.error(f"Traceback\nValueError: loss is nan at step {width}")
                    continue
                run.tag("good")
                run.result = {"loss": lr * width * seed}
                run.done()
    project.session("train", {"lr": 0.001, "width": 64, "seed": 1})
    return project


@pytest.fixture(scope="module")
def page(swept: Project) -> Iterator[Served]:
    with serving(swept.root) as served:
        yield served


@pytest.fixture
def visit(browser: Browser, page: Served) -> Iterator[Visit]:
    with visiting(browser, page) as visit:
        expect(visit.page.locator(".line .name").first).to_be_visible()
        yield visit
        assert visit.complaints == []


def heads(page: Page) -> list[str]:
    """The columns of the table."""
    texts = [text.strip(" ↑↓") for text in page.get_by_role("columnheader").all_inner_texts()]
    assert texts[0] == ""  # of the boxes that choose runs
    return texts[1:]


def test_columns_are_chosen_and_stand_in_the_address(
    visit: Visit, browser: Browser, page: Served
) -> None:
    everything = ["run", "status", "created", "took", "tags", "loss", "loss/val"]
    assert heads(visit.page) == [*everything, "lr", "width", "seed"]
    visit.page.get_by_role("button", name="Columns").click()
    dialog = visit.page.get_by_role("dialog", name="Columns")
    expect(dialog.get_by_label("Find a column")).to_be_focused()
    visit.page.keyboard.type("own")
    dialog.get_by_label("owner").check()
    dialog.get_by_label("Find a column").fill("")
    dialog.get_by_label("created").uncheck()
    dialog.locator("legend", has_text="Params").get_by_role("button", name="none").click()
    chosen = ["run", "status", "took", "owner", "tags", "loss", "loss/val"]
    expect(visit.page.get_by_role("columnheader")).to_have_count(1 + len(chosen))
    assert heads(visit.page) == chosen
    expect(visit.page.locator(".line .is-owner").nth(2)).to_contain_text("pid ")
    shared = visit.page.url.partition("#")[2]
    with visiting(browser, page, f"#{shared}") as other:
        expect(other.page.locator(".line .name").first).to_be_visible()
        assert heads(other.page) == chosen
    visit.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(visit.page.get_by_role("button", name="Columns")).to_be_focused()
    visit.page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Reset").click()
    expect(visit.page.get_by_role("columnheader")).to_have_count(1 + len(everything) + 3)
    assert "cols" not in visit.page.url


@pytest.mark.parametrize("key", ["model.n-layers", "a,b", "x[0]", "plain.key"])
def test_a_column_is_sorted_whatever_its_name(browser: Browser, tmp_path: Path, key: str) -> None:
    project = Project(tmp_path / "odd")
    for value in (2, 3, 1):
        project.session("train", {key: value, "same": 1}).start().done()
    with serving(project.root) as served, visiting(browser, served) as visit:
        first = visit.page.locator(".line .name").first
        expect(first).to_have_text("train/0003")
        visit.page.get_by_role("columnheader", name=key).get_by_role("button").click()
        expect(visit.page.get_by_role("columnheader", name=key)).to_have_attribute(
            "aria-sort", "ascending"
        )
        visit.page.get_by_role("columnheader", name=key).get_by_role("button").click()
        expect(first).to_have_text("train/0002")
        assert visit.complaints == []


def test_runs_are_grouped_with_counts_and_means(visit: Visit) -> None:
    visit.page.get_by_label("Group by").select_option("lr")
    groups = visit.page.locator(".group")
    expect(groups).to_have_count(3)
    named = [each.get_attribute("aria-label") for each in groups.get_by_role("button").all()]
    assert named == ["lr = 0.001, 5 runs", "lr = 0.01, 4 runs", "lr = 0.1, 4 runs"]
    expect(groups.first.get_by_title("4 done")).to_be_visible()
    expect(groups.first.get_by_title("1 pending")).to_be_visible()
    expect(groups.last.get_by_title("4 error")).to_be_visible()
    expect(groups.nth(1).locator(".is-result")).to_have_text("0.36")
    expect(groups.nth(1).locator(".is-last")).to_have_text("0.2400")
    groups.last.get_by_role("button").press("Enter")
    expect(visit.page.locator(".line.error")).to_have_count(4)
    expect(groups.last).to_have_attribute("aria-expanded", "true")
    visit.page.locator(".line.error").first.click()
    expect(visit.page.locator(".run-panel .error-text")).to_contain_text("loss is nan")
    groups.last.get_by_role("button").press("Enter")
    expect(visit.page.locator(".line.error")).to_have_count(0)
    visit.page.get_by_label("Group by").select_option("nothing")
    expect(visit.page.locator(".line .name")).to_have_count(13)


def test_a_filter_is_completed_with_keys_alone(visit: Visit) -> None:
    field = visit.page.get_by_role("combobox", name="Filter")
    options = visit.page.get_by_role("listbox").get_by_role("option")
    press, write = visit.page.keyboard.press, visit.page.keyboard.type
    press("/")
    write("wi")
    expect(options).to_have_text(["widthparam"])
    press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "offer-0")
    press("Enter")
    expect(field).to_have_value("width ")
    expect(options.first).to_contain_text("==")
    write("== 32 ")
    expect(options).to_have_text(["andboth", "orone of them"])
    press("ArrowDown")
    press("Enter")
    write("stat")
    press("ArrowDown")
    press("Tab")
    write("!= ")
    press("ArrowUp")
    press("ArrowUp")
    press("ArrowUp")
    press("Enter")
    expect(field).to_have_value("width == 32 and status != 'error' ")
    press("Escape")
    expect(visit.page.get_by_role("listbox")).to_have_count(0)
    press("Enter")
    expect(visit.page.locator(".filter [role=status]")).to_have_text("4 found")
    visit.page.get_by_role("button", name="Clear").click()
    press("/")
    write("'go")
    options.first.click()
    press("Enter")
    expect(visit.page.locator(".filter [role=status]")).to_have_text("8 found")


def test_a_sweep_is_a_grid_with_what_went_wrong(browser: Browser, page: Served) -> None:
    with visiting(browser, page, SWEEP) as visit:
        grid = visit.page.locator("table.grid")
        expect(grid.locator("thead th")).to_have_text(["0.001", "0.01", "0.1"])
        expect(grid.locator("tbody th")).to_have_text(["16", "32", "64"])
        expect(grid.get_by_role("button")).to_have_count(7)
        expect(visit.page.locator(".progress h2")).to_contain_text("12 of 13 ended")
        failures = visit.page.locator(".failures li")
        expect(failures).to_have_count(1)  # the step is another one each time
        expect(failures).to_contain_text("ValueError: loss is nan at step")
        expect(failures.get_by_role("link")).to_have_count(4)
        bar = visit.page.locator(".grid-bar")
        bar.get_by_label("colour").select_option("result.loss")
        cell = grid.get_by_role("button", name="lr = 0.01, width = 32: 2 done; result.loss 0.48")
        expect(cell).to_have_text("0.48")
        bar.get_by_label("down").select_option("seed")
        expect(grid.locator("tbody th")).to_have_text(["1", "2"])
        assert "gy=seed" in visit.page.url
        bar.get_by_label("down").select_option("nothing")
        grid.get_by_role("button", name="lr = 0.1: 4 error").click()
        expect(visit.page.get_by_label("Filter")).to_have_value("lr == 0.1")
        expect(visit.page.locator(".line.error")).to_have_count(4)
        visit.page.get_by_role("link", name="Sweep").click()
        failures.get_by_role("link").first.click()
        expect(visit.page.locator(".run-panel h2")).to_have_text("train/0004")
        assert visit.complaints == []


def test_a_sweep_shows_who_works_on_what_as_it_happens(browser: Browser, tmp_path: Path) -> None:
    project = Project(tmp_path / "swept")
    project.session("train", {"lr": 0.1}).start().done()
    code = """if True:
        import sys
        from pycaddy import Project
        run = Project(sys.argv[1]).session("train", {"lr": 0.2}).start()
        sys.stdin.readline()
        run.done()
    """
    with serving(project.root) as served, visiting(browser, served, SWEEP) as visit:
        expect(visit.page.get_by_text("Nobody works on a run")).to_be_visible()
        expect(visit.page.get_by_text("No param differs")).to_be_visible()
        command = [sys.executable, "-c", code, project.root]
        with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as other:
            row = visit.page.locator(".work tbody tr")
            expect(row).to_contain_text(f"pid {other.pid} on")
            expect(row).to_contain_text("running")
            expect(visit.page.locator("table.grid").get_by_role("button")).to_have_count(2)
            assert other.stdin
            other.stdin.write("\n")
            other.stdin.flush()
            expect(visit.page.locator(".progress h2")).to_contain_text("2 of 2 ended")
            expect(row).to_have_count(0)
        assert visit.complaints == []


def test_without_an_identifier_a_sweep_is_chosen(browser: Browser, page: Served) -> None:
    with visiting(browser, page, "#/?view=sweep") as visit:
        visit.page.locator(".which").get_by_role("link", name="train").click()
        expect(visit.page.locator("table.grid")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    "at", [SWEEP, f"{SWEEP}&of=result.loss", "#/?view=sweep", "#/?by=params.lr", "#/?cols=status"]
)
def test_the_views_can_be_used_without_seeing_them(
    browser: Browser, page: Served, at: str, dark: bool
) -> None:
    with visiting(browser, page, at, dark=dark) as visit:
        visit.page.locator(".grid, .which, .group, .line .name").first.wait_for()
        if "by=" in at:
            visit.page.locator(".group button").first.click()
            visit.page.locator(".line .name").first.wait_for()
        if "cols=" in at:
            visit.page.get_by_role("button", name="Columns").click()
            visit.page.get_by_role("dialog").wait_for()
        assert not serious(visit.page)


@pytest.mark.parametrize("width", [360, 820, 1280, 3840])
@pytest.mark.parametrize("at", [SWEEP, "#/?by=params.lr"])
def test_the_views_fit_a_phone_and_a_wall(
    browser: Browser, page: Served, at: str, width: int
) -> None:
    with visiting(browser, page, at, width=width) as visit:
        visit.page.locator(".grid, .group").first.wait_for()
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        expect(visit.page.get_by_role("link", name="Sweep")).to_be_in_viewport()


SCROLL = """() => new Promise((done) => {
  const table = document.querySelector(".table"), times = [];
  const step = (at) => {
    times.push(at);
    table.scrollTop += 60;
    if (times.length <= 120) requestAnimationFrame(step);
    else done(120000 / (at - times[0]));
  };
  requestAnimationFrame(step);
})"""
SORTED = """() => new Promise((done) => {
  const first = () => document.querySelector(".line .name").title;
  const before = first(), start = performance.now();
  [...document.querySelectorAll(".head button")].find((each) => each.title.endsWith(".x")).click();
  const took = () => performance.now() - start;
  const look = () => (first() === before ? requestAnimationFrame(look) : done(took()));
  look();
})"""


def test_how_fast_a_long_list_is_is_printed(browser: Browser, tmp_path: Path) -> None:
    project = Project(tmp_path / "many").ensure_folder()
    records = (started_record(n, {"x": (n * 7919 + 1) % MANY}) for n in range(1, MANY + 1))
    project.ledger.store.load(records, {})
    with serving(project.root) as served, visiting(browser, served) as visit:
        expect(visit.page.locator(".line .name").first).to_be_visible()
        figures = {
            "ms to the first rows": visit.page.evaluate("performance.now()"),
            "ms to sort": visit.page.evaluate(SORTED),
            "frames per second": visit.page.evaluate(SCROLL),
        }
    for name, figure in figures.items():  # they depend on the machine
        print(f"{MANY:,} runs, {name}: {figure:.0f}")
