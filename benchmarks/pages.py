"""From the command that serves a page to the first row of runs on it, in the same Chromium.

Each page is started anew in each round, with all that a user waits for: its imports, its server
and its scripts. Chromium is there already, and each page has a profile of its own without a cache.
A page that shows nothing in two minutes is tried with fewer runs.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from benchmarks._rounds import Row, interleaved, row
from benchmarks.peers._environments import python_of

__all__ = ["PAGES", "measure"]

FLOOR = "pycaddy"
PAGES = {  # what shows that the first run is there
    FLOOR: ".line .name",
    "optuna_dashboard": r"text=/^Trial \d+/",
    "mlflow": "a[href*='/runs/']",
    "trackio": "tbody tr",
}
RUNS = 10_000
FEWER = 3_000, 1_000
MANY = 100_000
ROUNDS = 5
PATIENCE_S = 120.0
FILL = Path(__file__).parent / "peers/page_of.py"


def measure(folder: Path, *, quick: bool = False, peers: Iterable[str] = PAGES) -> list[Row]:
    """Return a row for each page; its ratio is over pycaddy's. Those of 100,000 runs are ours."""
    runs, many, rounds = (1_000, 2_000, 2) if quick else (RUNS, MANY, ROUNDS)
    larger = Served.filled(FLOOR, folder / "many", many)
    with chromium() as browser:
        pages = {peer: most_that_it_shows(peer, folder, runs, browser) for peer in peers}
        contestants = {
            **{peer: partial(page.first_row, browser) for peer, page in pages.items()},
            "many": partial(larger.first_row, browser),
        }
        times = interleaved(contestants, rounds, clock=lambda first_row: first_row())
    floor = times[FLOOR]
    return [
        *(_row(page, times[peer], floor) for peer, page in pages.items()),
        _row(larger, times["many"], floor),
    ]


def most_that_it_shows(peer: str, folder: Path, runs: int, browser: Any) -> Served:
    """Return the page of *peer* with as many of *runs* as it shows in two minutes."""
    for number in (runs, *(fewer for fewer in FEWER if fewer < runs)):
        page = Served.filled(peer, folder / f"{peer}-{number}", number)
        with suppress(NothingShownError):
            page.first_row(browser)
            return page
    raise NothingShownError(f"{peer} shows nothing of {FEWER[-1]:,} runs in {PATIENCE_S:.0f} s.")


def _row(page: Served, times: list[float], floor: list[float]) -> Row:
    name = f"first of {page.runs:,} runs"
    return {**row(name, times, floor, limit=None), "peer": page.peer, "version": page.version}


class NothingShownError(RuntimeError):
    """A page had no row in all the time that we wait."""


@dataclass(frozen=True)
class Served:
    """A page that is ready to be served."""

    peer: str
    folder: Path
    runs: int
    version: str
    command: list[str]
    at: str
    env: dict[str, str]

    @classmethod
    def filled(cls, peer: str, folder: Path, runs: int) -> Served:
        """Make the runs that the page will show."""
        folder.mkdir(parents=True)
        # -I: this folder has files of the libraries' names.
        command = [str(python_of(peer)), "-I", str(FILL), peer, str(folder), str(runs)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{peer} could not be filled with runs:\n{done.stderr}")
        return cls(peer, folder, runs, **json.loads(done.stdout.splitlines()[-1]))

    def first_row(self, browser: Any) -> float:
        """Return the seconds from the command to the first row."""
        port = _free_port()
        command = [word.replace("{port}", str(port)) for word in self.command]
        env = {name: value.replace("{port}", str(port)) for name, value in self.env.items()}
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        tab = context.new_page()
        with (self.folder / "server.txt").open("w+") as said:
            start = perf_counter()
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env={**os.environ, **env},
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # some serve from processes of their own
            )
            try:
                tab.goto(self._address(port, process), timeout=PATIENCE_S * 1e3)
                tab.locator(PAGES[self.peer]).first.wait_for(timeout=PATIENCE_S * 1e3)
                return perf_counter() - start
            except Exception as error:
                tab.screenshot(path=self.folder / "page.png")
                kind = NothingShownError if type(error).__name__ == "TimeoutError" else RuntimeError
                raise kind(f"{self.peer}: see {self.folder}. {error}") from error
            finally:
                context.close()
                _end(process)

    def _address(self, port: int, process: subprocess.Popen[bytes]) -> str:
        """Wait until the server answers, and return where its runs are."""
        begun = perf_counter()
        while perf_counter() - begun < PATIENCE_S and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                sleep(0.01)
                continue
            if self.peer != FLOOR:
                return f"http://127.0.0.1:{port}{self.at}"
            if printed := (self.folder / "server.txt").read_text():
                return printed.split()[0]  # the link, which it prints when it can be followed
        raise RuntimeError(f"It does not answer:\n{(self.folder / 'server.txt').read_text()}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server and the processes that it has started."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        assert isinstance(port, int)
        return port


@contextmanager
def chromium() -> Iterator[Any]:
    """Chromium, which reaches no other machine."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        yield browser
        browser.close()
