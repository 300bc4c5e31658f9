"""A ledger as an older pycaddy wrote it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from pycaddy.records import RunRecord
from pycaddy.stores import migrations
from pycaddy.testing import started_record

COLUMNS = (
    "identifier", "uid", "revision", "status", "attempt", "mode", "param_hash", "param_version",
    "params", "files", "owner", "created", "started", "ended", "history",
)  # fmt: skip
INSERT = f"INSERT INTO run ({', '.join(COLUMNS)}) VALUES ({', '.join('?' for _ in COLUMNS)})"


def some_records(number: int) -> list[RunRecord]:
    return [started_record(uid, {"lr": uid / 10}) for uid in range(1, number + 1)]


def write_schema_1(path: Path, records: list[RunRecord]) -> None:
    """Make a ledger of schema 1 with the runs *records*, all of "train"."""
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript(migrations.script("sqlite", 1))
        db.execute("INSERT INTO meta VALUES ('project', 'p')")
        db.execute("INSERT INTO identifier VALUES (1, 'p', '', 'train', ?)", (len(records),))
        db.execute("INSERT INTO folder VALUES ('p', 'train', 'train', 'names')")
        db.executemany(INSERT, map(_row, records))
        db.execute(f"PRAGMA application_id={migrations.APPLICATION_ID}")
        db.execute("PRAGMA user_version=1")
        db.commit()


def _row(record: RunRecord) -> tuple[object, ...]:
    return (
        1, int(record.uid), 1, record.status.value, record.attempt, record.mode.value,
        record.params_key, record.param_version, record.params_text, record.files_text,
        record.owner_text, record.created_us, record.started_us, record.ended_us,
        record.history_text,
    )  # fmt: skip
