"""A report: the page's comparison of runs in one HTML file, which opens offline.

What runs say is data: it stands in the file as base64, which holds no sign that HTML knows, and
the script sets it as text. The script may run because the policy names its hash; nothing else may,
and nothing is asked for anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from pycaddy._clock import to_iso, utc_now_us
from pycaddy._files import replace_file
from pycaddy.errors import MetricsError
from pycaddy.ledger import recording
from pycaddy.project import Project
from pycaddy.records import RunRecord
from pycaddy.status import Status
from pycaddy.stores import Selection
from pycaddy.web import _facts, _series
from pycaddy.web._built import built

__all__ = ["known", "unpacked", "write_report"]

_MOST_POINTS = 600
"""Of a curve: what the page asks for where a chart is narrow."""
_ALL_POINTS = 300_000
"""Of all curves together: with more than 500 of them each has fewer."""
_MOST_SERIES = _ALL_POINTS // _series.FEWEST_POINTS

_FILE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '{script_hash}';\
 style-src '{style_hash}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>pycaddy report</title>
<style>{style}</style></head><body>
<noscript>This report needs JavaScript. `pycaddy ls` lists the runs on a terminal.</noscript>
<script type="text/plain" id="data">{data}</script>
<script>{script}</script></body></html>
"""


def write_report(
    project: Project,
    target: str | os.PathLike[str],
    runs: Iterable[RunRecord] | None = None,
) -> int:
    """Write a page about runs that needs no server; return how many runs are in it.

    Args:
        project: Where the runs are.
        target: The HTML file to write; one that is there is replaced.
        runs: Records to show. Default: all runs of the project's namespace and those below.

    Raises:
        FileNotFoundError: This is a checkout, and its page was not made yet.
    """
    if runs is None:
        runs = project.ledger.records(Selection(project.relpath, recursive=True))
    records = list(runs)
    replace_file(os.path.abspath(target), _html(known(project, records)).encode())
    return len(records)


def _html(data: object) -> str:
    script, style = built("report.js"), built("report.css")
    return _FILE.format(
        script=script,
        style=style,
        script_hash=_hash(script),
        style_hash=_hash(style),
        data=_packed(data),
    )


def known(project: Project, records: Sequence[RunRecord]) -> dict[str, Any]:
    """Return what the page's API would answer, for `ui/report/kept.js` to answer with."""
    ledger = project.ledger
    for record in records:
        recording.flush(ledger, record)
    names = {record: _series.names(ledger, record) for record in records}
    number = sum(map(len, names.values()))
    points = max(_series.FEWEST_POINTS, min(_MOST_POINTS, _ALL_POINTS // max(number, 1)))
    asked = ((record, name) for record, several in names.items() for name in several)
    series: list[dict[str, Any]] = []
    unread: dict[str, None] = {}
    # What the axes have alike lies side by side: it takes no room when it is packed.
    for record, name in islice(asked, _MOST_SERIES):
        try:
            series += _series.on_all_axes(ledger, record, name, points)
        except MetricsError:
            unread[str(record.key)] = None
    return {
        "project": project.root.name,
        "made_at": to_iso(utc_now_us()),
        "runs": [_run(project, record, names[record]) for record in records],
        "series": series,
        "problems": [{"run": run, "error": "Its metrics cannot be read."} for run in unread],
        "left_out": max(0, number - _MOST_SERIES),
    }


def _run(project: Project, record: RunRecord, names: list[str]) -> dict[str, Any]:
    stale = project.ledger.is_stale(record)
    compared = _facts.compared(record, names, stale=stale)
    facts = _facts.run(record, stale=stale, folder="", log=None)
    # Where it lies and on which machine it ran is nobody's business whom the file is sent to.
    for told in (compared, facts):
        told["owner"] = None
    facts["capture"] = {}
    for file in facts["files"]:
        file["path"] = os.path.basename(file["path"])
    for move in facts["history"]:
        if move["status"] == Status.RUNNING.value:
            move["detail"] = None
    return {"facts": facts, "compared": compared}


def _packed(data: object) -> str:
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode())).decode()


def unpacked(text: str) -> dict[str, Any]:
    """Return what a report knows from the text that its element `data` has."""
    known: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(text)))
    return known


def _hash(text: str) -> str:
    # https://www.w3.org/TR/CSP3/#match-element-to-source-list
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
