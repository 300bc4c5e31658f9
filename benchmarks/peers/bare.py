"""The floor, as in the other figures: sqlite3 and files with nothing around them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from benchmarks._bare import BareLedger, text_and_key
from benchmarks._ledgers import filled
from benchmarks.metrics import read_bare, write_bare


class Peer:
    version = f"sqlite3 {sqlite3.sqlite_version}"

    def __init__(self, folder: Path) -> None:
        root = folder / "floor"
        self.ledger = BareLedger(root, filled(root, 0))
        self.folder = folder
        self.logged = 0

    def live(self, params: dict[str, Any]) -> None:
        self.ledger.live(text_and_key(params))

    def is_done(self, params: dict[str, Any]) -> bool:
        return self.ledger.is_done(text_and_key(params)[1])

    def filtered(self, seed: int) -> list[Any]:
        return self.ledger.filtered(seed)

    def log(self, points: int) -> None:
        self.logged += 1
        write_bare(self.folder / f"{self.logged}.db", points)

    def read(self) -> list[float]:
        return read_bare(self.folder / f"{self.logged}.db")[1].tolist()

    def listed(self) -> list[Any]:
        return self.ledger.listed()
