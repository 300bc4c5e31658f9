"""A page of a terminal: its console blocks, typed anew, and what they print held against them.

A line that begins with "$ " is typed into bash, "> " goes on with it, and "$ cd" goes elsewhere.
What follows is what it prints, on stdout and stderr. "^C" as the last line stands for Ctrl-C
after what is above it.

What differs from one time to the next is compared by what it is, token by token; the number of
lines and of tokens is always that of the page:

    ...             any one token, such as a path, a number or a size
    http://...      any one token that begins so
    1.2s, 2026-..   any other time of the same form: a span, a date, a time of day
    3f0c9ad         any other hash of the same length
    0.9731          a decimal fraction off by at most a tenth, as processors round differently
    /data/digits    the folder in which the page is typed
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

__all__ = ["HOME", "Terminal", "Typed", "differences", "is_alike", "typed"]

HOME = "/data/digits"
"""The folder of the page."""

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NUMBER = r"[+-]?\d+\.\d+"
_FORMS = [
    re.compile(form)
    for form in (
        r"(\d+d)?(\d+h)?(\d+m)?(\d+(\.\d+)?(s|ms))?",
        r"\d{4}-\d\d-\d\d",
        r"\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)?",
    )
]
_HASH = re.compile(r"[0-9a-f]{7,64}…?")
_DECIMAL = re.compile(rf"(?P<before>.*?)(?P<number>{_NUMBER})(?P<after>\D*)")


@dataclass(frozen=True, slots=True)
class Typed:
    """A command of the page, and what it prints there."""

    line: int
    command: str
    shown: list[str]


def typed(page: Path) -> Iterator[Typed]:
    """Yield the commands of a page, in their order."""
    text = page.read_text()
    for block in _BLOCK.finditer(text):
        number = text.count("\n", 0, block.start(1)) + 1
        command: Typed | None = None
        for place, line in enumerate(block[1].splitlines(), number):
            if line.startswith("$ "):
                if command is not None:
                    yield command
                command = Typed(place, line[2:], [])
            elif command is None:
                raise AssertionError(f"{page}, line {place}: no command before {line!r}.")
            elif line.startswith("> ") and not command.shown:
                command = Typed(command.line, f"{command.command}\n{line[2:]}", [])
            else:
                command.shown.append(line)
        if command is not None:
            yield command


class Terminal:
    """Where a page is typed.

    Args:
        folder: The folder of the page.
        environment: Variables to set beside those of this process.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._home = Path(os.path.realpath(folder))
        self._folder = self._home
        self._environment = {**os.environ, **environment}

    def type(self, command: Typed) -> list[str]:
        """Type a command, and return the lines that it prints."""
        if command.command.startswith("cd "):
            self._folder = (self._folder / command.command[3:]).resolve(strict=True)
            return []
        lines = _printed(command, self._folder, self._environment)
        return [line.rstrip().replace(str(self._home), HOME) for line in lines]


def _printed(command: Typed, folder: Path, environment: Mapping[str, str]) -> list[str]:
    with subprocess.Popen(
        ["bash", "-c", command.command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        if command.shown[-1:] != ["^C"]:
            return process.stdout.read().splitlines()
        printed = [process.stdout.readline() for _ in command.shown[:-1]]
        os.killpg(process.pid, signal.SIGINT)
        return [*printed, "^C", *process.stdout.read().split()]


def differences(shown: list[str], printed: list[str]) -> list[str]:
    """Return the lines that are not as the page shows them: "-" what it has, "+" what came."""
    found = []
    for page, came in zip_longest(shown, printed):
        if page is None or came is None or not _are_alike(page, came):
            found += [f"- {page}"] if page is not None else []
            found += [f"+ {came}"] if came is not None else []
    return found


def _are_alike(page: str, came: str) -> bool:
    ours, theirs = page.split(), came.split()
    return len(ours) == len(theirs) and all(map(is_alike, ours, theirs))


def is_alike(page: str, came: str) -> bool:
    """Whether a token is what the page shows, by the rules above."""
    if page == came:
        return True
    if page.endswith("...") and came.startswith(page[:-3]):
        return True
    if any(form.fullmatch(page) and form.fullmatch(came) for form in _FORMS):
        return True
    if _HASH.fullmatch(page) and _HASH.fullmatch(came) and len(page) == len(came):
        return True
    ours, theirs = _DECIMAL.fullmatch(page), _DECIMAL.fullmatch(came)
    if ours is None or theirs is None:
        return False
    if (ours["before"], ours["after"]) != (theirs["before"], theirs["after"]):
        return False
    number, other = (float(each["number"]) for each in (ours, theirs))
    return abs(number - other) <= 0.1 * abs(number)
