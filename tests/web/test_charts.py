"""The charts of a run and the comparison of several, in a real Chromium."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from pycaddy import Project
from tests.web.browser import serious, visiting
from tests.web.served import Served, serving

LRS = (0.1, 0.01, 0.001)
SEEDS = (0, 1, 2)
STEPS = 3000
ALL = "//".join(f"train/{number:04}" for number in range(1, 10))
THREE = "train/0001//train/0004//train/0007"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Nine runs of three rates and three seeds; one without metrics."""
    project = Project(tmp_path_factory.mktemp("charts") / "study")
    for lr in LRS:
        for seed in SEEDS:
            params = {"opt": {"lr": lr}, "seed": seed, "epochs": 3, "width": 8 * 2 ** (seed % 2)}
            with project.session("train", params) as run:
                for step in range(STEPS):
                    loss = math.nan if lr == 0.1 and 100 <= step < 110 else lr + 1 / (step + 1)
                    run.log("loss/train", loss + seed / 100, step=step)
                run.log({"loss/validation": lr * 2, "accuracy": 1 - lr - seed / 100}, step=STEPS)
                run.result = {"score": 1 - lr}
    project.session("plain", {"k": 1}).start().done()
    return project


@pytest.fixture(scope="module")
def page(project: Project) -> Iterator[Served]:
    with serving(project.root) as served:
        yield served


def chart(page: Page, name: str) -> Locator:
    return page.locator(".chart", has=page.locator(f'.chart-name[title="{name}"]'))


def frame(page: Page, name: str) -> Locator:
    return chart(page, name).locator(".chart-frame")


def focus(page: Page, name: str) -> None:
    """Go to a chart, once its points are there."""
    frame(page, name).scroll_into_view_if_needed()
    expect(frame(page, name)).to_have_attribute("aria-label", re.compile("last"))
    frame(page, name).focus()


def drawn(page: Page, name: str, colour: tuple[int, int, int]) -> int:
    """How many pixels of a chart have a colour."""
    canvas = chart(page, name).locator("canvas")
    return int(
        canvas.evaluate(
            """(canvas, [r, g, b]) => {
                const { width, height } = canvas;
                const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
                let found = 0;
                for (let at = 0; at < data.length; at += 4)
                    found += data[at] === r && data[at + 1] === g && data[at + 2] === b;
                return found;
            }""",
            list(colour),
        )
    )


BLUE = (0x3B, 0x5B, 0xDB)


def test_a_run_has_a_chart_for_each_metric_and_a_group_for_each_beginning(
    browser: Browser, page: Served
) -> None:
    with visiting(browser, page, "#/study?run=train/0001") as visit:
        names = visit.page.locator(".chart-name")
        expect(names).to_have_text(["accuracy", "loss/train", "loss/validation"])
        expect(visit.page.locator(".chart-group h4")).to_have_text(re.compile(r"loss\s*2"))
        chart(visit.page, "loss/train").scroll_into_view_if_needed()
        expect(frame(visit.page, "loss/train")).to_have_attribute(
            "aria-label", re.compile("train/0001, last 0.1003")
        )
        assert drawn(visit.page, "loss/train", BLUE) > 200
        expect(chart(visit.page, "loss/train").locator(".chart-note")).to_have_text("10 NaN")
        visit.page.get_by_role("button", name="loss 2").click()
        expect(names).to_have_text(["accuracy"])
        assert visit.complaints == []


def test_a_run_without_metrics_says_how_to_log_some(browser: Browser, page: Served) -> None:
    with visiting(browser, page, "#/study?run=plain/0001") as visit:
        section = visit.page.locator(".run-panel section", has_text="Metrics")
        expect(section).to_contain_text("No metrics were logged. run.log(")
        visit.page.goto(f"http://{page.host}/#/study?view=compare&pick=plain/0001")
        expect(visit.page.locator(".compare .empty h2")).to_have_text("No metrics were logged")


