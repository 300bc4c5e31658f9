"""The answers of the API, each a function of one request. They run in threads."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pycaddy.errors import InvalidNameError, LedgerError, RunNotFoundError
from pycaddy.ledger import Ledger, RunRecord
from pycaddy.status import Status
from pycaddy.web import _facts
from pycaddy.web._asks import BadRequest, RunsAsk, checked, run_key
from pycaddy.web._files import FileRefused, open_contained
from pycaddy.web._guard import error_document
from pycaddy.web._openapi import document
from pycaddy.web._ranges import file_response
from pycaddy.web._watch import Watcher

__all__ = ["Api"]

Answer = Callable[[Request], Response]


@dataclass(frozen=True, slots=True)
class Api:
    """What can be asked about *projects*, ledgers by name."""

    projects: Mapping[str, Ledger]
    watcher: Watcher
    read_only: bool

    def routes(self) -> dict[str, Answer]:
        """Return the functions that answer, by path."""
        return {
            "/api/openapi.json": self.openapi,
            "/api/projects": self.list_projects,
            "/api/runs": self.list_runs,
            "/api/run": self.show_run,
            "/api/file": self.send_file,
        }

    def answer(self, path: str) -> Answer:
        """Return the function for *path*, its errors turned into answers."""
        function = self.routes()[path]

        def answering(request: Request) -> Response:
            try:
                return function(request)
            except BadRequest as error:
                return _error(400, str(error))
            except (InvalidNameError, RunNotFoundError) as error:
                return _error(404, error.message)
            except LedgerError as error:
                return _error(503, error.message)

        return answering

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
        known = ("project", "relpath", "identifier", "status", "order", "offset", "limit")
        query = checked(request.query_params.multi_items(), known)
        ledger, ask = self._ledger(query), RunsAsk.of(query)
        records = ledger.records(ask.selection())
        rows = [_facts.row(record, stale=ledger.is_stale(record)) for record in records]
        total = ask.total(self.watcher.counts(query["project"]))
        return _json(request, {"total": total, "offset": ask.offset, "runs": rows})

    def show_run(self, request: Request) -> Response:
        """Tell all that is known of one run."""
        query = checked(request.query_params.multi_items(), ("project", "run"))
        ledger, record = self._run(query)
        folder = os.path.join(ledger.root, record.layout.folder)
        return _json(request, _facts.run(record, stale=ledger.is_stale(record), folder=folder))

    def send_file(self, request: Request) -> Response:
        """Send the file that a run attached under a key."""
        query = checked(request.query_params.multi_items(), ("project", "run", "key"))
        ledger, record = self._run(query)
        key = query.get("key", "")
        file = record.files.get(key)
        if file is None:
            return _error(404, f"Run {record.key} has no file {key!r}.")
        try:
            opened = open_contained(ledger.root, file.path)
        except FileRefused as error:
            return _error(403, f"The file {key!r} of run {record.key} is not shown. {error}")
        except FileNotFoundError:
            return _error(404, f"The file {key!r} of run {record.key} is gone: {file.path}.")
        return file_response(request, opened, file.path.rpartition("/")[2])

    def _ledger(self, query: Mapping[str, str]) -> Ledger:
        name = query.get("project", "")
        if name not in self.projects:
            raise BadRequest(f"project={name!r} is none of {', '.join(self.projects)}.")
        return self.projects[name]

    def _run(self, query: Mapping[str, str]) -> tuple[Ledger, RunRecord]:
        ledger, key = self._ledger(query), run_key(query)
        return ledger, ledger.get_record(key.identifier, key.uid, relpath=key.relpath)


def _kinds(counts: Mapping[tuple[str, str, Status], int]) -> list[dict[str, Any]]:
    kinds: dict[tuple[str, str], dict[str, int]] = {}
    for (relpath, identifier, status), number in counts.items():
        kinds.setdefault((relpath, identifier), {})[status.value] = number
    return [
        {"relpath": relpath, "identifier": identifier, "counts": numbers}
        for (relpath, identifier), numbers in sorted(kinds.items())
    ]


def _json(request: Request, value: object) -> Response:
    """Return *value*, or nothing if the client has it already."""
    body = json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
    tag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"etag": tag})
    return Response(body, headers={"etag": tag}, media_type="application/json")


def _error(status: int, message: str) -> Response:
    return Response(error_document(message), status_code=status, media_type="application/json")
