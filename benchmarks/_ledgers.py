"""Ledgers that look as if many runs had been done: one real life, multiplied."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pycaddy import params
from pycaddy.project import Project, Session

__all__ = ["CONTENT", "IDENTIFIER", "Life", "Stage", "filled", "ledger_file", "live", "params_of"]

IDENTIFIER = "train"
CONTENT = b"x" * 100

Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stage:
    """What one change of a run leaves behind."""

    columns: Columns
    """The run's row in the ledger."""
    run_json: bytes
    """The run's description in its folder; empty before there is one."""


@dataclass(frozen=True, slots=True)
class Life:
    """A run as it was after each step of its life."""

    created: Stage
    started: Stage
    attached: Stage
    done: Stage


def params_of(number: int) -> dict[str, Any]:
    """Return five flat params that no other number has.

    Plain `json.dumps` writes them as their canonical form does, so that a bare program finds
    them by the same key.
    """
    return {"lr": 0.05, "batch": 32, "optimizer": "adam", "decay": 1e-4, "seed": number}


def live(project: Project, values: dict[str, Any]) -> Session:
    """Live the life of a run: made, started, one small file written and attached, done."""
    run = project.session(IDENTIFIER, values).start()
    path = run.path("model.pt")
    with open(path, "wb") as file:
        file.write(CONTENT)
    return run.attach_files({"model": path}).done()


def record_life(folder: Path) -> Life:
    """Return what pycaddy writes at each step of the life of a run."""
    project = Project(folder)
    run = project.session(IDENTIFIER, params_of(-1))
    created = _stage(run)
    started = _stage(run.start())
    path = run.path("model.pt")
    path.write_bytes(CONTENT)
    attached = _stage(run.attach_files({"model": path}))
    done = _stage(run.done())
    project.ledger.store.close()
    return Life(created, started, attached, done)


def filled(folder: Path, runs: int) -> Life:
    """Make *folder* a project whose ledger knows *runs* runs that are DONE: `params_of(0)` on.

    Their folders are not there, but for the one that all lie in.

    Returns:
        What pycaddy writes in the life of one of them.
    """
    life = record_life(folder)
    shutil.rmtree(folder / IDENTIFIER)
    (folder / IDENTIFIER).mkdir()
    names = list(life.done.columns)
    places = ", ".join("?" for _ in names)
    with closing(sqlite3.connect(ledger_file(folder))) as db, db:
        db.execute("DELETE FROM run")
        db.executemany(
            f"INSERT INTO run ({', '.join(names)}) VALUES ({places})",
            (tuple(row.values()) for row in _rows(life.done.columns, runs)),
        )
        db.execute("UPDATE identifier SET last_uid = ?", (runs,))
    return life


def ledger_file(folder: Path) -> Path:
    return folder / ".pycaddy" / "ledger.db"


def _rows(template: Columns, runs: int) -> Iterator[Columns]:
    for number in range(runs):
        frozen = params.freeze(params_of(number))
        yield template | {
            "id": number + 1,
            "uid": number + 1,
            "params": frozen.text,
            "param_hash": frozen.key,
        }


def _stage(run: Session) -> Stage:
    path = run.project.root / run.record.layout.sidecar
    with closing(sqlite3.connect(ledger_file(run.project.root))) as db:
        db.row_factory = sqlite3.Row
        columns = dict(db.execute("SELECT * FROM run").fetchone())
    return Stage(columns, path.read_bytes() if path.exists() else b"")