def test_a_chart_follows_a_run_that_logs(browser: Browser, tmp_path: Path) -> None:
    project = Project(tmp_path / "live").ensure_folder()
    project.sessions()
    code = """if True:
        import sys
        from pycaddy import Project
        run = Project(sys.argv[1]).session("train").start()
        for line in sys.stdin:
            name, _, value = line.partition(" ")
            run.log(name, float(value))
        run.done()
    """
    command = [sys.executable, "-c", code, str(project.root)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as other,
        serving(project.root) as served,
        visiting(browser, served) as visit,
    ):
        assert other.stdin

        def log(line: str) -> None:
            assert other.stdin
            other.stdin.write(f"{line}\n")
            other.stdin.flush()

        visit.page.locator(".line .name").first.click()
        expect(visit.page.locator(".run-panel")).to_contain_text("No metrics were logged")
        log("loss 3")
        loss = frame(visit.page, "loss")
        expect(loss).to_have_attribute("aria-label", re.compile("last 3"))
        for value in (2, 1):
            log(f"loss {value}")
            expect(loss).to_have_attribute("aria-label", re.compile(f"last {value}"))
        log("other 7")
        expect(visit.page.locator(".chart-name")).to_have_text(["loss", "other"])
        other.stdin.close()
        expect(visit.page.locator(".run-panel header .status")).to_contain_text("done")
        assert visit.complaints == []


def test_what_is_dragged_over_is_asked_for_again_in_full(browser: Browser, page: Served) -> None:
    with visiting(browser, page, f"#/study?view=compare&pick={THREE}") as visit:
        over = chart(visit.page, "loss/train").locator(".u-over")
        over.scroll_into_view_if_needed()
        box = over.bounding_box()
        assert box
        mouse, y = visit.page.mouse, box["y"] + box["height"] / 2
        with visit.page.expect_request(re.compile(r"/api/series\?.*from=")):
            mouse.move(box["x"] + box["width"] * 0.5, y)
            mouse.down()
            mouse.move(box["x"] + box["width"] * 0.51, y, steps=3)
            mouse.up()
        zoom = visit.page.url.partition("zoom=")[2].partition("&")[0].replace("%3A", ":")
        low, high = map(float, zoom.split(":"))
        assert 1450 < low < high < 1600
        button = visit.page.get_by_role("button", name="Whole axis")
        expect(button).to_be_visible()
        frame(visit.page, "loss/train").press("-")
        assert "zoom=" in visit.page.url
        button.click()
        expect(button).to_have_count(0)
        assert "zoom=" not in visit.page.url
        over.dblclick()
        assert visit.complaints == []


def test_a_chart_is_read_and_zoomed_with_keys(browser: Browser, page: Served) -> None:
    with visiting(browser, page, f"#/study?view=compare&pick={THREE}") as visit:
        focus(visit.page, "loss/train")
        visit.page.keyboard.press("End")
        spoken = chart(visit.page, "loss/train").locator("[aria-live]")
        expect(spoken).to_have_text(re.compile(r"^step 2,999: .*lr=0\.1 0\.1003"))
        tip = chart(visit.page, "loss/train").locator(".chart-tip")
        expect(tip.locator(".tip-line")).to_have_count(3)
        visit.page.keyboard.press("ArrowLeft")
        expect(spoken).to_have_text(re.compile(r"^step 2,9[67]\d: "))
        visit.page.keyboard.press("+")
        expect(visit.page.get_by_role("button", name="Whole axis")).to_be_visible()
        visit.page.keyboard.press("0")
        expect(visit.page.get_by_role("button", name="Whole axis")).to_have_count(0)
        visit.page.keyboard.press("Escape")
        expect(tip).to_have_count(0)


