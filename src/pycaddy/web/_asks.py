"""What a request asks for: the query of its address, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pycaddy import filters
from pycaddy.filters import Expr, Order
from pycaddy.records import RunKey
from pycaddy.status import Status
from pycaddy.stores import Selection

__all__ = ["BadRequest", "RunsAsk", "checked", "one_of", "run_key", "whole_number"]

MOST_RUNS = 500
MOST_OFFSET = 2**53
_NUMBER = re.compile(r"[0-9]{1,16}", re.ASCII)
_UID = re.compile(r"[0-9]{1,18}", re.ASCII)
_STATUSES = {status.value: status for status in Status}
_ORDERS = ("newest", "name")


class BadRequest(Exception):  # noqa: N818 - HTTP's own word for it
    """The query cannot be understood; the message says what would be."""


@dataclass(frozen=True, slots=True)
class RunsAsk:
    """Which part of which list of runs is wanted."""

    relpath: str | None
    identifier: str | None
    status: Status | None
    where: Expr | None
    sort: tuple[Order, ...]
    trashed: bool
    newest_first: bool
    offset: int
    limit: int

    @classmethod
    def of(cls, query: Mapping[str, str]) -> RunsAsk:
        """Read it from the query of an address.

        Raises:
            BadRequest: A value is none of those that it may be.
            FilterError: `where` or `sort` cannot be read.
        """
        status, where, sort = query.get("status"), query.get("where"), query.get("sort")
        return cls(
            query.get("relpath"),
            query.get("identifier"),
            None if status is None else _STATUSES[one_of("status", status, tuple(_STATUSES))],
            None if where is None else filters.parse(where),
            () if sort is None else filters.parse_order([sort]),
            one_of("trashed", query.get("trashed", "false"), ("true", "false")) == "true",
            one_of("order", query.get("order", "newest"), _ORDERS) == "newest",
            whole_number("offset", query.get("offset", "0"), 0, MOST_OFFSET),
            whole_number("limit", query.get("limit", "100"), 1, MOST_RUNS),
        )

    def selection(self) -> Selection:
        """Return it as the ledger takes it."""
        return self.whole()._replace(limit=self.limit, offset=self.offset)

    def whole(self) -> Selection:
        """Return the whole list that it is a part of."""
        return Selection(
            relpath=self.relpath,
            identifier=self.identifier,
            status=self.status,
            trashed=self.trashed,
            newest_first=self.newest_first,
            where=self.where,
            sort=self.sort,
        )

    def total(self, counts: Mapping[tuple[str, str, Status], int]) -> int:
        """Return how many runs the whole list has, a filter aside."""
        return sum(
            number
            for (relpath, identifier, status), number in counts.items()
            if self.relpath in (None, relpath)
            and self.identifier in (None, identifier)
            and self.status in (None, status)
        )


def checked(query: list[tuple[str, str]], known: tuple[str, ...]) -> dict[str, str]:
    """Return the query's values by name; each name is one of *known*, and given once."""
    values: dict[str, str] = {}
    for name, value in query:
        if name not in known:
            raise BadRequest(f"{name!r} is nothing to ask for. Known: {', '.join(known)}.")
        if name in values:
            raise BadRequest(f"{name!r} is given twice.")
        values[name] = value
    return values


def run_key(query: Mapping[str, str]) -> RunKey:
    """Return the name of the run that is asked for, as in "imagenet/train/0007"."""
    home, _, uid = query.get("run", "").rpartition("/")
    relpath, _, identifier = home.rpartition("/")
    if not identifier or not _UID.fullmatch(uid):
        raise BadRequest("Name a run as run=train/0007.")
    return RunKey(relpath, identifier, uid)


def one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    """Return *value*, which must be one of *known*."""
    if value not in known:
        raise BadRequest(f"{name}={value!r} is none of {', '.join(known)}.")
    return value


def whole_number(name: str, text: str, least: int, most: int) -> int:
    """Return the number in *text*, which must be from *least* to *most*."""
    if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise BadRequest(f"{name}={text!r} is no whole number from {least} to {most}.")
    return int(text)
