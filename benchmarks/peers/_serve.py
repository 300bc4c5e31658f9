"""A peer's side: does what a line of JSON tells, and answers how long it took.

    python -I _serve.py signac.py FOLDER

This runs in the peer's own environment and imports nothing but the standard library. The
peer's file holds a class `Peer` with these methods, each in the way that its documents show:

    Peer(folder)      open a place for runs in the folder
    version           the text that the tables call it by
    live(params)      make a run with these params, start it, write CONTENT into a file in a place
                      of the run's own, keep the file with the run, mark the run as done
    is_done(params)   whether a run with these params is done, True or False
    listed()          all runs as a list, each with its status, params and files as Python objects
    filtered(seed)    the runs that are done and have this seed, found by the library, as a list
    log(points)       make a run, log so many values to one series of it, end the run
    read()            the values of that series

One that lacks `live`, `filtered`, `log` or `read` takes no part in what these are needed for.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, TextIO


def main(driver: str, folder: str) -> None:
    # Libraries print; what they print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path.append(str(Path(__file__).parents[2]))  # at the end: it is for our own drivers
    spec = importlib.util.spec_from_file_location("driver", driver)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    peer = module.Peer(Path(folder))
    for line in sys.stdin:
        request = json.loads(line)
        if request["operation"] == "live_on":
            live_on(peer, request["todo"], answers)
            continue
        print(json.dumps(answer(peer, **request)), file=answers, flush=True)


def answer(peer: Any, operation: str, todo: list[Any]) -> dict[str, Any]:
    if operation == "version":
        does = [name for name in OPERATIONS if hasattr(peer, name)]
        return {"version": peer.version, "does": does}
    if operation == "done":
        return {"done": [peer.is_done(params) for params in todo], "listed": len(peer.listed())}
    call = OPERATIONS[operation]
    start = perf_counter()
    for item in todo:
        call(peer, item)
    return {"seconds": perf_counter() - start}


def live(peer: Any, params: dict[str, Any]) -> None:
    peer.live(params)


def live_on(peer: Any, todo: list[Any], answers: TextIO) -> None:
    """Live run after run, and say each that is over, to be killed in one of them."""
    for number, params in enumerate(todo, 1):
        peer.live(params)
        print(json.dumps({"lived": number}), file=answers, flush=True)


def is_done(peer: Any, params: dict[str, Any]) -> None:
    if not peer.is_done(params):
        raise AssertionError(f"The run with {params} is done, and it was not found.")


def listed(peer: Any, runs: int) -> None:
    found = len(peer.listed())
    if found != runs:
        raise AssertionError(f"There are {runs} runs, and {found} were listed.")


def filtered(peer: Any, seed: int) -> None:
    found = len(peer.filtered(seed))
    if found != 1:
        raise AssertionError(f"One run has the seed {seed}, and {found} were found.")


def log(peer: Any, points: int) -> None:
    peer.log(points)


def read(peer: Any, points: int) -> None:
    found = len(peer.read())
    if found != points:
        raise AssertionError(f"There are {points} points, and {found} were read.")


OPERATIONS: dict[str, Callable[[Any, Any], None]] = {
    "live": live,
    "is_done": is_done,
    "listed": listed,
    "filtered": filtered,
    "log": log,
    "read": read,
}


if __name__ == "__main__":
    main(*sys.argv[1:])
