"""Sweep files: YAML, JSON or TOML."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pycaddy._extras import require
from pycaddy.errors import SweepError
from pycaddy.params import MAX_DEPTH
from pycaddy.sweeper.base import Sweep
from pycaddy.sweeper.written import sweep_from

__all__ = ["load_sweep"]

# YAML 1.1 wants a point and a sign, and takes 1e-4 for text.
_ALMOST_A_NUMBER = re.compile(r"([-+]?\d+)(\.\d*)?[eE]([-+]?)(\d+)", re.ASCII)

_MOST_VALUES = 1_000_000

# What the readers raise beside their own errors: of a date that there is not, a number of too many
# digits, brackets without end.
_UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


def load_sweep(path: str | os.PathLike[str]) -> Sweep:
    """Make the sweep that the file *path* describes; see `sweep_from`.

    The name says what it holds: `.yaml` or `.yml` (needs `pip install 'pycaddy[yaml]'`),
    `.json`, `.toml`.

    Raises:
        SweepError: The file cannot be read as what its name says, or describes no sweep.
        MissingExtraError: It is a YAML file, and PyYAML is not installed.
    """
    file = Path(path)
    read = _READERS.get(file.suffix.lower())
    if read is None:
        raise SweepError(
            f"{file.name!r} is no sweep file: its name must end in {', '.join(_READERS)}.",
            path=str(file),
        )
    try:
        data = read(file.read_text(encoding="utf-8"))
        _check_size(data)
        if read is _yaml:
            _check_numbers(data, "the file")
        return sweep_from(data)
    except UnicodeDecodeError as error:
        raise SweepError(
            f"In {file}: This is no UTF-8: {error}. Save it as UTF-8 text.", path=str(file)
        ) from error
    except SweepError as error:
        raise SweepError(f"In {file}: {error}", path=str(file)) from error


def _yaml(text: str) -> Any:
    yaml = require("yaml", "yaml")
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, *_UNREADABLE) as error:
        raise SweepError(f"This is no YAML: {error}. Mend it there.") from error


def _check_size(data: Any) -> None:
    """Refuse what would take for ever: an alias of YAML may lie in itself, or multiply."""
    waiting, count = [(data, 0)], 0
    while waiting:
        value, depth = waiting.pop()
        count += 1
        if depth > MAX_DEPTH or count > _MOST_VALUES:
            raise SweepError(
                f"This is nested deeper than {MAX_DEPTH} levels, or has more than "
                f"{_MOST_VALUES:,} values. Write ranges instead of values, and no alias within "
                "itself."
            )
        if isinstance(value, Mapping):
            waiting += [(inner, depth + 1) for inner in value.values()]
        elif isinstance(value, list):
            waiting += [(inner, depth + 1) for inner in value]


def _check_numbers(data: Any, key: Any) -> None:
    if isinstance(data, Mapping):
        if data.get("type") != "fixed":
            for inner, value in data.items():
                _check_numbers(value, inner)
    elif isinstance(data, list):
        for value in data:
            _check_numbers(value, key)
    elif isinstance(data, str) and (found := _ALMOST_A_NUMBER.fullmatch(data)):
        whole, part, sign, exponent = found.groups()
        raise SweepError(
            f"{key!r} is {data!r}, which YAML takes for text. Write "
            f"{whole}{part or '.0'}e{sign or '+'}{exponent} for the number, or "
            f"{{type: fixed, value: {data!r}}} for the text.",
            key=key,
        )


def _json(text: str) -> Any:
    import json

    try:
        return json.loads(text)
    except _UNREADABLE as error:
        raise SweepError(f"This is no JSON: {error}. Mend it there.") from error


def _toml(text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(text)
    except _UNREADABLE as error:
        raise SweepError(f"This is no TOML: {error}. Mend it there.") from error


_READERS = {".yaml": _yaml, ".yml": _yaml, ".json": _json, ".toml": _toml}