def test_a_finger_zooms_a_chart_and_scrolls_the_page(browser: Browser, page: Served) -> None:
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 800})
    phone = context.new_page()
    phone.goto(f"{page.link}#/study?view=compare&pick={THREE}")
    focus(phone, "loss/train")
    over = chart(phone, "loss/train").locator(".u-over")
    box = over.bounding_box()
    assert box is not None
    fingers = context.new_cdp_session(phone)

    def drag(*places: tuple[float, float]) -> None:
        for number, (x, y) in enumerate(places):
            point = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
            kind = "touchMove" if number else "touchStart"
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
        fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    whole = phone.get_by_role("button", name="Whole axis")
    drag((0.3, 0.8), (0.3, 0.7), (0.3, 0.5), (0.3, 0.2))
    expect(whole).to_have_count(0)
    box = over.bounding_box()  # the page has scrolled, and the chart with it
    assert box is not None
    drag((0.25, 0.5), (0.4, 0.5), (0.6, 0.5), (0.75, 0.5))
    expect(whole).to_be_visible()
    zoom = phone.url.partition("zoom=")[2].partition("&")[0].replace("%3A", ":")
    low, high = map(float, zoom.split(":"))
    assert (low, high) == (pytest.approx(750, abs=60), pytest.approx(2250, abs=60))
    context.close()


def test_how_curves_are_shown_stands_in_the_address(browser: Browser, page: Served) -> None:
    with visiting(browser, page, f"#/study?view=compare&pick={THREE}") as visit:
        chart(visit.page, "loss/train").wait_for()
        visit.page.get_by_label("Smoothing").fill("0.9")
        visit.page.get_by_label("Log", exact=True).check()
        visit.page.get_by_role("button", name="Elapsed").click()
        shared = visit.page.url.partition("#")[2]
        assert {"smooth=0.9", "log=y", "x=seconds"} <= set(shared.split("?")[1].split("&"))
        with visiting(browser, page, f"#{shared}") as other:
            expect(other.page.get_by_label("Smoothing")).to_have_value("0.9")
            expect(other.page.get_by_label("Log", exact=True)).to_be_checked()
            focus(other.page, "loss/train")
            other.page.keyboard.press("End")
            spoken = chart(other.page, "loss/train").locator("[aria-live]")
            expect(spoken).to_have_text(re.compile("after the start: "))


def test_runs_are_chosen_by_box_by_shift_and_by_key(browser: Browser, page: Served) -> None:
    with visiting(browser, page) as visit:
        bar = visit.page.get_by_role("group", name="Chosen runs")
        visit.page.get_by_label("Choose train/0009").click()
        expect(bar).to_contain_text("1 chosen")
        visit.page.locator(".line", has_text="train/0006").click(modifiers=["Shift"])
        expect(bar).to_contain_text("4 chosen")
        visit.page.get_by_label("Choose train/0008").click()
        expect(bar).to_contain_text("3 chosen")
        table = visit.page.get_by_role("grid", name="Runs")
        table.focus()
        visit.page.keyboard.press("End")
        visit.page.keyboard.press(" ")
        expect(bar).to_contain_text("4 chosen")
        expect(visit.page.locator(".line[aria-selected=true]")).to_have_count(4)
        visit.page.reload()
        expect(visit.page.locator(".line[aria-selected=true]")).to_have_count(4)
        table.focus()
        visit.page.keyboard.press("c")
        expect(visit.page.locator(".compare h1")).to_have_text("4 runs")
        rows = visit.page.locator(".differences tbody .who .text")
        expect(rows).to_have_text(["train/0009", "train/0007", "train/0006", "train/0001"])
        visit.page.get_by_role("link", name="← Runs").click()
        visit.page.get_by_label("Choose none").click()
        expect(bar).to_have_count(0)
        visit.page.get_by_label(re.compile("Choose all that are listed")).click()
        expect(bar).to_contain_text("10 chosen")
        assert visit.complaints == []


def test_what_differs_comes_first_and_the_rest_is_folded(browser: Browser, page: Served) -> None:
    with visiting(browser, page, f"#/study?view=compare&pick={THREE}//train/9999") as visit:
        heads = visit.page.locator(".differences thead button")
        expect(heads).to_have_text(["opt.lr", "score", "accuracy", "loss/train", "loss/validation"])
        folded = visit.page.locator(".differences details")
        expect(folded.locator("summary")).to_have_text("3 params are the same in all")
        expect(folded.locator("dt").first).to_be_hidden()
        folded.locator("summary").click()
        expect(folded.locator("dt")).to_have_text(["seed", "epochs", "width"])
        expect(visit.page.locator(".hint")).to_contain_text("train/9999: not there any more.")
        heads.first.click()
        rates = visit.page.locator(".differences tbody td.first")
        expect(rates.first).to_have_text("0.001")


