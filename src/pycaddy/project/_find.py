"""From what people call a run ("train/0007") to its record."""

from __future__ import annotations

from pycaddy.errors import RunNotFoundError
from pycaddy.ledger import Ledger, RunKey, RunRecord
from pycaddy.records import parse_uid

__all__ = ["find"]


def find(
    ledger: Ledger,
    relpath: str,
    run: str | int | RunKey,
    uid: str | int | None,
    *,
    trashed: bool = False,
) -> RunRecord:
    """Return the run that is named as for `Project.session_of`, from the namespace *relpath*.

    Args:
        trashed: The run may be in the trash; a uid alone means one that is.

    Raises:
        RunNotFoundError: There is no such run, or a uid alone fits several.
    """
    key = run if isinstance(run, RunKey) else _key(ledger, relpath, run, uid, trashed=trashed)
    if trashed:
        record = ledger.store.get(key.relpath, key.identifier, parse_uid(key.uid))
        if record is not None:
            return record
    return ledger.read(key.identifier, key.uid, relpath=key.relpath)


def _key(
    ledger: Ledger, namespace: str, run: str | int, uid: str | int | None, *, trashed: bool
) -> RunKey:
    if not isinstance(run, (str, int)):
        raise TypeError(
            f"A run is named as in session_of('train/0007'), not {run!r}. "
            "session.key is a name, too."
        )
    text = str(run) if uid is None else f"{run}/{uid}"
    identifier, _, number = text.strip("/").rpartition("/")
    if not identifier:
        identifier = _only_identifier_with(ledger, namespace, number, trashed=trashed)
    relpath, _, name = identifier.rpartition("/")
    return RunKey("/".join(part for part in (namespace, relpath) if part), name, number)


def _only_identifier_with(ledger: Ledger, relpath: str, uid: str, *, trashed: bool) -> str:
    number = parse_uid(uid)
    found = [
        counter.name
        for counter in ledger.store.identifiers()
        if counter.relpath == relpath
        and (record := ledger.store.get(relpath, counter.name, number)) is not None
        and (record.trashed_us is not None) == trashed
    ]
    if len(found) == 1:
        return found[0]
    hint = (
        f"These identifiers have one: {', '.join(found)}. Write '{found[0]}/{uid}'."
        if found
        else "`pycaddy ls` lists the runs there are."
    )
    where = f"{ledger.root}/{relpath}" if relpath else ledger.root
    raise RunNotFoundError(f"No single run '{uid}' in {where}. {hint}", run=str(uid))
