"""A real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.web.served import Served

AXE = Path(__file__).parents[2] / "ui/node_modules/axe-core/axe.min.js"
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# A net for what never comes: how soon it comes is not tested.
expect.set_options(timeout=120_000)


@contextmanager
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program, "These tests need Debian's chromium: `python3 dev.py test` installs it."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        browser.close()


@dataclass
class Visit:
    """Somebody at the page, and what their browser had to complain about."""

    page: Page
    served: Served
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def row(self, name: str) -> str:
        """The status that the table shows of a run."""
        row = self.page.locator(".line", has=self.page.locator(f'[title="{name}"]'))
        return (row.locator(".status").get_attribute("class") or "").split()[-1]

    def names(self) -> list[str]:
        """The runs that the table shows, from above."""
        return self.page.locator(".line .name").all_inner_texts()


@contextmanager
def visiting(
    browser: Browser,
    served: Served,
    at: str = "",
    *,
    width: int = 1280,
    height: int = 800,
    dark: bool = False,
) -> Iterator[Visit]:
    """Open the page by its link, at the part *at* of it."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
    )
    context.set_default_timeout(120_000)
    visit = Visit(context.new_page(), served)
    visit.page.on("console", lambda message: visit.complaints.append(message.text))
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on("dialog", lambda dialog: visit.complaints.append(dialog.message))
    visit.page.on("request", lambda request: visit.hosts.add(request.url.split("/")[2]))
    visit.page.goto(f"{served.link}{at}")
    yield visit
    context.close()


def serious(page: Page) -> str:
    """What axe finds that keeps somebody from using the page; empty: nothing."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run().then((result) => result.violations)")
    return "\n".join(
        f"{each['id']}: {node['html']} {node['failureSummary']}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    )