def test_a_run_keeps_its_colour_when_others_leave(browser: Browser, page: Served) -> None:
    with visiting(browser, page, f"#/study?view=compare&pick={THREE}") as visit:
        colours = visit.page.locator(".differences tbody .swatch")
        expect(colours).to_have_count(3)
        read = "elements => elements.map((each) => each.style.background)"
        before = colours.evaluate_all(read)
        assert len(set(before)) == 3
        visit.page.get_by_label("Leave train/0001 out").click()
        expect(colours).to_have_count(2)
        assert colours.evaluate_all(read) == before[1:]


def test_curves_are_averaged_over_a_seed(browser: Browser, page: Served) -> None:
    with visiting(browser, page, f"#/study?view=compare&pick={ALL}") as visit:
        visit.page.get_by_label("Mean over").select_option("seed")
        # The width follows the seed here, so each mean is of the runs with the same one.
        legend = visit.page.get_by_role("list", name="Means")
        expect(legend.locator("li")).to_have_count(6)
        expect(legend.locator("li").first).to_contain_text("lr=0.1 width=8")
        expect(legend.locator("li").first).to_contain_text("2 runs")
        focus(visit.page, "accuracy")
        visit.page.keyboard.press("End")
        tip = chart(visit.page, "accuracy").locator(".chart-tip")
        expect(tip).to_contain_text("0.89")  # of 0.9 and 0.88
        visit.page.get_by_label("Band").select_option("95 % interval of the mean")
        assert "band=ci" in visit.page.url
        frame(visit.page, "loss/train").scroll_into_view_if_needed()
        expect(frame(visit.page, "loss/train")).to_have_attribute("aria-label", re.compile("last"))
        assert visit.complaints == []


def test_runs_are_scattered_and_opened_by_key(browser: Browser, page: Served) -> None:
    with visiting(browser, page, f"#/study?view=compare&pick={ALL}&tab=scatter") as visit:
        expect(visit.page.locator(".run-dot")).to_have_count(9)
        expect(visit.page.get_by_role("combobox", name="Across")).to_have_value("params.opt.lr")
        expect(visit.page.get_by_label("Log across")).to_be_checked()
        visit.page.get_by_role("combobox", name="Up").select_option("accuracy")
        visit.page.locator(".figure").focus()
        visit.page.keyboard.press("ArrowRight")
        tip = visit.page.locator(".figure .chart-tip")
        expect(tip).to_contain_text(re.compile("train/000[789].*opt.lr0.001"))
        visit.page.keyboard.press("Enter")
        expect(visit.page.locator(".run-panel h2")).to_have_text(re.compile("train/000[789]"))


def test_brushing_keeps_some_of_the_lines(browser: Browser, page: Served) -> None:
    with visiting(browser, page, f"#/study?view=compare&pick={ALL}&tab=parallel") as visit:
        expect(visit.page.locator(".lane")).to_have_count(9)
        axis = visit.page.locator(".brushable").first
        box = axis.bounding_box()
        assert box
        x = box["x"] + box["width"] / 2
        visit.page.mouse.move(x, box["y"] + 2)
        visit.page.mouse.down()
        visit.page.mouse.move(x, box["y"] + box["height"] * 0.3, steps=4)
        visit.page.mouse.up()
        status = visit.page.locator(".compare .chart-controls [role=status]")
        expect(status).to_have_text("3 of 9 runs")
        axis.focus()
        for _ in range(20):  # it keeps its length, and stops at the end
            visit.page.keyboard.press("ArrowDown")
        expect(status).to_have_text("3 of 9 runs")
        visit.page.keyboard.press("Shift+ArrowUp")
        visit.page.keyboard.press("Escape")
        expect(status).to_be_empty()
        visit.page.keyboard.press("Enter")
        for _ in range(20):
            visit.page.keyboard.press("ArrowDown")
        visit.page.get_by_role("button", name="Compare only these").click()
        expect(visit.page.locator(".differences tbody .who .text")).to_have_text(
            ["train/0007", "train/0008", "train/0009"]
        )
        assert visit.complaints == []


