"""The floor: the same transactions and the same files, by a program that does nothing else.

It keeps one connection with its statements cached, knows beforehand every value that it binds,
and writes files with open, write and close. `tests/benchmarks` holds its statements to be
those that pycaddy runs.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks._ledgers import CONTENT, IDENTIFIER, Life, Stage, filled, ledger_file
from pycaddy.project import Project

__all__ = ["BareLedger", "pair", "text_and_key"]

_OWN = ("uid", "params", "param_hash")
_CHANGED = (
    "status",
    "attempt",
    "files",
    "result",
    "error",
    "owner",
    "started",
    "ended",
    "trashed",
    "tags",
    "note",
    "summary",
    "capture",
    "history",
    "revision",
)
_CHANGE = (
    f"UPDATE run SET {', '.join(f'{name}=?' for name in _CHANGED)} "
    "WHERE id=? AND revision=? AND identifier=? AND uid=?"
)
_NEXT_UID = "UPDATE identifier SET last_uid=last_uid+1 WHERE id=? RETURNING last_uid"
_FIND_DONE = (
    "SELECT uid FROM run WHERE identifier=? AND param_hash=? AND trashed IS NULL "
    "AND status='done' ORDER BY uid DESC LIMIT 1"
)

Change = tuple[tuple[Any, ...], bytes]
"""The values of the _CHANGED columns, and the run.json to write; empty if it stays as it is."""


@contextmanager
def pair(
    folder: Path, runs: int, durability: str = "power"
) -> Iterator[tuple[Project, BareLedger]]:
    """Open two projects that are alike in *folder*, as pycaddy and as the floor; see `filled`."""
    life = filled(folder / "ours", runs)
    shutil.copytree(folder / "ours", folder / "floor")
    if hasattr(os, "sync"):
        os.sync()  # the rounds must not wait for what was written to prepare them
    project = Project(folder / "ours", durability=durability)
    with (
        closing(project.ledger.store),
        closing(BareLedger(folder / "floor", life, durability)) as bare,
    ):
        yield project, bare


def text_and_key(params: dict[str, Any]) -> tuple[str, str]:
    """Return *params* as text, and the key to find them by, as a bare program would."""
    text = json.dumps(params, sort_keys=True, separators=(",", ":"))
    return text, sha256(text.encode()).hexdigest()


class BareLedger:
    """A project's ledger and folder in the hands of bare sqlite3.

    Args:
        root: A project that `filled` made.
        life: What `filled` returned: the values to write.
        durability: As of `Project`.
    """

    def __init__(self, root: Path, life: Life, durability: str = "power") -> None:
        self.home = str(root / IDENTIFIER)
        self.db = sqlite3.connect(ledger_file(root), isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute(f"PRAGMA synchronous={'FULL' if durability == 'power' else 'NORMAL'}")
        self.db.execute("PRAGMA cache_size=-16000")  # as pycaddy sets it
        new = dict(life.created.columns)
        self._params = tuple(new).index("params")
        self._select = (
            f"SELECT {', '.join(new)} FROM run WHERE identifier=? AND trashed IS NULL ORDER BY uid"
        )
        self.identifier = new["identifier"]
        for name in ("id", *_OWN):
            del new[name]
        names = (*_OWN, *new)
        places = ", ".join("?" for _ in names)
        self._insert = f"INSERT INTO run ({', '.join(names)}) VALUES ({places})"
        self._alike = tuple(new.values())
        self._start = _change(life.created, life.started)
        self._attach = _change(life.started, life.attached)
        self._finish = _change(life.attached, life.done)

    def live(self, text_and_key: tuple[str, str]) -> None:
        """Do what `benchmarks._ledgers.live` makes pycaddy do."""
        id_, uid = self.create(*text_and_key)
        folder = f"{self.home}/{uid:04d}"
        os.mkdir(folder)
        self._move(id_, uid, 1, folder, self._start)
        _write(f"{folder}/model.pt", CONTENT)
        self._move(id_, uid, 2, folder, self._attach)
        self._move(id_, uid, 3, folder, self._finish)

    def claim_and_finish(self, text_and_key: tuple[str, str]) -> None:
        """Add a run that is under way in one transaction, and end it in another."""
        id_, uid = self.create(*text_and_key)
        folder = f"{self.home}/{uid:04d}"
        os.mkdir(folder)
        _write(f"{folder}/run.json", self._start[1])
        self._move(id_, uid, 1, folder, self._finish)

    def create(self, text: str, key: str) -> tuple[int, int]:
        """Add a run; return its id and uid."""
        execute = self.db.execute
        execute("BEGIN IMMEDIATE")
        uid: int = execute(_NEXT_UID, (self.identifier,)).fetchone()[0]
        id_ = execute(self._insert, (uid, text, key, *self._alike)).lastrowid
        execute("COMMIT")
        return id_ or 0, uid

    def is_done(self, key: str) -> bool:
        """Whether there is a run with this key that is DONE."""
        return self.db.execute(_FIND_DONE, (self.identifier, key)).fetchone() is not None

    def listed(self) -> list[object]:
        """Return the rows of all runs by uid, each with its params."""
        rows = self.db.execute(self._select, (self.identifier,)).fetchall()
        return [(row, json.loads(row[self._params])) for row in rows]

    def filtered(self, seed: int) -> list[object]:
        """Return the rows of the runs that are done and have this seed."""
        where = "status = 'done' AND trashed IS NULL AND json_extract(params, '$.seed') = ?"
        statement = f"SELECT * FROM run WHERE identifier = ? AND {where}"
        return self.db.execute(statement, (self.identifier, seed)).fetchall()

    def close(self) -> None:
        self.db.close()

    def _move(self, id_: int, uid: int, revision: int, folder: str, change: Change) -> None:
        values, run_json = change
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute(_CHANGE, (*values, id_, revision, self.identifier, uid))
        self.db.execute("COMMIT")
        if run_json:
            _write(f"{folder}/run.json", run_json)


def _change(before: Stage, after: Stage) -> Change:
    values = tuple(after.columns[name] for name in _CHANGED)
    return values, b"" if after.run_json == before.run_json else after.run_json


def _write(path: str, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)
