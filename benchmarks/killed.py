"""What SIGKILL does to pycaddy and to other libraries, in the same campaign.

    python3 dev.py faults --peers [--rounds 40]

A process lives run after run, as each library's documents would have it (`peers/`), and says each
that is over. It is killed at some instant. A fresh process then looks for all that were over: a run
that it does not find as done is lost, and a place that it cannot read, or in which it can make no
further run, is broken.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks._ledgers import params_of
from benchmarks._place import HOME, scratch
from benchmarks.peers._client import Client
from benchmarks.peers._environments import python_of

__all__ = ["PEERS", "Toll", "campaign", "main"]

PEERS = ("pycaddy", "pycaddy_0_2_0", "signac", "sacred", "optuna", "optuna_journal", "mlflow")
ENVIRONMENTS = {"optuna_journal": "optuna"}
"""Where a peer runs that has no environment of its own."""

RESULT = HOME / "results" / "killed" / "killed.json"
MOST = 500
"""Runs that a process is given to live: more than it gets to before it is killed."""


@dataclass
class Toll:
    """What became of one library's runs."""

    version: str = ""
    kills: int = 0
    over: int = 0
    """Runs that were said to be over."""
    lost: int = 0
    """Those of them that were not found afterwards."""
    broken: int = 0
    """Kills after which the place could not be read or written."""
    reason: str = ""


def campaign(peer: str, folder: Path, rounds: int) -> Toll:
    """Kill *peer* so many times, each time after a few runs in a place of its own."""
    chance = random.Random(peer)
    python = python_of(ENVIRONMENTS.get(peer, peer))
    toll = Toll()
    for number in range(rounds):
        place = folder / f"{number}"
        lives = chance.randrange(3, 30)
        todo = [params_of(run) for run in range(MOST)]
        client = Client(peer, python, place)
        toll.version = client.version
        over = client.killed(todo, lives, chance.uniform(0, 0.02))
        toll.kills += 1
        toll.over += over
        try:
            with closing(Client(peer, python, place)) as again:
                found, _ = again.found(todo[:over])
                again.live(1)
        except RuntimeError as error:
            toll.broken += 1
            toll.lost += over
            toll.reason = str(error).strip().rpartition("\n")[2]
        else:
            toll.lost += over - found
    return toll


def table(tolls: dict[str, dict[str, object]]) -> Iterator[str]:
    """Yield the lines of a table in Markdown."""
    yield "|  | SIGKILLs | runs that were over | lost | places broken |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for toll in tolls.values():
        cells = (toll[name] for name in ("version", "kills", "over", "lost", "broken"))
        yield f"| {' | '.join(map(str, cells))} |"


def main(*words: str) -> None:
    parser = argparse.ArgumentParser(prog="dev.py faults --peers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--only", nargs="+", choices=PEERS, default=PEERS)
    wanted = parser.parse_args(words)
    tolls = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    for peer in wanted.only:
        with scratch(None) as folder:
            tolls[peer] = asdict(campaign(peer, folder, wanted.rounds))
        RESULT.parent.mkdir(parents=True, exist_ok=True)
        RESULT.write_text(json.dumps(tolls, indent=1) + "\n")
        print("\n".join(table({peer: tolls[peer]})), tolls[peer]["reason"], flush=True)
