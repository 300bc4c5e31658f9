"""The answers of the API, each a function of one request. They run in threads."""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from pycaddy._clock import utc_now_us
from pycaddy.errors import (
    FilterError,
    FolderTakenError,
    InvalidNameError,
    LedgerError,
    ProjectFolderError,
    RunNotFoundError,
    RunStateError,
)
from pycaddy.filters import read_name
from pycaddy.layout import check_relpath
from pycaddy.ledger import Ledger, RunRecord
from pycaddy.project.worker import OUTPUT
from pycaddy.records import RunKey, parse_uid
from pycaddy.status import Status
from pycaddy.stores import Selection
from pycaddy.web import _facts, _series
from pycaddy.web._asks import BadRequest, RunsAsk, checked, run_key
from pycaddy.web._changes import Action, Conflict, Marks
from pycaddy.web._files import FileRefused, open_contained
from pycaddy.web._found import Found
from pycaddy.web._groups import grouped
from pycaddy.web._guard import error_document
from pycaddy.web._openapi import document
from pycaddy.web._ranges import file_response
from pycaddy.web._series import ChosenAsk, SeriesAsk
from pycaddy.web._sweep import told
from pycaddy.web._watch import Watcher

__all__ = ["Api"]

_LISTED = ("project", "relpath", "identifier", "status", "where", "trashed")

P = ParamSpec("P")
Answer = Callable[[Request], Response]


@dataclass(frozen=True, slots=True)
class Api:
    """What can be asked about *projects*, ledgers by name."""

    projects: Mapping[str, Ledger]
    watcher: Watcher
    found: Found
    read_only: bool

    def routes(self) -> dict[str, Answer]:
        """Return the functions that answer, by path."""
        return {
            "/api/openapi.json": self.openapi,
            "/api/projects": self.list_projects,
            "/api/runs": self.list_runs,
            "/api/count": self.count_runs,
            "/api/groups": self.list_groups,
            "/api/sweep": self.show_sweep,
            "/api/run": self.show_run,
            "/api/file": self.send_file,
            "/api/log": self.send_log,
            "/api/chosen": self.show_chosen,
            "/api/series": self.send_series,
        }

    def answering(self, function: Callable[P, Response]) -> Callable[P, Response]:
        """Return *function* with its errors turned into answers."""

        @functools.wraps(function)
        def answer(*args: P.args, **kwargs: P.kwargs) -> Response:
            try:
                return function(*args, **kwargs)
            except (BadRequest, FilterError) as error:
                return _error(400, str(error))
            except (InvalidNameError, RunNotFoundError) as error:
                return _error(404, error.message)
            except (Conflict, FolderTakenError, RunStateError) as error:
                return _error(409, str(error))
            except (LedgerError, ProjectFolderError) as error:
                return _error(503, error.message)

        return answer

    def openapi(self, request: Request) -> Response:
        """Describe the API itself."""
        checked(request.query_params.multi_items(), ())
        return _json(request, document())

    def list_projects(self, request: Request) -> Response:
        """List the projects, and how many runs of which kind they have."""
        checked(request.query_params.multi_items(), ())
        listed = [
            {"name": name, "root": ledger.root, "kinds": _kinds(self.watcher.counts(name))}
            for name, ledger in self.projects.items()
        ]
        return _json(request, {"projects": listed, "read_only": self.read_only})

    def list_runs(self, request: Request) -> Response:
        """List a part of a project's runs."""
        known = (*_LISTED, "sort", "order", "offset", "limit")
        query = checked(request.query_params.multi_items(), known)
        ledger, ask = self._ledger(query), RunsAsk.of(query)
        total, records = self.found.part(query["project"], ledger, ask)
        rows = [_facts.row(record, stale=ledger.is_stale(record)) for record in records]
        return _json(request, {"total": total, "offset": ask.offset, "runs": rows})

    def count_runs(self, request: Request) -> Response:
        """Count the runs of a list."""
        query = checked(request.query_params.multi_items(), (*_LISTED, "sort", "order"))
        ledger, ask = self._ledger(query), RunsAsk.of(query)
        return _json(request, {"total": self.found.count(query["project"], ledger, ask)})

    def list_groups(self, request: Request) -> Response:
        """List the groups of a list's runs by one of their values."""
        known = (*_LISTED, "sort", "order", "by")
        query = checked(request.query_params.multi_items(), known)
        ledger, ask = self._ledger(query), RunsAsk.of(query)
        if not query.get("by"):
            raise BadRequest("Say what to group by, as in by=params.lr.")
        by = read_name(query["by"])
        return _json(request, grouped(ledger.records(ask.whole()), by, ledger.is_stale))

    def show_sweep(self, request: Request) -> Response:
        """Tell how far the runs of one identifier are."""
        known = ("project", "relpath", "identifier", "x", "y", "of")
        query = checked(request.query_params.multi_items(), known)
        ledger = self._ledger(query)
        if not query.get("identifier"):
            raise BadRequest("Say of which runs, as in identifier=train.")
        home = Selection(query.get("relpath", ""), query["identifier"])
        x, y, of = query.get("x") or None, query.get("y"), query.get("of") or None
        records, now = ledger.records(home), utc_now_us()
        return _json(request, told(records, ledger.is_stale, now, x=x, y=y, of=of))

    def show_run(self, request: Request) -> Response:
        """Tell all that is known of one run."""
        query = checked(request.query_params.multi_items(), ("project", "run"))
        ledger, record = self._run(query)
        return _json(request, _whole(ledger, record))

    async def change_run(self, request: Request) -> Response:
        """Mark a run or write its note (PATCH), or do something with it as a whole (POST)."""
        if self.read_only:
            return _error(403, "This page was started with --read-only: nothing is changed.")
        body = await request.body()
        return await run_in_threadpool(self.answering(self._change_run), request, body)

    def _change_run(self, request: Request, body: bytes) -> Response:
        query = checked(request.query_params.multi_items(), ("project", "run"))
        reader, record = self._run(query)
        if request.method == "PATCH":
            change = Marks.of(body).put_on
        else:
            # Who has watched the run knows whether its process is gone.
            change = functools.partial(Action.of(body).do, stale=reader.is_stale(record))
        # The only connection that can write, opened for this one change.
        ledger = Ledger(reader.root)
        try:
            changed = change(ledger, record)
            return _json(request, _whole(ledger, _find(ledger, changed.key)))
        finally:
            ledger.store.close()

    def send_file(self, request: Request) -> Response:
        """Send the file that a run attached under a key."""
        query = checked(request.query_params.multi_items(), ("project", "run", "key"))
        ledger, record = self._run(query)
        key = query.get("key", "")
        file = record.artifacts.get(key)
        if file is None:
            return _error(404, f"Run {record.key} has no file {key!r}.")
        return _send(request, ledger, file.path, f"The file {key!r} of run {record.key}")

    def send_log(self, request: Request) -> Response:
        """Send what a run has printed."""
        query = checked(request.query_params.multi_items(), ("project", "run"))
        ledger, record = self._run(query)
        path = record.layout.file(OUTPUT)
        return _send(request, ledger, path, f"The output of run {record.key}")

    def show_chosen(self, request: Request) -> Response:
        """Tell what is compared of several runs."""
        ask = ChosenAsk.of(request.query_params.multi_items())
        ledger = self._ledger({"project": ask.project})
        records, missing = _find_some(ledger, ask.runs)
        rows = [
            _facts.compared(run, _series.names(ledger, run), stale=ledger.is_stale(run))
            for run in records
        ]
        return _json(request, {"runs": rows, "missing": missing})

    def send_series(self, request: Request) -> Response:
        """Send parts of the series of several runs."""
        ask = SeriesAsk.of(request.query_params.multi_items())
        ledger = self._ledger({"project": ask.project})
        records, _ = _find_some(ledger, ask.runs)
        # Known before a point is read: the page asks again and again while a run logs.
        tag = f'"{_series.fingerprint(ledger, records, request.url.query)}"'
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers={"etag": tag})
        return _json(request, _series.answer(ledger, records, ask), tag)

    def _ledger(self, query: Mapping[str, str]) -> Ledger:
        name = query.get("project", "")
        if name not in self.projects:
            raise BadRequest(f"project={name!r} is none of {', '.join(self.projects)}.")
        return self.projects[name]

    def _run(self, query: Mapping[str, str]) -> tuple[Ledger, RunRecord]:
        ledger, key = self._ledger(query), run_key(query)
        return ledger, _find(ledger, key)


