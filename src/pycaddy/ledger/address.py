"""From what people write ("results", "lab.db", a URL) to a store and a project's id."""

from __future__ import annotations

import json
import os

from pycaddy._clock import to_iso, utc_now_us
from pycaddy._files import make_folders, random_id, sync_folder
from pycaddy.errors import LedgerDamagedError, LedgerError
from pycaddy.layout import LEDGER_FOLDER
from pycaddy.stores import Store

__all__ = ["ledger_file", "open_store", "project_file", "write_project_file"]

_FILE_ENDINGS = (".db", ".sqlite", ".sqlite3")


def ledger_file(root: str) -> str:
    """Return the path of the ledger that a project in *root* has by itself."""
    return os.path.join(root, LEDGER_FOLDER, "ledger.db")


def project_file(root: str) -> str:
    """Return the path of the file that holds the project's id."""
    return os.path.join(root, LEDGER_FOLDER, "project.json")


def locate(address: str) -> tuple[str, str]:
    """Return (root, ledger) for a root folder or a ledger file, both absolute.

    Raises:
        LedgerError: *address* is a URL of a kind that is not known.
    """
    if "://" in address:
        raise LedgerError(
            f"The ledger {address.partition('://')[0]}://... is of no known kind. "
            "Use the path of a folder or of a .db file.",
            ledger=address.partition("://")[0],
        )
    path = os.path.abspath(address)
    if not path.endswith(_FILE_ENDINGS) or os.path.isdir(path):
        return path, _ledger_of(path)
    folder, _, inner = path.rpartition(os.sep)
    own = inner == "ledger.db" and os.path.basename(folder) == LEDGER_FOLDER
    return (os.path.dirname(folder) if own else folder), path


def has_root(address: str) -> bool:
    """Whether *address* tells by itself where the runs' files lie: a root, or a root's own file."""
    root, ledger = locate(address)
    return root == os.path.abspath(address) or ledger == ledger_file(root)


def _ledger_of(root: str) -> str:
    """Return the ledger that the project in *root* was made with: its own, or another."""
    return _facts(root).get("ledger") or ledger_file(root)


def open_store(root: str, ledger: str, durability: str) -> Store:
    """Return the store at *ledger* for the project in *root*."""
    from pycaddy.stores._sqlite_file import lost
    from pycaddy.stores.sqlite import SqliteStore

    own = ledger == ledger_file(root)
    if not own and _facts(root).get("ledger") == ledger and not os.path.exists(ledger):
        raise lost(ledger, -1)
    return SqliteStore(ledger, None if own else project_id(root, ledger), durability)


def project_id(root: str, ledger: str) -> str:
    """Return the id in the project's file, which is made if it is missing."""
    facts = _facts(root)
    if not facts:
        write_project_file(root, random_id(), ledger)
        facts = _facts(root)
    return facts["id"]


def write_project_file(root: str, id_: str, ledger: str) -> None:
    """Write the project's file if it is missing; of many writers the first wins."""
    path = project_file(root)
    if os.path.exists(path):
        return
    make_folders(os.path.dirname(path))
    facts = {"id": id_, "created_at": to_iso(utc_now_us())}
    if ledger != ledger_file(root):
        facts["ledger"] = ledger
    temporary = f"{path}.{random_id()}.tmp"
    with open(temporary, "x", encoding="utf-8") as file:
        json.dump(facts, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)  # fails if it is there, unlike a rename
        os.unlink(temporary)
    except FileExistsError:
        os.unlink(temporary)
    except OSError:  # a file system without links
        os.replace(temporary, path)
    sync_folder(os.path.dirname(path))


def _facts(root: str) -> dict[str, str]:
    """Return what the project's file says; {} if there is none."""
    path = project_file(root)
    try:
        with open(path, "rb") as file:
            facts: dict[str, str] = json.load(file)
            return {"id": facts["id"], "ledger": facts.get("ledger", "")}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerDamagedError(
            f'{path} does not hold the project\'s id. Each run.json does, as its "project": '
            f'write {{"id": "..."}} with it into the file.',
            ledger=path,
        ) from error
