"""Every public name of projects, sessions and ledgers is in its page, with its options."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pycaddy.ledger import Ledger, RunRecord, Status
from pycaddy.ledger.cleanup import Cleanup
from pycaddy.ledger.doctor import Finding
from pycaddy.ledger.rebuild import RebuildReport
from pycaddy.ledger.usage import Usage
from pycaddy.project import ExistingRun, Project, Session, StorageMode
from pycaddy.query import Diff, MigrationReport, Rows, Runs

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {
    "project.md": (Project, Session, ExistingRun, StorageMode, Status, Cleanup, Usage),
    "query.md": (Runs, Rows, Diff, MigrationReport),
    "ledger.md": (RunRecord, RebuildReport, Finding, Status),
}
# How the store keeps a part of a record that has a property of its own.
STORED = re.compile(r"\w+_(text|us)")


def public(kind: type) -> Iterator[str]:
    if issubclass(kind, enum.Enum):
        yield from kind.__members__
        return
    names = {field.name for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(
        kind
    ) else set()  # fmt: skip
    names |= {name for name, _ in inspect.getmembers(kind)}
    if issubclass(kind, tuple):
        names -= set(dir(tuple))
    for name in sorted(names):
        if not name.startswith("_") and not STORED.fullmatch(name):
            yield name


CASES = [(page, kind, name) for page, kinds in PAGES.items() for kind in kinds
         for name in public(kind) if (kind, name) != (RunRecord, "changed")]  # fmt: skip
CASES += [("ledger.md", Ledger, name) for name in public(Ledger)]


@pytest.mark.parametrize(("page", "kind", "name"), CASES, ids=lambda x: getattr(x, "__name__", x))
def test_a_public_name_is_in_its_page(page: str, kind: type, name: str) -> None:
    text = (DOCS / page).read_text()
    assert re.search(rf"\b{name}\b", text), f"docs/{page} says nothing of {kind.__name__}.{name}"


SIGNATURES = [
    ("project.md", Project),
    ("project.md", Project.session),
    ("project.md", Project.gc),
    ("project.md", Project.empty_trash),
    ("project.md", Project.verify),
    ("project.md", Project.doctor),
    ("project.md", Project.sessions),
    ("query.md", Project.runs),
    ("query.md", Project.join),
    ("query.md", Project.migrate),
    ("query.md", Runs.group_by),
    ("project.md", Session.path),
    ("project.md", Session.attach_files),
    ("project.md", Session.error),
    ("ledger.md", Ledger),
    ("ledger.md", Ledger.allocate),
    ("ledger.md", Ledger.log),
    ("ledger.md", Ledger.get_record),
    ("ledger.md", Ledger.find_by_param_hash),
]


@pytest.mark.parametrize(
    ("page", "member"), SIGNATURES, ids=lambda x: getattr(x, "__qualname__", x)
)
def test_every_option_is_in_the_page(page: str, member: object) -> None:
    text = (DOCS / page).read_text()
    for name in inspect.signature(member).parameters:  # type: ignore[arg-type]
        if name not in ("self", "file_dict"):
            assert re.search(rf"\b{name}\b", text), f"docs/{page} says nothing of {name}"
