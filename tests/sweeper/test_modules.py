"""The modules of the sweeper: none imports itself by way of others."""

from __future__ import annotations

from pathlib import Path

import pycaddy.sweeper
from tests.test_layers import imports

PACKAGE = "pycaddy.sweeper"


def imported_by() -> dict[str, set[str]]:
    """The modules of the package that each of them imports, inside functions too."""
    folder = Path(pycaddy.sweeper.__file__).parent
    return {
        path.stem: {
            target.removeprefix(f"{PACKAGE}.")
            for _, target in imports(path.read_text(), PACKAGE)
            if target.startswith(f"{PACKAGE}.")
        }
        for path in folder.glob("*.py")
        if path.stem != "__init__"
    }


def test_no_module_imports_itself_by_way_of_others() -> None:
    left = imported_by()
    assert "sweep" in left["grid"]
    while ready := [name for name, needed in left.items() if not needed & left.keys()]:
        for name in ready:
            del left[name]
    assert not left
