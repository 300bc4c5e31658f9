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
        return path, ledger_file(path)
    folder, _, inner = path.rpartition(os.sep)
    own = inner == "ledger.db" and os.path.basename(folder) == LEDGER_FOLDER
    return (os.path.dirname(folder) if own else folder), path


def open_store(root: str, ledger: str, durability: str) -> Store:
    """Return the store at *ledger* for the project in *root*."""
    from pycaddy.stores.sqlite import SqliteStore

    own = ledger == ledger_file(root)
    return SqliteStore(ledger, None if own else project_id(root), durability)


def project_id(root: str) -> str:
    """Return the id in the project's file, which is made if it is missing."""
    path = project_file(root)
    if not os.path.exists(path):
        write_project_file(root, random_id())
    try:
        with open(path, "rb") as file:
            return str(json.load(file)["id"])
    except (ValueError, KeyError, TypeError) as error:
        raise LedgerDamagedError(
            f'{path} does not hold the project\'s id. Each run.json does, as its "project": '
            f'write {{"id": "..."}} with it into the file.',
            ledger=path,
        ) from error


def write_project_file(root: str, id_: str) -> None:
    """Write the project's file if it is missing; of many writers the first wins."""
    path = project_file(root)
    if os.path.exists(path):
        return
    make_folders(os.path.dirname(path))
    temporary = f"{path}.{random_id()}.tmp"
    content = json.dumps({"id": id_, "created_at": to_iso(utc_now_us())}) + "\n"
    with open(temporary, "x", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)  # fails if it is there, unlike a rename
    except FileExistsError:
        pass
    finally:
        os.unlink(temporary)
    sync_folder(os.path.dirname(path))
