"""Who gets in: asked from outside, of the real program."""

from __future__ import annotations

import re
from itertools import repeat
from pathlib import Path

import pytest

from pycaddy import Project
from pycaddy.web._guard import MAX_BODY_BYTES
from tests.cli.sample import snapshot
from tests.web.served import Served, serving

OPEN = ("/", "/static/page.js")
GUARDED = (
    "/api/projects",
    "/api/runs?project=results",
    "/api/run?project=results&run=train/0001",
    "/api/file?project=results&run=train/0001&key=model",
    "/api/events",
    "/api/openapi.json",
    "/api",
    "/elsewhere",
    "//",
    "/static",
)


def test_the_link_is_swapped_for_a_cookie_that_scripts_and_other_sites_do_not_get(
    page: Served,
) -> None:
    answer = page.ask(f"/?token={page.token}", known=False)
    assert (answer.status, answer.headers["location"], answer.body) == (303, "/", b"")
    cookie, *attributes = answer.headers["set-cookie"].split("; ")
    assert set(attributes) == {"Path=/", "HttpOnly", "SameSite=Strict"}
    assert cookie.startswith(f"pycaddy-{page.port}=")
    assert page.token not in cookie
    assert page.ask("/api/projects", headers={"Cookie": cookie}).status == 200


def test_a_token_has_256_bits_and_is_another_one_at_each_launch(
    page: Served, project: Project
) -> None:
    with serving(project.root) as other:
        assert other.token != page.token
        assert re.fullmatch(r"[\w-]{43}", other.token)
        assert other.ask("/api/projects", headers={"Cookie": page.cookie}).status == 401
        assert other.ask(f"/?token={page.token}").status == 401


@pytest.mark.parametrize("forge", ["", "x", "{0}x", "{0[0]}", "%00{0}", "%C3%A9", "%ED%A0%80"])
def test_a_wrong_token_gives_no_cookie(page: Served, forge: str) -> None:
    answer = page.ask(f"/?token={forge.format(page.token)}", known=False)
    assert answer.status == 401
    assert "set-cookie" not in answer.headers
    assert "printed last" in answer.error


@pytest.mark.parametrize("path", GUARDED)
def test_nothing_but_the_empty_page_is_given_without_the_cookie(page: Served, path: str) -> None:
    for method in ("GET", "HEAD"):
        answer = page.ask(path, method, known=False)
        assert answer.status == 401
    assert "pycaddy ui" in page.ask(path, known=False).error


@pytest.mark.parametrize("name", ["pycaddy-{port}", "pycaddy", "pycaddy-1"])
@pytest.mark.parametrize("value", ["", "x", "{token}", "{session}x", '"', "é", "a=b; c"])
def test_a_forged_cookie_opens_nothing(page: Served, name: str, value: str) -> None:
    session = page.cookie.partition("=")[2]
    forged = f"{name}={value}".format(port=page.port, token=page.token, session=session)
    assert page.ask("/api/projects", headers={"Cookie": forged}).status == 401


@pytest.mark.parametrize(
    "host",
    [
        "attacker.example",
        "attacker.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1:{port}.attacker.example",
        "localhost.attacker.example:{port}",
        "attacker.example@127.0.0.1:{port}",
        "127.1:{port}",
        "0.0.0.0:{port}",
        "[::1]:{port}",
        "",
    ],
)
@pytest.mark.parametrize("path", [*OPEN, "/?token={token}", "/api/projects"])
def test_a_name_that_was_bound_to_our_address_is_refused(
    page: Served, path: str, host: str
) -> None:
    forged = host.format(port=page.port)
    origin = {"Host": forged, "Origin": f"http://{forged}", "Sec-Fetch-Site": "same-origin"}
    answer = page.ask(path.format(token=page.token), headers=origin)
    assert answer.status == 421
    assert "set-cookie" not in answer.headers


def test_two_hosts_or_none_are_refused(page: Served) -> None:
    ours, cookie = f"Host: {page.host}\r\n", f"Cookie: {page.cookie}\r\n"
    for hosts in ("", ours + ours, f"{ours}Host: attacker.example\r\n"):
        request = f"GET /api/projects HTTP/1.1\r\n{hosts}{cookie}Connection: close\r\n\r\n"
        assert re.match(rb"HTTP/1.1 4\d\d ", page.raw(request.encode()))


