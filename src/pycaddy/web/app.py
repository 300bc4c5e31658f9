"""The application: its routes, behind the guard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from pycaddy.ledger import Ledger
from pycaddy.web._access import Access
from pycaddy.web._api import Api
from pycaddy.web._found import Found
from pycaddy.web._guard import Guard, error_document
from pycaddy.web._static import Static
from pycaddy.web._watch import Watcher

__all__ = ["create_app"]

# Each thread has a connection to each ledger of its own, with a cache of its own.
_THREADS = 4


def create_app(
    projects: Mapping[str, Ledger], access: Access, watcher: Watcher, *, read_only: bool
) -> Guard:
    """Return the page of *projects*, ledgers by name, for those whom *access* lets in."""
    api = Api(projects, watcher, Found(watcher), read_only)
    static = Static()

    def index(request: Request) -> Response:
        token = request.query_params.get("token")
        if token is None:
            return static.send(request, "index.html") or _not_found()
        if access.admits(token):
            access.frame_in(request.query_params.get("frame", ""))
        elif not (access.framed and access.has_session(request.headers)):
            # A notebook loads a frame again when it is moved, with the token that is used up.
            return _error(401, "This link is of another launch. Open the one printed last.")
        # Out of the address bar, the history and what might be copied from there.
        return RedirectResponse("/", 303, {"set-cookie": access.set_cookie()})

    def asset(request: Request) -> Response:
        return static.send(request, request.path_params["name"]) or _not_found()

    async def events(request: Request) -> Response:
        return StreamingResponse(watcher.changes(), media_type="text/event-stream")

    app = Starlette(
        routes=[
            Route("/", index),
            Route("/static/{name:path}", asset),
            Route("/api/events", events),
            Route("/api/run", api.change_run, methods=["PATCH", "POST"]),
            *(Route(path, api.answering(answer)) for path, answer in api.routes().items()),
        ],
        exception_handlers={HTTPException: _http_error},
        lifespan=_few_threads,
    )
    app.router.redirect_slashes = False
    return Guard(app, access)


@asynccontextmanager
async def _few_threads(app: Starlette) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = _THREADS
    yield


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _not_found()
    return Response(
        error_document(f"{error.detail}."),
        error.status_code,
        headers=error.headers,
        media_type="application/json",
    )


def _not_found() -> Response:
    return _error(404, "There is nothing here. /api/openapi.json lists what there is.")


def _error(status: int, message: str) -> Response:
    return Response(error_document(message), status, media_type="application/json")
