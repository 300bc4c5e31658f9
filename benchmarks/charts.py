"""What it costs to draw long series: fifty of a hundred thousand points in one chart.

The floor of the answer is to read the points from the disk: the rest is finding the extremes of
each stretch and packing them. The floor of the picture is that answer, made in the same process:
the rest is the server, the browser, and the lines themselves.
"""

from __future__ import annotations

import math
import random
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter

from benchmarks._rounds import Row, compare, interleaved, row
from pycaddy.ledger import Ledger, RunRecord, recording
from pycaddy.project import Project
from pycaddy.stores import Selection
from pycaddy.web._series import SeriesAsk, answer
from tests.web.browser import chromium, visiting
from tests.web.served import serving

SERIES = 50
POINTS = 100_000
ROUNDS = 5
WIDTH = 1200

# In a new browser each time: this one has nothing that it could compare with.
DRAWING = """async ([runs, points]) => {
    const begun = performance.now();
    const { fetchSeries } = await import("/static/charts/series.js");
    const { Plot } = await import("/static/charts/plot.js");
    const { curvesOf, extentOf } = await import("/static/charts/curves.js");
    const ask = { project: "drawn", runs, name: "loss", x: "step" };
    const { series } = await fetchSeries(ask, null, points, new AbortController().signal);
    const look = (run) => ({ key: run, label: run, colour: "#3b5bdb", dash: [], runs: [run] });
    const curves = curvesOf(runs.map(look), series, null, { smooth: 0.6, band: null });
    const home = document.body.appendChild(document.createElement("div"));
    Object.assign(home.style, { width: "900px", height: "400px" });
    const extent = extentOf(series);
    new Plot(home, { curves, axis: "step", log: false, extent, focus: null }, {});
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return (performance.now() - begun) / 1000;
}"""


def measure(folder: Path, *, quick: bool = False) -> list[Row]:
    series, points, rounds = (3, 3000, 2) if quick else (SERIES, POINTS, ROUNDS)
    project = logged(folder / "drawn", series, points)
    project.ledger.store.close()
    ledger = Ledger(str(project.root), read_only=True)
    with closing(ledger.store):
        records = ledger.records(Selection(newest_first=False))
        names = f"{series} series of {points:,} points"
        ask = SeriesAsk.of([("run", "train/1"), ("name", "loss"), ("points", str(WIDTH))])

        def ours() -> object:
            return answer(ledger, records, ask)

        def floor() -> object:
            return [recording.read(ledger, record, "loss") for record in records]

        rows = [compare(f"{names}, read and thinned", ours, floor, limit=None, rounds=rounds)]
        if shutil.which("chromium"):
            drawing = in_browser(project.root, records, ours, rounds)
            rows.append(row(f"{names}, drawn in Chromium", *drawing, limit=None))
        return rows


def logged(root: Path, series: int, points: int) -> Project:
    """A run for each series: noise on a slope, as a loss is."""
    project, noise = Project(root), random.Random(1)
    for _ in range(series):
        with project.session("train") as run:
            for step in range(points):
                run.log("loss", math.exp(-3 * step / points) + noise.random() / 10, step=step)
    return project


def in_browser(
    root: Path, records: list[RunRecord], floor: Callable[[], object], rounds: int
) -> tuple[list[float], list[float]]:
    """Seconds from asking to the picture, and those of the answer alone, by round."""
    runs = [str(record.key) for record in records]
    with serving(root) as served, chromium() as browser:

        def drawn() -> float:
            with visiting(browser, served) as visit:
                visit.page.locator(".line .name").first.wait_for()
                return float(visit.page.evaluate(DRAWING, [runs, WIDTH]))

        def answered() -> float:
            begun = perf_counter()
            floor()
            return perf_counter() - begun

        sides = {"ours": drawn, "floor": answered}
        times = interleaved(sides, rounds, clock=lambda contestant: contestant())
        return times["ours"], times["floor"]
