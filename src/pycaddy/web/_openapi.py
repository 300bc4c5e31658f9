"""The API described, as OpenAPI 3.1: https://spec.openapis.org/oas/v3.1.0."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from pycaddy.status import Status
from pycaddy.web._asks import MOST_OFFSET, MOST_RUNS
from pycaddy.web._changes import ACTIONS
from pycaddy.web._series import (
    AXES,
    FEWEST_POINTS,
    MOST_CHOSEN,
    MOST_NAMES,
    MOST_POINTS,
    MOST_SERIES,
)
from pycaddy.web._series import MOST_RUNS as MOST_CHARTED

__all__ = ["document"]

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_WHOLE: Schema = {"type": "integer", "minimum": 0}
_MAYBE_WHOLE: Schema = {"type": ["integer", "null"], "minimum": 0}
_ANY_OBJECT: Schema = {"type": "object"}
_STATUS: Schema = {"enum": [status.value for status in Status]}
_BOOL: Schema = {"type": "boolean"}
_MAYBE_NUMBER: Schema = {"type": ["number", "null"]}
_CELL: Schema = {"type": ["number", "string", "boolean", "null"]}
_CELLS: Schema = {"type": "object", "additionalProperties": _CELL}
_COUNTS: Schema = {"type": "object", "additionalProperties": _WHOLE}
_NUMBERS: Schema = {"type": "object", "additionalProperties": {"type": "number"}}


def document() -> Schema:
    """Return the description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The page of pycaddy",
            "version": version("pycaddy"),
            "description": "What the page asks its server. It changes with the page.",
        },
        "paths": {
            "/api/openapi.json": _get("This description.", _ANY_OBJECT),
            "/api/projects": _get("The projects, and how many runs they have.", _ref("Projects")),
            "/api/runs": _get(
                "A part of a project's runs.",
                _ref("Runs"),
                *_lists_runs(),
                _query("offset", _upto(0, MOST_OFFSET, 0), "How many to pass over."),
                _query("limit", _upto(1, MOST_RUNS, 100), "How many at most."),
            ),
            "/api/count": _get(
                "How many runs the whole list has.", _object(total=_WHOLE), *_lists_runs()
            ),
            "/api/groups": _get(
                "The runs of a list by a value, with the means of what they found.",
                _ref("Groups"),
                _query("by", _TEXT, "The name of the value: lr, val/acc, status.", required=True),
                *_lists_runs(),
            ),
            "/api/sweep": _get(
                "How far the runs of one identifier are.",
                _ref("Sweep"),
                _query("project", _TEXT, "Its name among the projects.", required=True),
                _query("relpath", _TEXT, "The identifier's namespace; empty: the root's own."),
                _query("identifier", _TEXT, "The identifier.", required=True),
                _query(
                    "x",
                    _TEXT,
                    "The name of the value along the grid: lr. Default: a param that differs.",
                ),
                _query("y", _TEXT, "The one down the grid; empty: none."),
                _query("of", _TEXT, "The name of the value that cells have the mean of: val/acc."),
            ),
            "/api/run": {
                **_get("One run, whole.", _ref("Run"), *_names_a_run(), missing=True),
                "patch": _change("Put tags on a run, take some off, or write its note.", _marks()),
                "post": _change("Put a run aside, bring it back, end a stale one.", _action()),
            },
            "/api/file": _sent("A file that a run has attached.", *_names_a_run(), _key()),
            "/api/log": _sent("What a run has printed.", *_names_a_run()),
            "/api/chosen": _get(
                "What is compared of several runs.",
                _object(runs=_list(_ref("Compared")), missing=_list(_TEXT)),
                _query("project", _TEXT, "Its name among the projects.", required=True),
                _several("run", MOST_CHOSEN, "The name of each, as in imagenet/train/0007."),
                missing=True,
            ),
            "/api/series": _get(
                f"Parts of the metrics of several runs: at most {MOST_SERIES} series.",
                _object(series=_list(_ref("Series")), problems=_list(_ref("Problem"))),
                _query("project", _TEXT, "Its name among the projects.", required=True),
                _several("run", MOST_CHARTED, "The name of each, as in imagenet/train/0007."),
                _several("name", MOST_NAMES, "Which of their series, as in loss/train."),
                _query("x", {"enum": list(AXES)}, "Step; seconds since the start, or since 1970."),
                _query("from", {"type": "number"}, "Where on the x axis the part begins."),
                _query("to", {"type": "number"}, "Where it ends; in it, and in the next point."),
                _query(
                    "points",
                    _upto(FEWEST_POINTS, MOST_POINTS, 1000),
                    "How many points a series may have; each stretch keeps its extremes.",
                ),
                missing=True,
            ),
            "/api/events": _events(),
        },
        "components": {
            "schemas": {
                "Error": _object(error=_TEXT),
                "Projects": _object(
                    projects=_list(_object(name=_TEXT, root=_TEXT, kinds=_list(_ref("Kind")))),
                    read_only={"type": "boolean"},
                ),
                "Kind": _object(
                    relpath=_TEXT,
                    identifier=_TEXT,
                    counts={"type": "object", "additionalProperties": _WHOLE},
                ),
                "Runs": _object(total=_MAYBE_WHOLE, offset=_WHOLE, runs=_list(_ref("Row"))),
                "Row": _object(
                    **_common(), params=_CELLS, result=_CELLS, last=_CELLS, error=_MAYBE_TEXT
                ),
                "Groups": _groups(),
                "Sweep": _sweep(),
                "Compared": _object(
                    **_common(),
                    params=_CELLS,
                    result=_CELLS,
                    last=_CELLS,
                    error=_MAYBE_TEXT,
                    metrics={"type": "object", "additionalProperties": _CELLS},
                ),
                "Series": _series(),
                "Problem": _object(run=_TEXT, error=_TEXT),
                "Run": _object(**_common(), **_details()),
            },
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "pycaddy-PORT"}
            },
        },
        "security": [{"session": []}],
    }


