"""A module imports from rooms above its own, never downward, and imports make no cycle.

Imports inside functions count. For the rows, so do those under TYPE_CHECKING: a type that is only
known further down is a sign that a Protocol is missing here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent

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

# The modules that are in cycles still. Remove those that are no longer, and add none.
IN_A_CYCLE: set[str] = set()


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


def imports(source: str, package: str, *, types: bool = True) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each import of ours in *source*, a module of *package*.

    Without *types*, those under TYPE_CHECKING are left out.
    """
    tree = ast.parse(source)
    left_out = set() if types else set(under_type_checking(tree))
    for node in ast.walk(tree):
        if node in left_out:
            continue
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            targets = list(from_targets(node, package))
        else:
            continue
        for target in targets:
            if target.partition(".")[0] in ("pycaddy", "tracker"):
                yield node.lineno, target


def under_type_checking(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for statement in node.body:
                yield from ast.walk(statement)


def from_targets(node: ast.ImportFrom, package: str) -> Iterator[str]:
    base = node.module or ""
    if node.level:
        parents = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*parents, base] if base else parents)
    for alias in node.names:
        # `from pycaddy import records` names a module, `from pycaddy import Project` a name.
        yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in NAMES else base


def dotted_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {dotted_name(path): path for path in MODULES}


def imports_by_module() -> dict[str, set[str]]:
    """What each module imports when it is loaded or when its functions run."""
    return {
        name: {
            target
            for _, target in imports((SRC / path).read_text(), package_of(path), types=False)
            if target in NAMES and target != name
        }
        for name, path in NAMES.items()
    }


def package_of(path: Path) -> str:
    return ".".join(path.parts[:-1])


def cycle_of(name: str, graph: Mapping[str, set[str]]) -> list[str] | None:
    """The shortest way from a module through its imports back to itself; None if there is none."""
    ways = [[name]]
    seen: set[str] = set()
    for way in ways:
        for target in sorted(graph[way[-1]]):
            if target == name:
                return [*way, name]
            if target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return None


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_imports_only_from_rooms_above_its_own(path: Path) -> None:
    room = room_of(dotted_name(path))
    assert room in ROW_OF, f"{path} is in no row: give '{room}' its place in {Path(__file__).name}"
    downward = [
        f"src/{path}:{line} imports {target}, which '{room}' must not know"
        for line, target in imports((SRC / path).read_text(), package_of(path))
        if not may_import(room, room_of(target))
    ]
    assert not downward, "\n".join(downward)


def test_imports_make_no_cycle() -> None:
    graph = imports_by_module()
    cycles = {name: cycle for name in sorted(graph) if (cycle := cycle_of(name, graph))}
    new = [" -> ".join(cycle) for name, cycle in cycles.items() if name not in IN_A_CYCLE]
    assert not new, "\n".join(new)
    gone = IN_A_CYCLE - cycles.keys()
    assert not gone, f"In no cycle any more, so remove from IN_A_CYCLE: {', '.join(sorted(gone))}"


@pytest.mark.parametrize(
    ("graph", "cycle"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, None),
        ({"a": {"b"}, "b": {"c"}, "c": {"b"}}, None),
        ({"a": {"b"}, "b": {"a"}}, ["a", "b", "a"]),
        ({"a": {"b"}, "b": {"c", "d"}, "c": set(), "d": {"a"}}, ["a", "b", "d", "a"]),
    ],
)
def test_a_cycle_is_told_by_its_shortest_way(
    graph: dict[str, set[str]], cycle: list[str] | None
) -> None:
    assert cycle_of("a", graph) == cycle


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


def test_an_import_for_types_alone_makes_no_cycle() -> None:
    source = """
        if TYPE_CHECKING:
            from pycaddy.project import Project
        else:
            import pycaddy.sweeper
        def later():
            import pycaddy.ledger
    """
    found = {target for _, target in imports(dedent(source), "pycaddy", types=False)}
    assert found == {"pycaddy.sweeper", "pycaddy.ledger"}
