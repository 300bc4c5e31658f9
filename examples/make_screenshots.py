"""Take the pictures of the page in docs/images, light and dark.

    python examples/make_screenshots.py [FOLDER]

It makes a project with the grid of digits_grid.py, some of the networks of digits_curves.py and a
sweep of curves, of which some runs fail and some are still at work, and opens each view of
`pycaddy ui`, and a report, in Chromium through Playwright.
"""

from __future__ import annotations

import shutil
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import digits_curves
import digits_grid
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from pycaddy import DictSweep, Project, Session
from pycaddy.interop import write_report

IMAGES = Path(__file__).parents[1] / "docs/images"
SIZE = {"width": 1360, "height": 765}
SCALE = 1.5
COLOURS = 200

VIEWS = {  # the name of the picture: where the view is, and what shows that it is there
    "ui-runs": ("#/?relpath=&identifier=curves", ".line .name"),
    "ui-groups": ("#/?relpath=&identifier=curves&by=params.lr", ".group"),
    "ui-sweep": ("#/?view=sweep&relpath=&identifier=curves&of=result.accuracy", ".grid button"),
    "ui-curves": (
        "#/?relpath=&identifier=networks&run=networks/0006&smooth=0.9",
        ".run-panel .chart canvas",
    ),
    "ui-compare": (
        "#/?relpath=&identifier=networks&view=compare&over=params.seed&band=std&smooth=0.9&pick="
        + "//".join(f"networks/{uid:04d}" for uid in range(1, 17)),
        ".compare .chart canvas",
    ),
    "ui-run": ("#/?relpath=&identifier=train&run=train/0008", ".run-panel .values"),
}
REPORT = ("#/?over=params.seed&smooth=0.9", ".compare .chart canvas")

CURVES = DictSweep(
    {"lr": [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 300], "batch": [8, 16, 32, 64, 128]},
    strategy="product",
)
STEPS = 250


def main() -> None:
    folder = Path(sys.argv[1]) if sys.argv[1:] else IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        project = Project(Path(scratch) / "digits")
        digits_grid.run_grid(project)
        project.run(
            digits_curves.train,
            digits_curves.SWEEP.filter(lambda params: params["width"] == 32 and params["lr"] < 1),
            identifier="networks",
            executor="serial",
            progress=False,
        )
        at_work = learn(project)
        report = Path(scratch) / "report.html"
        write_report(project, report, project.runs("networks").records)
        take(project, report, folder)
        for run in at_work:
            run.done()


def learn(project: Project) -> list[Session]:
    """Learn most of the sweep, and return the runs that are still at it."""
    configs = list(CURVES)
    # By column, so that the grid is seen to fill up.
    configs.sort(key=lambda config: (config["lr"] in (0.003, 1), config["batch"]))
    for config in configs[:-6]:
        try:
            with project.session("curves", config) as run:
                train(run)
        except FloatingPointError:
            continue  # it is told on the page
    at_work = [project.session("curves", config).start() for config in configs[-6:-3]]
    for config in configs[-3:]:
        project.session("curves", config)
    return at_work


def train(run: Session) -> None:
    """Softmax regression by stochastic gradient descent."""
    x, y = digits_grid.x_train, digits_grid.y_train
    rng = np.random.default_rng(0)
    weights = np.zeros((x.shape[1], 10))
    for step in range(STEPS):
        chosen = rng.integers(len(x), size=run.params["batch"])
        odds = np.exp((z := x[chosen] @ weights) - z.max(axis=1, keepdims=True))
        odds /= odds.sum(axis=1, keepdims=True)
        loss = -np.log(odds[np.arange(len(chosen)), y[chosen]] + 1e-300).mean()
        if loss > 100:
            raise FloatingPointError(f"the loss is {loss:.0f} at step {step}")
        odds[np.arange(len(chosen)), y[chosen]] -= 1
        weights -= run.params["lr"] * x[chosen].T @ odds / len(chosen)
        run.log("loss", float(loss))
    right = (digits_grid.x_test @ weights).argmax(axis=1) == digits_grid.y_test
    run.result = {"accuracy": round(float(right.mean()), 4)}
    if right.mean() > 0.95:
        run.tag("good")


def take(project: Project, report: Path, folder: Path) -> None:
    """Take a picture of each view and of the report, light and dark."""
    with project.ui() as page, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for name, (at, sign) in (VIEWS | {"ui-report": REPORT}).items():
            for scheme in ("light", "dark"):
                home = report.as_uri() if name == "ui-report" else page.link  # a link works once
                picture = folder / f"{name}{'-dark' if scheme == 'dark' else ''}.png"
                picture.write_bytes(smaller(shot(browser, home + at, sign, scheme)))
        browser.close()


def shot(browser: Browser, link: str, sign: str, scheme: Any) -> bytes:
    context = browser.new_context(
        viewport=SIZE,  # type: ignore[arg-type]
        device_scale_factor=SCALE,
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    tab = context.new_page()
    tab.goto(link)
    tab.locator(sign).first.wait_for()
    if link.startswith("http"):
        tab.locator(".connection.live").wait_for()
        tab.locator(".root").evaluate("element => element.textContent = '~/digits'")
    # What the run has drawn is seen, and of the machine that it was drawn on nothing.
    for button in tab.get_by_role("button", name="confusion").all():
        button.click()
        tab.locator("img.preview").wait_for()
    picture = tab.screenshot()
    context.close()
    return picture


def smaller(picture: bytes) -> bytes:
    """Return a PNG with few colours: the page has few."""
    out = BytesIO()
    image = Image.open(BytesIO(picture)).convert("RGB")
    # What is rare is kept, too: a dot that tells a status.
    few = image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    main()