def test_a_heatmap_has_the_mean_of_each_cell(browser: Browser, page: Served) -> None:
    at = f"#/study?view=compare&pick={ALL}&tab=heatmap&fy=params.width&fz=metrics.accuracy"
    with visiting(browser, page, at) as visit:
        table = visit.page.locator(".heat tbody")
        expect(table.locator("th")).to_have_text(["8", "16"])
        expect(table.locator("td")).to_have_text(["0.989", "0.98", "0.89"] * 2)
        expect(table.locator("td").first).to_have_attribute("title", re.compile("train/0007"))


def test_smoothing_is_a_mean_of_what_came_before_whatever_the_number_of_points(
    browser: Browser, page: Served
) -> None:
    code = """async () => {
        const smooth = await import("/static/charts/smooth.js");
        const { smoothed, band, spread, withGaps, nearest } = smooth;
        const line = (x, y) => ({ x: Float64Array.from(x), y: Float64Array.from(y) });
        const many = Array.from({ length: 2001 }, (_, at) => at / 2);
        const few = many.filter((_, at) => at % 20 === 0);
        const step = (x) => (x < 500 ? 0 : 1);
        const at = (xs, x) => smoothed(line(xs, xs.map(step)), 0.9, 1000)[nearest(xs, x)];
        return {
            flat: [...smoothed(line([0, 1, 2], [3, 3, 3]), 0.99, 2)],
            gap: [...smoothed(line([0, 1, 2], [1, NaN, 1]), 0.5, 2)],
            late: [at(many, 600), at(few, 600)],
            gaps: withGaps(line([0, 10], [1, 2]), line([0, 5, 20], [1, NaN, Infinity])),
            mean: band([line([0, 2], [0, 2]), line([0, 1, 2, 3], [2, 2, 2, 2])], "range"),
            ci: spread([1, 2, 3], 2, "ci"),
            std: spread([1, 2, 3], 2, "std"),
        };
    }"""
    with visiting(browser, page) as visit:
        found = visit.page.evaluate(code)
    assert found["flat"] == pytest.approx([3, 3, 3])
    assert math.isnan(found["gap"][1])
    assert found["gap"][2] == pytest.approx(1)
    assert found["late"][0] == pytest.approx(found["late"][1], abs=0.03)
    assert 0.8 < found["late"][0] < 0.95
    assert found["gaps"]["x"] == [0, 5, 10, 20]
    assert [math.isfinite(y) for y in found["gaps"]["y"]] == [True, False, True, False]
    mean = found["mean"]
    assert mean["x"] == [0, 1, 2, 3]
    assert mean["mean"] == [1, 1.5, 2, 2]
    assert (mean["low"], mean["high"]) == ([0, 1, 2, 2], [2, 2, 2, 2])
    assert found["std"] == pytest.approx([1, 1])
    assert found["ci"][0] == pytest.approx(4.303 / math.sqrt(3))


@pytest.mark.parametrize("width", [360, 820, 3840])
def test_a_comparison_fits_a_phone_and_a_wall(browser: Browser, page: Served, width: int) -> None:
    for tab in ("curves", "scatter", "parallel", "heatmap"):
        at = f"#/study?view=compare&pick={ALL}&tab={tab}"
        with visiting(browser, page, at, width=width) as visit:
            visit.page.locator(".chart canvas, .run-dot, .lane, .heat td").first.wait_for()
            assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    "at",
    [
        "?run=train/0001",
        f"?view=compare&pick={ALL}&over=params.seed",
        f"?view=compare&pick={ALL}&tab=scatter",
        f"?view=compare&pick={ALL}&tab=parallel",
        f"?view=compare&pick={ALL}&tab=heatmap",
        f"?pick={THREE}",
        "?view=compare",
    ],
)
def test_charts_can_be_used_without_seeing_them(
    browser: Browser, page: Served, at: str, dark: bool
) -> None:
    with visiting(browser, page, f"#/study{at}", dark=dark) as visit:
        ready = ".chart canvas, .run-dot, .lane, .heat td, .pick-bar, .compare .empty"
        visit.page.locator(ready).first.wait_for()
        assert not serious(visit.page)
