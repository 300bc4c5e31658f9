"""The page's doors from outside: `pycaddy ui` as a process, and bytes that no client would send.

What a client can ask, forged hosts, origins, tokens and paths, is in tests/web.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest
from playwright.sync_api import expect

from pycaddy import Project
from tests.web.browser import chromium, visiting
from tests.web.served import Served, serving

SECRET = b"nobody else's business"
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
# A folder may be called so; "/" it cannot have.
FOLDER = "<img src=x onerror=alert(3)>&amp;'\""
CONNECTIONS = 300
REFUSED = {b"400", b"401", b"403", b"404", b"405", b"413", b"415", b"421", b"431"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A run that tries to be more than text, everywhere; beside its project, a secret."""
    folder = tmp_path_factory.mktemp("doors")
    (folder / "secret.txt").write_bytes(SECRET)
    project = Project(folder / FOLDER, capture="git,packages,env,output")
    run = project.session("a&b;c=d#e 'f'", {HOSTILE: HOSTILE, "net": {HOSTILE: [HOSTILE]}}).start()
    run.log({HOSTILE: 0.5, "javascript:alert(1)": 1.0})
    run.log({HOSTILE: 1.5})
    run.path("stdout.log").write_text(HOSTILE)
    run.path("javascript:alert(1)".replace(":", "_")).write_text(HOSTILE)
    run.attach_files({"javascript:alert(1)": run.path("stdout.log"), "file": run.path("file.txt")})
    run.path("file.txt").write_text("plain")
    run.result = {HOSTILE: {"html": HOSTILE}}
    run.note(HOSTILE).tag("javascript:alert").error(f"{HOSTILE}\n")
    return project


@pytest.fixture(scope="module")
def page(project: Project) -> Iterator[Served]:
    with serving(project.root) as served:
        yield served


HEAD = "Host: {host}\r\nCookie: {cookie}\r\n"
RAW = {
    "no version": "GET /api/projects\r\n\r\n",
    "an old version": "GET /api/projects HTTP/1.0\r\n\r\n",
    "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "nothing": "\r\n\r\n\r\n\r\n",
    "CONNECT": f"CONNECT attacker.example:443 HTTP/1.1\r\n{HEAD}\r\n",
    "TRACE": f"TRACE / HTTP/1.1\r\n{HEAD}\r\n",
    "a made-up method": f"JEFF /api/projects HTTP/1.1\r\n{HEAD}\r\n",
    "another host in the address": "GET http://attacker.example/api/projects HTTP/1.1\r\n"
    "Host: attacker.example\r\nCookie: {cookie}\r\n\r\n",
    "a space before the colon": "GET / HTTP/1.1\r\nHost : {host}\r\n\r\n",
    "a folded header": "GET / HTTP/1.1\r\nHost:\r\n attacker.example\r\n\r\n",
    "a NUL in a header": f"GET /api/projects HTTP/1.1\r\n{HEAD}X: a\0b\r\n\r\n",
    "a NUL in the address": f"GET /\0 HTTP/1.1\r\n{HEAD}\r\n",
    "a long address": f"GET /{'a' * 100_000} HTTP/1.1\r\n{HEAD}\r\n",
    "a long header": f"GET / HTTP/1.1\r\n{HEAD}X: {'a' * 1_000_000}\r\n\r\n",
    "many headers": f"GET / HTTP/1.1\r\n{HEAD}" + "Y: b\r\n" * 50_000 + "\r\n",
    "two lengths": f"POST /api/run HTTP/1.1\r\n{HEAD}Content-Length: 2\r\n"
    "Content-Length: 3\r\n\r\n",
    "a negative length": f"POST /api/run HTTP/1.1\r\n{HEAD}Content-Length: -1\r\n\r\n",
    "an endless length": f"POST /api/run HTTP/1.1\r\n{HEAD}Origin: http://{{host}}\r\n"
    f"Content-Type: application/json\r\nContent-Length: {10**18}\r\n\r\n" + " " * 70_000,
    "a length and chunks": f"POST /api/run HTTP/1.1\r\n{HEAD}Content-Length: 4\r\n"
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/projects HTTP/1.1\r\n\r\n",
    "a chunk without a size": f"POST /api/run HTTP/1.1\r\n{HEAD}Origin: http://{{host}}\r\n"
    "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "an unknown encoding": f"POST /api/run HTTP/1.1\r\n{HEAD}Transfer-Encoding: gzip\r\n\r\n",
    "a folder above": f"GET /static/../../../../etc/passwd HTTP/1.1\r\n{HEAD}\r\n",
    "a folder above, encoded": f"GET /static/%2e%2e%2f%2e%2e%2fpage.py HTTP/1.1\r\n{HEAD}\r\n",
    "encoded twice": f"GET /static/%252e%252e%252fpage.py HTTP/1.1\r\n{HEAD}\r\n",
    "backslashes": f"GET /static\\..\\page.py HTTP/1.1\r\n{HEAD}\r\n",
    "an absolute file": f"GET /static//etc/passwd HTTP/1.1\r\n{HEAD}\r\n",
    "no UTF-8": f"GET /api/run?project=%ff&run=%c0%af HTTP/1.1\r\n{HEAD}\r\n",
    "a surrogate": f"GET /api/run?project=%ed%a0%80&run=a/1 HTTP/1.1\r\n{HEAD}\r\n",
    "a number of many digits": f"GET /api/runs?limit={'9' * 5000} HTTP/1.1\r\n{HEAD}\r\n",
    "a filter without end": f"GET /api/runs?where={'(' * 8000} HTTP/1.1\r\n{HEAD}\r\n",
    "an upgrade": f"GET /api/elsewhere HTTP/1.1\r\n{HEAD}Upgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAA==\r\n\r\n",
    "events without a cookie": "GET /api/events HTTP/1.1\r\nHost: {host}\r\n\r\n",
}  # fmt: skip