def _common() -> Schema:
    return {
        "run": _TEXT,
        "relpath": _TEXT,
        "identifier": _TEXT,
        "uid": _TEXT,
        "revision": _WHOLE,
        "status": _STATUS,
        "stale": {"type": "boolean"},
        "trashed": {"type": "boolean"},
        "attempt": _WHOLE,
        "owner": _MAYBE_TEXT,
        "created_at": _TEXT,
        "started_at": _MAYBE_TEXT,
        "ended_at": _MAYBE_TEXT,
        "seconds": {"type": ["number", "null"]},
        "tags": _list(_TEXT),
        "note": _MAYBE_TEXT,
    }


def _groups() -> Schema:
    group = _object(
        value=_CELL, where=_MAYBE_TEXT, total=_WHOLE, counts=_COUNTS, stale=_WHOLE, means=_NUMBERS
    )
    return _object(by=_TEXT, groups=_list(group), left_out=_WHOLE)


def _sweep() -> Schema:
    standing = _object(
        **dict.fromkeys(("pending", "running", "stale", "done", "error"), _WHOLE),
        runs_per_hour=_MAYBE_NUMBER,
        seconds_left=_MAYBE_NUMBER,
    )
    cell = _object(
        x=_WHOLE, y=_WHOLE, total=_WHOLE, counts=_COUNTS, stale=_WHOLE, mean=_MAYBE_NUMBER,
        where=_MAYBE_TEXT, run=_MAYBE_TEXT,
    )  # fmt: skip
    axis = _object(name=_TEXT, values=_list(_CELL), left_out=_WHOLE)
    grid = _object(x=axis, y={"anyOf": [axis, {"type": "null"}]}, cells=_list(cell))
    return _object(
        standing=standing,
        params=_list(_object(name=_TEXT, values=_WHOLE)),
        measures=_list(_TEXT),
        of=_MAYBE_TEXT,
        grid={"anyOf": [grid, {"type": "null"}]},
        failures=_list(_object(reason=_TEXT, total=_WHOLE, runs=_list(_TEXT))),
        work=_list(
            _object(run=_TEXT, owner=_MAYBE_TEXT, since=_MAYBE_TEXT, attempt=_WHOLE, stale=_BOOL)
        ),
    )


def _details() -> Schema:
    return {
        "params": _ANY_OBJECT,
        "result": {"type": ["object", "null"]},
        "error": _MAYBE_TEXT,
        "folder": _TEXT,
        "param_hash": _TEXT,
        "mode": {"enum": ["subfolder", "prefix"]},
        "log": _MAYBE_WHOLE,
        "metrics": _ANY_OBJECT,
        "capture": _ANY_OBJECT,
        "files": _list(
            _object(
                key=_TEXT,
                path=_TEXT,
                size={"type": ["integer", "null"]},
                sha256=_MAYBE_TEXT,
            )
        ),
        "history": _list(
            _object(
                status=_STATUS,
                at=_TEXT,
                attempt=_WHOLE,
                detail=_MAYBE_TEXT,
                changed_params={"type": ["object", "null"]},
            )
        ),
    }


