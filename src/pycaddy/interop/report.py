"""One HTML file that shows runs: it opens offline, and asks nobody for anything.

What runs say is data: it stands in the page as JSON that no HTML parser can leave, and the page's
script sets it as text. The script may run because the policy names its hash; nothing else may.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.resources import files
from math import isfinite
from typing import Any

from pycaddy._clock import to_iso, utc_now_us
from pycaddy._files import replace_file
from pycaddy.interop._curves import thinned
from pycaddy.ledger import recording
from pycaddy.project import Project
from pycaddy.query import Runs
from pycaddy.records import RunRecord
from pycaddy.stores import Selection

__all__ = ["html", "write_report"]

_MOST_CURVES = 100
"""Curves of one series: more of them are one colour."""
_POINTS = 600
"""Points of a curve, about as many as a screen has columns for it."""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src \
'{script_hash}'; style-src '{style_hash}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width"><title>pycaddy report</title>
<style>{style}</style></head><body><main id="page"></main>
<script type="application/json" id="data">{data}</script>
<script>{script}</script></body></html>
"""


def write_report(
    project: Project,
    target: str | os.PathLike[str],
    runs: Iterable[RunRecord] | None = None,
) -> int:
    """Write a page with a table of runs, their curves and a chart; return how many runs.

    Args:
        project: Where the runs are.
        target: The HTML file to write; one that is there is replaced.
        runs: Records to show. Default: all runs of the project's namespace and those below.
    """
    if runs is None:
        runs = project.ledger.records(Selection(project.relpath, recursive=True))
    records = list(runs)
    replace_file(os.path.abspath(target), html(project, records).encode())
    return len(records)


def html(project: Project, records: Sequence[RunRecord]) -> str:
    """Return the page."""
    place = files("pycaddy.interop")
    script = place.joinpath("report.js").read_text("utf-8")
    style = place.joinpath("report.css").read_text("utf-8")
    return _PAGE.format(
        script=script,
        style=style,
        script_hash=_hash(script),
        style_hash=_hash(style),
        data=_embedded(_data(project, records)),
    )


def _data(project: Project, records: Sequence[RunRecord]) -> dict[str, Any]:
    columns = Runs(records, lambda record: record).columns()
    return {
        "title": project.root.name,
        "made_at": to_iso(utc_now_us()),
        "columns": list(columns),
        "rows": [list(map(_plain, row)) for row in zip(*columns.values(), strict=True)],
        "curves": _curves(project, records),
    }


def _curves(project: Project, records: Sequence[RunRecord]) -> dict[str, list[dict[str, Any]]]:
    curves: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        for name in record.summary:
            curve = curves.setdefault(name, [])
            series = recording.read(project.ledger, record, name)
            if series is not None and len(curve) < _MOST_CURVES:
                steps, values = thinned(series.steps, series.values, _POINTS)
                curve.append({"run": str(record.key), "x": steps, "y": values})
    return curves


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, float) and not isfinite(value):
        return repr(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return " ".join(value)
    return json.dumps(value) if isinstance(value, (list, dict)) else value


def _embedded(data: object) -> str:
    # https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements:
    # without a "<" in it, nothing ends the element.
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def _hash(text: str) -> str:
    # https://www.w3.org/TR/CSP3/#match-element-to-source-list
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
