"""The same work done by other libraries, each in its own words and its own environment.

A peer is a file here with a class `Peer` (see `_serve.py`), and a lock file of the same name if
it is not in our own environment. All take part in the same rounds, each in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from benchmarks._rounds import Row, interleaved, row
from benchmarks.peers._client import Client
from benchmarks.peers._environments import python_of

__all__ = ["PEERS", "measure"]

FLOOR = "bare"
PEERS = (FLOOR, "pycaddy", "pycaddy_0_2_0", "signac", "optuna", "mlflow", "trackio", "wandb")
SIZES = 0, 1_000, 10_000
ROUNDS = 7
CALLS = 10  # in each round
POINTS = 1_000
PATIENCE_S = 300.0
"""For how long a peer may fill up to the next size; who needs longer takes no further part."""


def measure(folder: Path, *, quick: bool = False, peers: Iterable[str] = PEERS) -> list[Row]:
    """Return a row for each operation and peer, its ratio over the floor, which is a peer too."""
    sizes = (0, 5) if quick else SIZES
    rounds, calls = (2, 2) if quick else (ROUNDS, CALLS)
    rows: list[Row] = []
    with ExitStack() as opened:
        clients = [
            opened.enter_context(closing(Client(peer, python_of(peer), folder / peer)))
            for peer in peers
        ]
        loggers = [client for client in clients if "log" in client.does]
        clients = [client for client in clients if "live" in client.does]
        for size in sizes:
            clients = [client for client in clients if client.fill(size, PATIENCE_S)]
            rows += _compared(f"a life, {size:,} runs", clients, Client.live, rounds, calls)
            if size:
                name = f"is it done, {size:,} runs"
                rows += _compared(name, clients, Client.is_done, rounds, calls)
                rows += _compared(f"list {size:,} runs", clients, Client.listed, rounds, 1)
                able = [client for client in clients if "filtered" in client.does]
                rows += _compared(f"filter {size:,} runs", able, Client.filtered, rounds, 1)
        points = 20 if quick else POINTS
        rows += _series(loggers, points, rounds)
    return rows


def _series(clients: list[Client], points: int, rounds: int) -> list[Row]:
    """Rows for a series of metrics, by point."""
    rows = []
    readers = [client for client in clients if "read" in client.does]
    for name, of, ask in (("log", clients, Client.log), ("read", readers, Client.read)):
        contestants = {client.peer: partial(ask, client, points) for client in of}
        times = interleaved(contestants, rounds, clock=lambda ask: ask())
        rows += [
            row(f"{name} {points:,} points: each", times[client.peer], times[FLOOR], limit=None,
                calls=points) | {"peer": client.peer, "version": client.version}
            for client in of
        ]  # fmt: skip
    return rows


def _compared(
    name: str,
    clients: list[Client],
    operation: Callable[[Client, int], float],
    rounds: int,
    calls: int,
) -> list[Row]:
    contestants = {client.peer: partial(operation, client, calls) for client in clients}
    # A peer's own clock: the way to its process and back is nobody's work.
    times = interleaved(contestants, rounds, clock=lambda ask: ask())
    return [
        row(name, times[client.peer], times[FLOOR], limit=None, calls=calls)
        | {"peer": client.peer, "version": client.version}
        for client in clients
    ]