def _lists_runs() -> tuple[Schema, ...]:
    orders: Schema = {"enum": ["newest", "name"], "default": "newest"}
    return (
        _query("project", _TEXT, "Its name among the projects.", required=True),
        _query("relpath", _TEXT, "Only this namespace; empty: the root's own."),
        _query("identifier", _TEXT, "Only runs of this identifier."),
        _query("status", _STATUS, "Only runs with this status."),
        _query("where", _TEXT, "Only what this filter describes: lr < 0.01 and 'good' in tags."),
        _query("trashed", {"enum": ["true", "false"]}, "Those in the trash, and only those."),
        _query("sort", _TEXT, "What to sort by, with - before it for the largest first: -loss."),
        _query("order", orders, "What is first where the rest is equal."),
    )


def _names_a_run() -> tuple[Schema, ...]:
    return (
        _query("project", _TEXT, "Its name among the projects.", required=True),
        _query("run", _TEXT, "Its name, as in imagenet/train/0007.", required=True),
    )


def _series() -> Schema:
    """Its columns are float64, little-endian, in base64: JSON has no NaN."""
    column: Schema = {"type": "string", "contentEncoding": "base64"}
    columns = dict.fromkeys(("x", "y", "mean_x", "mean_y"), column)
    number: Schema = {"type": "number"}
    whole = dict.fromkeys(("count", "nan", "infinite"), _WHOLE)
    return _object(run=_TEXT, name=_TEXT, **whole, first=number, last=number, **columns)


def _several(name: str, most: int, text: str) -> Schema:
    items: Schema = {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": most}
    return _query(name, items, text, required=True)


def _get(summary: str, answer: Schema, *parameters: Schema, missing: bool = False) -> Schema:
    responses = {
        "200": {"description": "It.", "content": {"application/json": {"schema": answer}}},
        **_refusals("400", "401", "403", "421", "503", *(("404",) if missing else ())),
    }
    return {"get": {"summary": summary, "parameters": list(parameters), "responses": responses}}


def _change(summary: str, body: Schema) -> Schema:
    return {
        "summary": summary,
        "parameters": list(_names_a_run()),
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {
                "description": "The run as it is now.",
                "content": {"application/json": {"schema": _ref("Run")}},
            },
            **_refusals("400", "401", "403", "404", "409", "413", "415", "421", "503"),
        },
    }


def _marks() -> Schema:
    properties = {"tag": _list(_TEXT), "untag": _list(_TEXT), "note": _MAYBE_TEXT}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _action() -> Schema:
    return {**_object(action={"enum": list(ACTIONS)}), "additionalProperties": False}


def _key() -> Schema:
    return _query("key", _TEXT, "What the file was attached as.", required=True)


def _sent(summary: str, *parameters: Schema) -> Schema:
    content: Schema = {"*/*": {"schema": {}}}
    responses = {
        "200": {"description": "All of it.", "content": content},
        "206": {"description": "The part that `Range` asks for.", "content": content},
        "416": {"description": "It has no such part."},
        **_refusals("400", "401", "403", "404", "421", "503"),
    }
    return {"get": {"summary": summary, "parameters": list(parameters), "responses": responses}}


def _events() -> Schema:
    stream = {"text/event-stream": {"schema": _TEXT}}
    return {
        "get": {
            "summary": "`changed`, with the project's name, whenever something in it changes.",
            "responses": {
                "200": {"description": "A stream without an end.", "content": stream},
                **_refusals("401", "403", "421"),
            },
        }
    }


def _refusals(*codes: str) -> Schema:
    error = {"application/json": {"schema": _ref("Error")}}
    return {code: {"description": "Why not.", "content": error} for code in sorted(codes)}


def _query(name: str, schema: Schema, text: str, *, required: bool = False) -> Schema:
    return {
        "name": name,
        "in": "query",
        "description": text,
        "required": required,
        "schema": schema,
    }


def _upto(least: int, most: int, default: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, "default": default}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