def answers(page: Served, request: bytes) -> bytes:
    """Send *request* and nothing more; return what comes back until the server hangs up."""
    with socket.create_connection(("127.0.0.1", page.port), timeout=60) as connection:
        found = b""
        with suppress(ConnectionError):  # it may have heard enough before the end
            connection.sendall(request)
            with suppress(OSError):  # and have hung up
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                found += part
        return found


@pytest.mark.parametrize("what", RAW)
def test_bytes_that_no_client_would_send_give_nothing_away(page: Served, what: str) -> None:
    text = RAW[what].replace("{host}", page.host).replace("{cookie}", page.cookie)
    answer = answers(page, text.encode("latin-1"))
    assert answer == b"" or answer[9:12] in REFUSED, answer[:300]
    for secret in (b"root:", b"import ", SECRET, page.token.encode(), b'"projects"', b"Traceback"):
        assert secret not in answer
    assert page.ask("/api/projects").status == 200  # it is still there


def test_a_file_that_becomes_a_link_after_it_was_attached_is_not_followed(
    page: Served, project: Project
) -> None:
    name = os.path.basename(project.root)
    outside = project.root.parent
    for number, what in enumerate(("file", "folder", "folder above")):
        run = project.session("train", {"n": number}).start()
        path = run.path("deep/file.txt")
        path.write_text("plain")
        run.attach_files({"it": path}).done()
        asked = {"project": name, "run": str(run.key), "key": "it"}
        assert page.get("/api/file", **asked).body == b"plain"
        real = {"file": path, "folder": path.parent, "folder above": run.folder}[what]
        real.rename(outside / f"moved{number}")
        if what == "file":
            real.symlink_to(outside / "secret.txt")
        else:
            real.symlink_to(outside / f"moved{number}")
        answer = page.get("/api/file", **asked)
        assert (answer.status, SECRET in answer.body, b"plain" in answer.body) == (
            403,
            False,
            False,
        )


def test_many_who_never_end_what_they_ask_keep_nobody_waiting(
    page: Served, record_property: Callable[[str, object], None]
) -> None:
    begun = [b"GET / HTTP/1.1\r\nHost: ", b"", b"G", f"GET /api/events HTTP/1.1\r\n{HEAD}".encode()]
    with ExitStack() as opened:
        for number in range(CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", page.port), timeout=60)
            opened.enter_context(connection)
            connection.sendall(begun[number % len(begun)])
        for _ in range(3):
            assert page.ask("/api/projects").status == 200
    record_property(
        "figures",
        f"S  {len(RAW)} requests that no client would send gave nothing away; {CONNECTIONS} that "
        "never ended kept nobody waiting",
    )


def test_many_who_listen_for_changes_keep_nobody_waiting(page: Served) -> None:
    request = f"GET /api/events HTTP/1.1\r\nHost: {page.host}\r\nCookie: {page.cookie}\r\n\r\n"
    with ExitStack() as opened:
        for _ in range(64):
            connection = socket.create_connection(("127.0.0.1", page.port), timeout=60)
            opened.enter_context(connection)
            connection.sendall(request.encode())
            assert connection.recv(12) == b"HTTP/1.1 200"
        assert page.ask("/api/projects").status == 200


def test_a_server_with_open_connections_ends_when_it_is_told_to(project: Project) -> None:
    with serving(project.root) as page, ExitStack() as opened:
        for request in (b"GET / HTTP/1.1\r\n", b""):
            connection = socket.create_connection(("127.0.0.1", page.port), timeout=60)
            opened.enter_context(connection)
            connection.sendall(request)
        page.process.terminate()
        assert page.process.wait(60) in (0, -signal.SIGTERM)


def test_no_name_value_note_log_or_line_becomes_more_than_text(
    page: Served, project: Project
) -> None:
    with chromium() as browser, visiting(browser, page) as visit:
        page_ = visit.page
        page_.locator(".line", has_text="a&b;c=d#e 'f'/0001").first.click()
        panel = page_.locator(".run-panel")
        expect(panel.locator(".note")).to_have_text(HOSTILE)
        expect(panel.locator("h2")).to_have_text("a&b;c=d#e 'f'/0001")
        expect(page_).to_have_title(f"{FOLDER} · pycaddy")
        expect(panel.get_by_text(HOSTILE).first).to_be_visible()
        for button in panel.get_by_role("button").all():
            if "javascript" in (button.inner_text() or ""):
                button.click()
        page_.get_by_label("Filter").fill(f"x == '{HOSTILE}' and (")
        page_.keyboard.press("Enter")
        expect(page_.get_by_text("never closed").first).to_be_visible()
        assert page_.locator("script:not([src])").count() == 0
        assert page_.locator("[onerror], [onload], iframe, object, embed").count() == 0
        assert page_.locator("a[href^=javascript], img[src=x]").count() == 0
        assert page_.evaluate("document.cookie") == ""
        assert visit.hosts == {page.host}
        assert [text for text in visit.complaints if "violates" in text or text in "123"] == []