def _find(ledger: Ledger, key: RunKey) -> RunRecord:
    """Return a run, in the trash or not."""
    return _get(ledger, key) or ledger.read(key.identifier, key.uid, relpath=key.relpath)


def _get(ledger: Ledger, key: RunKey) -> RunRecord | None:
    return ledger.store.get(check_relpath(key.relpath), key.identifier, parse_uid(key.uid))


def _find_some(ledger: Ledger, keys: Sequence[RunKey]) -> tuple[list[RunRecord], list[str]]:
    """Return the runs that are there, and the names of those that are not."""
    found = {key: _get(ledger, key) for key in keys}
    return [run for run in found.values() if run], [
        str(key) for key, run in found.items() if not run
    ]


def _whole(ledger: Ledger, record: RunRecord) -> dict[str, Any]:
    folder = os.path.join(ledger.root, record.layout.folder)
    log = _size(ledger, record.layout.file(OUTPUT))
    return _facts.run(record, stale=ledger.is_stale(record), folder=folder, log=log)


def _size(ledger: Ledger, path: str) -> int | None:
    try:
        with open_contained(ledger.root, path) as file:
            return os.fstat(file.fileno()).st_size
    except (FileRefused, FileNotFoundError):
        return None


def _send(request: Request, ledger: Ledger, path: str, what: str) -> Response:
    try:
        opened = open_contained(ledger.root, path)
    except FileRefused as error:
        return _error(403, f"{what} is not shown. {error}")
    except FileNotFoundError:
        return _error(404, f"{what} is not there: {path}.")
    return file_response(request, opened, path.rpartition("/")[2])


def _kinds(counts: Mapping[tuple[str, str, Status], int]) -> list[dict[str, Any]]:
    kinds: dict[tuple[str, str], dict[str, int]] = {}
    for (relpath, identifier, status), number in counts.items():
        kinds.setdefault((relpath, identifier), {})[status.value] = number
    return [
        {"relpath": relpath, "identifier": identifier, "counts": numbers}
        for (relpath, identifier), numbers in sorted(kinds.items())
    ]


def _json(request: Request, value: object, tag: str = "") -> Response:
    """Return *value*, or nothing if the client has it already."""
    body = json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
    tag = tag or f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"etag": tag})
    return Response(body, headers={"etag": tag}, media_type="application/json")


def _error(status: int, message: str) -> Response:
    return Response(error_document(message), status_code=status, media_type="application/json")
