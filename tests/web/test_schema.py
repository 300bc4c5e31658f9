"""The API does what its description says, whatever is asked: schemathesis asks."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from pycaddy import Project
from tests.processes import finished
from tests.web.served import Served

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)

# What there is in the sample project: else next to nothing asked for would be there.
THERE = {
    "project": ["results"],
    "run": ["train/0001", "train/0004", "eval/0001", "logged/0001"],
    "key": ["model"],
    "name": ["loss", "odd"],
}


@pytest.fixture(scope="module")
def project(project: Project) -> Project:
    """The sample project, and in it a run with metrics."""
    with project.session("logged") as run:
        for step in range(3000):
            run.log({"loss": 1 / (step + 1), "odd": math.nan if step % 7 else math.inf})
    return project


def narrowed(description: Any) -> Any:
    """The description with the names that there are, and without the cookie: it is always sent."""
    del description["security"]
    for path in description["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in THERE:
                    known = {"enum": THERE[parameter["name"]]}
                    if "items" in parameter["schema"]:
                        parameter["schema"]["items"] = known
                    else:
                        parameter["schema"] = known
    return description


def test_no_request_is_answered_off_the_schema(page: Served, tmp_path: Path) -> None:
    schema = tmp_path / "openapi.json"
    schema.write_text(json.dumps(narrowed(page.get("/api/openapi.json").document)))
    done = finished(
        Path(sys.executable).with_name("schemathesis"),
        *("--no-color", "run", schema, "--url", f"http://{page.host}"),
        *("--header", f"Cookie: {page.cookie}", "--header", f"Origin: http://{page.host}"),
        *("--checks", ",".join(CHECKS)),
        *("--exclude-path", "/api/events"),  # it has no end
        *("--phases", "examples,coverage,fuzzing", "--max-examples", "20", "--seed", "1"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
