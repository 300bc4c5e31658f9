"""The page of a project whose ledger is in PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from pycaddy import Project
from tests.web.browser import visiting
from tests.web.served import serving


def test_runs_that_others_make_appear_move_and_can_be_looked_at(
    tmp_path: Path, ledger_url: str, browser: Browser
) -> None:
    project = Project(tmp_path / "shared", ledger=ledger_url)
    for lr in (0.1, 0.2, 0.3):
        with project.session("train", {"lr": lr}) as run:
            run.path("notes.txt").write_text(f"at {lr}")
            run.attach_files({"notes": run.path("notes.txt")})
            run.log("loss", lr, step=1)
            run.result = {"score": 1 - lr}
    with (
        serving(project.root) as served,
        visiting(browser, served, "#/?sort=result.score") as visit,
    ):
        names = visit.page.locator(".line .name")
        expect(names).to_have_text(["train/0003", "train/0002", "train/0001"])
        late = project.session("train", {"lr": 0.4}).start()
        expect(names).to_have_count(4)
        assert visit.row(str(late.key)) == "running"
        late.log("loss", 0.4, step=1)
        late.error("it diverged")
        row = visit.page.locator(".line", has=visit.page.locator('[title="train/0004"]'))
        expect(row.locator(".status.error")).to_be_visible()
        visit.page.get_by_label("Filter").fill("lr < 0.15")
        visit.page.keyboard.press("Enter")
        expect(names).to_have_text(["train/0001"])
        names.first.click()
        panel = visit.page.locator(".run-panel")
        expect(panel.locator(".chart canvas").first).to_be_visible()
        panel.get_by_role("button", name="notes").first.click()
        expect(panel.locator(".preview")).to_contain_text("at 0.1")
        panel.get_by_label("Add a tag").fill("good")
        visit.page.keyboard.press("Enter")
        expect(panel.locator(".tags")).to_contain_text("good")
        assert visit.complaints == []
    assert project.session_of("train/0001").tags == ("good",)
    project.ledger.store.close()