def test_this_machine_may_be_called_localhost(page: Served) -> None:
    named = {"Host": f"LOCALHOST:{page.port}"}
    assert page.ask("/api/projects", headers=named).status == 200


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://attacker.example",
        "https://{host}",
        "http://localhost:{port}",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://{host}.attacker.example",
        "http://{host}/",
    ],
)
def test_another_origin_is_refused_whatever_it_asks(page: Served, origin: str) -> None:
    forged = {"Origin": origin.format(host=page.host, port=page.port)}
    assert page.ask("/api/projects", headers=forged).status == 403
    assert page.ask("/", headers=forged).status == 403
    json = {**forged, "Content-Type": "application/json"}
    assert page.ask("/api/run", "POST", headers=json, body=b"{}").status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_what_another_site_fetches_is_refused(page: Served, site: str) -> None:
    for path in (*OPEN, *GUARDED):
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
        assert page.ask(path, headers=headers).status == 403
        frame = {**headers, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
        assert page.ask(path, headers=frame).status == 403


def test_a_link_from_another_site_opens_the_page_and_nothing_else(page: Served) -> None:
    clicked = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert page.ask(f"/?token={page.token}", headers=clicked, known=False).status == 303
    for path in GUARDED:
        assert page.ask(path, headers=clicked).status == 403
    assert page.ask("/", "POST", headers=clicked, body=b"{}").status == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_what_the_page_or_a_person_fetches_is_answered(page: Served, site: str) -> None:
    assert page.ask("/api/projects", headers={"Sec-Fetch-Site": site}).status == 200


def test_no_other_origin_may_read_an_answer(page: Served) -> None:
    asked = {"Origin": "http://attacker.example", "Access-Control-Request-Method": "POST"}
    for answer in (page.ask("/api/projects", "OPTIONS", headers=asked), page.ask("/api/projects")):
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert page.ask("/api/projects", "OPTIONS", headers=asked).status == 403


def own(page: Served, **more: str) -> dict[str, str]:
    return {"Origin": f"http://{page.host}", **{k.replace("_", "-"): v for k, v in more.items()}}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"])
def test_a_change_must_come_from_the_page_itself_as_json(page: Served, method: str) -> None:
    def ask(**headers: str) -> int:
        return page.ask("/api/projects", method, headers=headers, body=b"{}").status

    json = "application/json"
    assert ask(**{"Content-Type": json}) == 403  # no Origin
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        assert ask(**own(page, Content_Type=kind)) == 415
    assert ask(**own(page)) == 415
    assert ask(**own(page, Content_Type=f"{json}; charset=utf-8")) == 405
    assert page.ask("/", method, known=False, body=b"{}").status == 403


def test_a_long_body_is_not_read_to_its_end(page: Served) -> None:
    json = own(page, Content_Type="application/json")
    fits = b" " * MAX_BODY_BYTES
    assert page.ask("/api/projects", "POST", headers=json, body=fits).status == 405
    assert page.ask("/api/projects", "POST", headers=json, body=fits + b" ").status == 413
    chunks = repeat(b" " * 1024, MAX_BODY_BYTES // 1024 + 1)  # its length is not announced
    assert page.ask("/api/projects", "POST", headers=json, body=chunks).status == 413


def test_looking_changes_nothing(page: Served, project: Project) -> None:
    for path in GUARDED:
        if path != "/api/events":
            page.ask(path)
    before = snapshot(Path(project.root))
    for path in GUARDED:
        if path != "/api/events":
            page.ask(path)
    assert snapshot(Path(project.root)) == before


def test_every_answer_carries_the_headers_that_keep_a_browser_safe(page: Served) -> None:
    answers = [
        page.ask("/"),
        page.ask("/api/projects"),
        page.ask("/api/projects", known=False),
        page.ask("/api/projects", headers={"Host": "attacker.example"}),
        page.ask("/api/projects", "POST", headers=own(page, Content_Type="application/json")),
        page.ask("/elsewhere"),
        page.ask("/api/runs"),
    ]
    assert [answer.status for answer in answers[1:]] == [200, 401, 421, 405, 404, 400]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; ")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in answer.headers


def test_the_token_is_printed_once_and_never_logged(project: Project) -> None:
    with serving(project.root) as served:
        for path in (f"/?token={served.token}", "/?token=wrong", *OPEN):
            served.ask(path)
        served.raw(f"GET /?token={served.token} HTTP/9.9\r\n\r\n".encode())
        command = Path(f"/proc/{served.process.pid}/cmdline")
        assert not command.exists() or served.token.encode() not in command.read_bytes()
        served.process.terminate()
        printed, logged = served.process.communicate()
    assert printed == ""  # after the link
    assert served.token not in logged
    assert served.cookie.partition("=")[2] not in logged


def test_only_this_machine_reaches_it(page: Served) -> None:
    # Another address of the same machine: one that listens on all would answer.
    import socket

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", page.port), timeout=60)
