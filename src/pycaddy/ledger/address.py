"""From what people write ("results", "lab.db", a URL) to a store and a project's id."""

from __future__ import annotations

import json
import os

from pycaddy._clock import to_iso, utc_now_us
from pycaddy._files import make_folders, random_id, replace_file, sync_folder
from pycaddy.errors import LedgerDamagedError, LedgerError
from pycaddy.layout import LEDGER_FOLDER
from pycaddy.stores import Store
from pycaddy.stores.postgres.url import is_postgres, public

__all__ = [
    "EARLIER_FILE",
    "VARIABLE",
    "earlier_file",
    "earlier_file_done",
    "first_facts",
    "ledger_file",
    "locate",
    "open_store",
    "project_file",
    "shown",
    "write_project_file",
]

EARLIER_FILE = "metadata.json"
"""The ledger of pycaddy 0.2."""

VARIABLE = "PYCADDY_LEDGER"
"""Names the ledger of projects that have none yet."""

_TO_IMPORT = "to_import"
_FILE_ENDINGS = (".db", ".sqlite", ".sqlite3")
_ENDING_OF_0_2 = ".json"


def ledger_file(root: str) -> str:
    """Return the path of the ledger that a project in *root* has by itself."""
    return os.path.join(root, LEDGER_FOLDER, "ledger.db")


def project_file(root: str) -> str:
    """Return the path of the file that holds the project's id."""
    return os.path.join(root, LEDGER_FOLDER, "project.json")


def locate(address: str) -> tuple[str, str]:
    """Return (root, ledger) for a root folder, a ledger file or a URL; paths are absolute.

    "results/metadata.json", the ledger of pycaddy 0.2, means the folder "results". The root of a
    URL is "". A URL comes back whole, with its secrets: see `shown`.

    Raises:
        LedgerError: *address* is a URL of a kind that is not known.
    """
    if "://" in address:
        return "", _known(address)
    given = os.path.abspath(address)
    path = _folder_of(given)
    if path != given or not path.endswith(_FILE_ENDINGS) or os.path.isdir(path):
        return path, _ledger_of(path)
    folder, _, inner = path.rpartition(os.sep)
    own = inner == "ledger.db" and os.path.basename(folder) == LEDGER_FOLDER
    return (os.path.dirname(folder) if own else folder), path


def has_root(address: str) -> bool:
    """Whether *address* tells by itself where the runs' files lie: a root, or a root's own file."""
    root, ledger = locate(address)
    return root == _folder_of(os.path.abspath(address)) or ledger == ledger_file(root)


def _folder_of(path: str) -> str:
    """Return the folder of a `metadata.json`; any other path as it is."""
    if path.endswith(_ENDING_OF_0_2) and not os.path.isdir(path):
        return os.path.dirname(path)
    return path


def shown(ledger: str) -> str:
    """Return a ledger's path or URL without secrets."""
    return public(ledger) if is_postgres(ledger) else ledger


def _known(url: str) -> str:
    if not is_postgres(url):
        kind = url.partition("://")[0]
        raise LedgerError(
            f"The ledger {kind}://... is of no known kind. Use the path of a folder or of a .db "
            "file, or a URL postgresql://...",
            ledger=kind,
        )
    return url


def _ledger_of(root: str) -> str:
    """Return the ledger of the project in *root*.

    The one that it was made with; a new project takes the one that the environment names.
    """
    given = os.environ.get(VARIABLE, "")
    made_with = _facts(root).get("ledger")
    if made_with:
        # The project's file has no password, and the environment may.
        same = is_postgres(given) and public(given) == made_with
        return given if same else made_with
    if not given or made_with is not None or os.path.exists(ledger_file(root)):
        return ledger_file(root)
    return _known(given) if "://" in given else os.path.abspath(given)


def open_store(
    root: str,
    ledger: str,
    durability: str,
    name: str | None = None,
    *,
    read_only: bool = False,
) -> Store:
    """Return the store at *ledger* for the project in *root*.

    Args:
        name: What the project is called in the ledger. None: what its file says.
        read_only: Refuse every change.

    Raises:
        LedgerError: The folder is a project of another name.
    """
    _refuse_other_name(root, name)
    if is_postgres(ledger):
        from pycaddy.stores.postgres.store import PostgresStore

        return PostgresStore(ledger, project_id(root, ledger, name), read_only=read_only)
    from pycaddy.stores.sqlite.file import lost
    from pycaddy.stores.sqlite.store import SqliteStore

    own = ledger == ledger_file(root)
    if not own and _facts(root).get("ledger") == ledger and not os.path.exists(ledger):
        raise lost(ledger, -1)
    project = name if own else project_id(root, ledger, name)
    store = SqliteStore(ledger, project, durability, read_only=read_only)
    if own and name is not None:
        store.identifiers()  # made before the project's file says that it is there
    return store


def _refuse_other_name(root: str, name: str | None) -> None:
    known = _facts(root).get("id")
    if known is not None and name not in (None, known):
        raise LedgerError(
            f"{root} is the project {known!r} already, and not {name!r}. Leave name= out, or give "
            "the project another folder.",
            ledger=root,
        )


def project_id(root: str, ledger: str, name: str | None = None) -> str:
    """Return the id in the project's file, which is made if it is missing: its *name*, if any."""
    facts = _facts(root)
    if not facts:
        write_project_file(root, name or random_id(), ledger)
        facts = _facts(root)
        _refuse_other_name(root, name)  # another process may have been faster
    return facts["id"]


def write_project_file(root: str, id_: str, ledger: str) -> None:
    """Write the project's file if it is missing; of many writers the first wins."""
    path = project_file(root)
    if os.path.exists(path):
        return
    make_folders(os.path.dirname(path))
    facts = first_facts(root, id_)
    if ledger != ledger_file(root):
        facts["ledger"] = shown(ledger)
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


def first_facts(root: str, id_: str) -> dict[str, str]:
    """Return what the file of a new project says, whichever ledger it has."""
    facts = {"id": id_, "created_at": to_iso(utc_now_us())}
    if os.path.isfile(os.path.join(root, EARLIER_FILE)):
        facts[_TO_IMPORT] = EARLIER_FILE
    return facts


def earlier_file(root: str) -> str | None:
    """Return the path of a `metadata.json` whose runs this project has yet to take over.

    That is so until the project's file exists and does not mention it: a process that was killed
    in between leaves the rest to the next one.
    """
    path = os.path.join(root, EARLIER_FILE)
    if not os.path.isfile(path):
        return None
    facts = _facts(root)
    return path if not facts or facts["to_import"] else None


def earlier_file_done(root: str) -> None:
    """Note in the project's file that its `metadata.json` needs no more attention."""
    path = project_file(root)
    with open(path, "rb") as file:
        facts = json.load(file)
    if facts.pop(_TO_IMPORT, None) is not None:
        replace_file(path, json.dumps(facts).encode(), sync=True)


def _facts(root: str) -> dict[str, str]:
    """Return what the project's file says; {} if there is none."""
    path = project_file(root)
    try:
        with open(path, "rb") as file:
            facts: dict[str, str] = json.load(file)
            return {
                "id": facts["id"],
                "ledger": facts.get("ledger", ""),
                "to_import": facts.get(_TO_IMPORT, ""),
            }
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerDamagedError(
            f'{path} does not hold the project\'s id. Each run.json does, as its "project": '
            f'write {{"id": "..."}} with it into the file.',
            ledger=path,
        ) from error
