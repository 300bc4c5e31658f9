"""One of several processes that use a project as hard as they can."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from pycaddy import DictSweep, ExistingRun, Project

T = TypeVar("T")


def contend(root: str, rounds: int, shared: int) -> dict[str, list[float]]:
    """Live through runs of our own, and take part in the common ones.

    Returns:
        How long each call took, in seconds, by its name.
    """
    project = Project(root)
    took: dict[str, list[float]] = {}

    def timed(name: str, call: Callable[[], T]) -> T:
        begin = time.perf_counter()
        answer = call()
        took.setdefault(name, []).append(time.perf_counter() - begin)
        return answer

    for number in range(rounds):
        run = timed("create", lambda: project.session("own"))
        timed("start", run.start)
        run.path("model.txt").write_text(str(run.uid))
        timed("attach", lambda run=run: run.attach_files({"model": run.path("model.txt")}))
        timed("finish", run.done)
        params = {"n": number % shared}
        resumed = timed("resume", lambda p=params: project.session("own", p, ExistingRun.RESUME))
        if not resumed.is_done():
            resumed.start().done()
    claims = iter(project.claim("shared", DictSweep({"n": list(range(shared))})))
    while (claimed := timed("claim", lambda: next(claims, None))) is not None:
        claimed.result = {"n": claimed.params["n"]}
        timed("finish", claimed.done)
    return took
