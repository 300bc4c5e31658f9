"""Our side of a peer: its process, and what it is told."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from benchmarks._ledgers import params_of

__all__ = ["Client"]

SERVE = Path(__file__).with_name("_serve.py")
FILL = 20  # runs between two looks at the clock


class Client:
    """A peer at work in a folder of its own.

    Args:
        peer: The name of its file.
        python: The interpreter that has it installed.
        folder: Where it keeps its runs; made.
    """

    def __init__(self, peer: str, python: Path, folder: Path) -> None:
        self.peer = peer
        self._runs = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._errors = folder / "stderr.txt"
        # -I: a driver called signac.py must not hide the library of that name.
        command = [str(python), "-I", str(SERVE), str(SERVE.with_name(f"{peer}.py")), str(folder)]
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        about = self._ask("version")
        self.version: str = about["version"]
        self.does: list[str] = about["does"]

    def fill(self, runs: int, patience_s: float) -> bool:
        """Live runs until there are *runs*; False if that takes longer than *patience_s*."""
        end = monotonic() + patience_s
        while self._runs < runs:
            if monotonic() > end:
                return False
            self.live(min(FILL, runs - self._runs))
        return True

    def live(self, runs: int) -> float:
        """Return the seconds that the lives of *runs* new runs take."""
        todo = [params_of(number) for number in range(self._runs, self._runs + runs)]
        self._runs += runs
        return self._timed("live", todo)

    def is_done(self, runs: int) -> float:
        """Return the seconds that it takes to find *runs* runs among those that are done."""
        known = (self._runs * number // runs for number in range(runs))
        return self._timed("is_done", [params_of(number) for number in known])

    def listed(self, times: int) -> float:
        """Return the seconds that it takes to list all runs, *times* times."""
        return self._timed("listed", [self._runs] * times)

    def filtered(self, times: int) -> float:
        """Return the seconds that it takes to find the runs with a seed, *times* times."""
        return self._timed("filtered", [self._runs * number // times for number in range(times)])

    def killed(self, todo: Sequence[Any], lives: int, after_s: float) -> int:
        """Begin the runs *todo*, and be killed some time after *lives* of them are over.

        Returns:
            How many the process has said to be over.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = json.dumps({"operation": "live_on", "todo": todo})
        print(request, file=self._process.stdin, flush=True)
        heard = [self._process.stdout.readline() for _ in range(lives)]
        sleep(after_s)
        self._process.kill()
        heard += self._process.stdout.readlines()
        self.close()
        return sum(line.endswith("\n") for line in heard)

    def found(self, todo: Sequence[Any]) -> tuple[int, int]:
        """Return how many of the runs *todo* are done, and how many runs there are in all."""
        answer = self._ask("done", todo)
        return sum(answer["done"]), answer["listed"]

    def log(self, points: int) -> float:
        """Return the seconds that it takes to log so many points to a new run."""
        return self._timed("log", [points])

    def read(self, points: int) -> float:
        """Return the seconds that it takes to read what the last `log` has logged."""
        return self._timed("read", [points])

    def close(self) -> None:
        """End the process."""
        with suppress(BrokenPipeError):  # it was killed
            self._process.communicate()

    def _timed(self, operation: str, todo: Sequence[Any]) -> float:
        return float(self._ask(operation, todo)["seconds"])

    def _ask(self, operation: str, todo: Sequence[Any] = ()) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = json.dumps({"operation": operation, "todo": todo})
        answer = ""
        with suppress(BrokenPipeError):  # it has ended, and has written why
            print(request, file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        if not answer:
            self.close()
            raise RuntimeError(f"The peer {self.peer} has ended:\n{self._errors.read_text()}")
        found: dict[str, Any] = json.loads(answer)
        return found
