"""What the page may change, each in one transaction of a ledger opened for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pycaddy.ledger import Ledger, RunRecord, trash
from pycaddy.web._asks import BadRequest

__all__ = ["ACTIONS", "Action", "Conflict", "Marks"]

ACTIONS = ("trash", "restore", "fail")


class Conflict(Exception):  # noqa: N818 - HTTP's own word for it
    """The run is not in a state that allows it; the message says why."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What somebody wants to put on a run, or to take off."""

    tag: tuple[str, ...] = ()
    untag: tuple[str, ...] = ()
    note: str | None = None
    has_note: bool = False

    @classmethod
    def of(cls, body: bytes) -> Marks:
        """Read it from the JSON of a request."""
        asked = _object(body)
        if not asked.keys() <= {"tag", "untag", "note"}:
            raise BadRequest('Send {"tag": [...], "untag": [...], "note": "..."}, or a part of it.')
        note = asked.get("note")
        if note is not None and not isinstance(note, str):
            raise BadRequest("A note is a text, or null for none.")
        return cls(_texts(asked, "tag"), _texts(asked, "untag"), note, "note" in asked)

    def put_on(self, ledger: Ledger, record: RunRecord) -> RunRecord:
        """Change the run, and return it."""
        try:
            if self.tag or self.untag:
                record = ledger.tag(record, add=self.tag, remove=self.untag)
            return ledger.note(record, self.note) if self.has_note else record
        except ValueError as error:  # a tag or a note that cannot be
            raise BadRequest(str(error)) from error


@dataclass(frozen=True, slots=True)
class Action:
    """What somebody wants done with a run as a whole."""

    name: str

    @classmethod
    def of(cls, body: bytes) -> Action:
        """Read it from the JSON of a request."""
        asked = _object(body)
        name = asked.get("action")
        if name not in ACTIONS or len(asked) > 1:
            raise BadRequest(f'Send {{"action": "..."}}, one of {", ".join(ACTIONS)}.')
        return cls(str(name))

    def do(self, ledger: Ledger, record: RunRecord, *, stale: bool) -> RunRecord:
        """Do it, and return the run as it is then.

        Args:
            stale: Whether the run's process is known to be dead, as who has watched it knows.
        """
        if self.name == "trash":
            trash.remove(ledger, record)
        elif self.name == "restore":
            return trash.restore(ledger, record)
        elif not stale:
            raise Conflict(f"Run {record.key} is not stale: only a run whose process is gone is.")
        else:
            return ledger.reap(record, f"Its process ({record.owner}) died.")
        return record


def _object(body: bytes) -> Mapping[str, object]:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is no JSON: {error}.") from error
    if not isinstance(asked, dict):
        raise BadRequest("Send a JSON object.")
    return asked


def _texts(asked: Mapping[str, object], name: str) -> tuple[str, ...]:
    found = asked.get(name, [])
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise BadRequest(f"{name!r} is a list of texts.")
    return tuple(found)
