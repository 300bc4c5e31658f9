"""A module imports from rooms above its own, and never downward.

Imports inside functions count, and so do those under TYPE_CHECKING: a type that is only known
further down is a sign that a Protocol is missing here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src"

# From the top of the house to its edges. A row of plain modules reads from left to right: each
# may import those before it. Packages that share a row do not know one another.
ROWS = (
    ("errors", "status", "_files", "_names", "_clock", "_machine", "_extras"),
    ("params", "layout", "codec", "records", "filters"),
    ("stores",),
    ("metrics",),
    ("ledger",),
    ("executors", "server", "query"),
    ("project",),
    ("sweeper",),
    ("web", "testing"),
    ("interop",),
    ("cli",),  # starts all of the above
    ("pycaddy",),  # __init__.py and __main__.py, what users import
    ("tracker",),
)
ROWS_OF_PLAIN_MODULES = (0, 1)
ROW_OF = {room: number for number, row in enumerate(ROWS) for room in row}

MODULES = sorted(path.relative_to(SRC) for path in SRC.rglob("*.py"))


def room_of(dotted: str) -> str:
    """The room of a dotted module name of ours: `ledger` for `pycaddy.ledger.owner`."""
    package, _, rest = dotted.partition(".")
    first = rest.partition(".")[0]
    return first if package == "pycaddy" and first not in ("", "__main__") else package


def may_import(importer: str, imported: str) -> bool:
    if importer == imported:
        return True
    above, below = ROW_OF[imported], ROW_OF[importer]
    if above == below and above in ROWS_OF_PLAIN_MODULES:
        return ROWS[above].index(imported) < ROWS[above].index(importer)
    return above < below


def imports(source: str, package: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each import of ours in *source*, a module of *package*."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            targets = list(from_targets(node, package))
        else:
            continue
        for target in targets:
            if target.partition(".")[0] in ("pycaddy", "tracker"):
                yield node.lineno, target


def from_targets(node: ast.ImportFrom, package: str) -> Iterator[str]:
    base = node.module or ""
    if node.level:
        parents = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*parents, base] if base else parents)
    for alias in node.names:
        # `from pycaddy import records` names a module, `from pycaddy import Project` a name.
        is_room = base == "pycaddy" and alias.name in ROW_OF
        yield f"{base}.{alias.name}" if is_room else base


def dotted_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_imports_only_from_rooms_above_its_own(path: Path) -> None:
    room = room_of(dotted_name(path))
    assert room in ROW_OF, f"{path} is in no row: give '{room}' its place in {Path(__file__).name}"
    downward = [
        f"src/{path}:{line} imports {target}, which '{room}' must not know"
        for line, target in imports((SRC / path).read_text(), ".".join(path.parts[:-1]))
        if not may_import(room, room_of(target))
    ]
    assert not downward, "\n".join(downward)


@pytest.mark.parametrize(
    ("importer", "imported", "allowed"),
    [
        ("ledger", "errors", True),
        ("ledger", "ledger", True),
        ("layout", "records", False),
        ("records", "layout", True),
        ("stores", "ledger", False),
        ("executors", "query", False),
        ("web", "cli", False),
        ("project", "pycaddy", False),
        ("pycaddy", "tracker", False),
        ("tracker", "pycaddy", True),
    ],
)
def test_the_rows_decide_who_may_import_whom(importer: str, imported: str, allowed: bool) -> None:
    assert may_import(importer, imported) is allowed


@pytest.mark.parametrize(
    ("statement", "room"),
    [
        ("import pycaddy.project.session", "project"),
        ("from pycaddy.project import Project", "project"),
        ("from pycaddy import project", "project"),
        ("from pycaddy import Project", "pycaddy"),
        ("from ..project import Project", "project"),
        ("from .. import project", "project"),
        ("from . import owner", "ledger"),
        ("from .owner import Owner", "ledger"),
        ("def later():\n    import tracker", "tracker"),
        ("if TYPE_CHECKING:\n    from pycaddy.project import Project", "project"),
    ],
)
def test_every_way_to_import_is_seen(statement: str, room: str) -> None:
    assert [room_of(target) for _, target in imports(statement, "pycaddy.ledger")] == [room]
