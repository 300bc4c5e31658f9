"""The page within a notebook: in a frame of a real Chromium, and gone with its process."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from pycaddy import Project
from pycaddy.errors import MissingExtraError, PageAddressError


@contextmanager
def notebook(output: str) -> Iterator[int]:
    """A notebook's server, as far as it matters: a page with what a cell has put out."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(f"<!doctype html><title>notebook</title>{output}".encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def asked(link: str, headers: dict[str, str] | None = None) -> dict[str, str]:
    """The headers of the answer to a link, in lower case, and its status."""
    parts = urlsplit(link)
    connection = HTTPConnection("127.0.0.1", parts.port or 0, timeout=60)
    connection.request("GET", f"{parts.path}?{parts.query}", headers=headers or {})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    found = {name.lower(): value for name, value in answer.getheaders()}
    return {"status": str(answer.status), **found}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_notebook_shows_the_runs(browser: Browser, project: Project, host: str) -> None:
    with project.ui() as page, notebook(page._repr_html_()) as port:
        tab = browser.new_page()
        tab.goto(f"http://{host}:{port}/")
        frame = tab.frame_locator("iframe")
        expect(frame.locator(".line .name").first).to_be_visible()
        # It is loaded again with a token that is used up: who has the cookie is let in.
        tab.evaluate("const it = document.querySelector('iframe'); it.parentNode.append(it)")
        expect(frame.locator(".line .name").first).to_be_visible()
        link = tab.get_by_role("link", name="Open results in a tab").get_attribute("href")
        assert link is not None
        assert asked(link)["status"] == "303"
        tab.close()


def test_only_the_notebook_that_opened_it_may_frame_it(browser: Browser, project: Project) -> None:
    with project.ui() as page, notebook(page._repr_html_()) as port:
        context = browser.new_context()
        tab = context.new_page()
        tab.goto(f"http://localhost:{port}/")
        expect(tab.frame_locator("iframe").locator(".line .name").first).to_be_visible()
        served = urlsplit(page.link).netloc.replace("127.0.0.1", "localhost")
        with notebook(f'<iframe src="http://{served}/"></iframe>') as other:
            stranger = context.new_page()
            with stranger.expect_console_message(lambda message: "frame-ancestors" in message.text):
                stranger.goto(f"http://localhost:{other}/")
            expect(stranger.frame_locator("iframe").locator(".line")).to_have_count(0)
        context.close()


def test_a_frame_is_allowed_by_who_has_a_token_and_on_this_machine_alone(project: Project) -> None:
    with project.ui() as page:
        before = asked(page.link.partition("?")[0])
        assert (before["x-frame-options"], "frame-ancestors 'none'") == (
            "DENY",
            before["content-security-policy"][-len("frame-ancestors 'none'") :],
        )
        for origin in ("https://evil.example", "http://localhost:1 *", "http://localhost.evil:80"):
            answer = asked(f"{page.link}&frame={origin.replace(' ', '%20')}")
            assert answer["status"] == "303"
            assert answer["x-frame-options"] == "DENY"
        unknown = page.link.partition("=")[0] + "=x&frame=http://localhost:8888"
        assert asked(unknown)["x-frame-options"] == "DENY"
        allowed = asked(f"{page.link}&frame=http://localhost:8888")
        assert allowed["content-security-policy"].endswith("frame-ancestors http://localhost:8888")
        assert "x-frame-options" not in allowed
        api = asked(page.link.partition("?")[0] + "api/projects")
        assert (api["status"], api["x-frame-options"]) == ("401", "DENY")


def test_a_link_works_once_and_not_after_the_page_is_closed(project: Project) -> None:
    page = project.ui(read_only=True)
    link = page.link
    assert asked(link)["status"] == "303"
    assert asked(link)["status"] == "401"
    assert page.link != link
    assert str(urlsplit(link).port) in repr(page)
    page.close()
    page.close()
    assert page.closed
    assert "closed" in repr(page)
    assert "project.ui()" in page._repr_html_()
    with pytest.raises(PageAddressError, match="opens another one"):
        _ = page.link


def test_it_opens_at_the_namespace_of_its_project(project: Project) -> None:
    with project.sub("imagenet").ui() as page:
        assert page.link.endswith("#/?relpath=imagenet")


def test_it_ends_with_the_process_that_started_it(project: Project) -> None:
    code = """if True:
        import sys
        from pycaddy import Project
        page = Project(sys.argv[1]).ui()
        print(page._process.pid, page.link, flush=True)
        sys.stdin.readline()
    """
    with subprocess.Popen(
        [sys.executable, "-c", code, project.root],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as kernel:
        assert kernel.stdout
        _, link = kernel.stdout.readline().split()
        assert asked(link)["status"] == "303"
        kernel.kill()
    while True:  # it hears of it when the pipe is closed
        try:
            asked(link)
        except OSError:
            return


def test_a_port_that_is_taken_is_told(project: Project) -> None:
    with (
        project.ui() as page,
        pytest.raises(PageAddressError, match="cannot listen"),
    ):
        project.ui(port=urlsplit(page.link).port or 0)


def test_without_the_extra_it_says_what_to_install(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pycaddy\[ui\]'"):
        project.ui()
