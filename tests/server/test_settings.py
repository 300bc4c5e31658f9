"""Where a server listens, and what its URL says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pycaddy._machine import host_name
from pycaddy.errors import LedgerServerError
from pycaddy.server.settings import Settings, free_port, load, save


@pytest.mark.parametrize(
    ("host", "listen", "url"),
    [
        ("127.0.0.1", "127.0.0.1", "postgresql://pycaddy@127.0.0.1:15432/pycaddy"),
        ("head01", "127.0.0.1,head01", "postgresql://pycaddy@head01:15432/pycaddy"),
        ("0.0.0.0", "0.0.0.0", f"postgresql://pycaddy@{host_name()}:15432/pycaddy"),
        ("fd00::1", "127.0.0.1,fd00::1", "postgresql://pycaddy@[fd00::1]:15432/pycaddy"),
    ],
)
def test_the_url_names_a_host_that_others_can_reach(host: str, listen: str, url: str) -> None:
    settings = Settings(15432, host)
    assert (settings.listen, settings.url) == (listen, url)
    assert {"127.0.0.1", "localhost"} <= set(settings.names)


def test_settings_are_read_as_they_were_saved(tmp_path: Path) -> None:
    path = str(tmp_path / "settings.json")
    assert load(path) is None
    save(path, Settings(15432, "head01", "head01"))
    assert load(path) == Settings(15432, "head01", "head01")


def test_settings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("{")
    with pytest.raises(LedgerServerError, match=r"settings\.json cannot be read"):
        load(str(tmp_path / "settings.json"))


def test_ports_lie_below_those_that_are_lent_to_connections() -> None:
    assert {15_000 <= free_port("127.0.0.1") < 32_000 for _ in range(20)} == {True}
