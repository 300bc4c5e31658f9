"""Sweep files: YAML, JSON or TOML."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pycaddy._extras import require
from pycaddy.errors import SweepError
from pycaddy.sweeper.base import Sweep
from pycaddy.sweeper.written import sweep_from

__all__ = ["load_sweep"]

# YAML 1.1 wants a point and a sign, and takes 1e-4 for text.
_ALMOST_A_NUMBER = re.compile(r"([-+]?\d+)(\.\d*)?[eE]([-+]?)(\d+)", re.ASCII)


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
        return sweep_from(read(file.read_text(encoding="utf-8")))
    except SweepError as error:
        raise SweepError(f"In {file}: {error}", path=str(file)) from error


def _yaml(text: str) -> Any:
    yaml = require("yaml", "yaml")
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SweepError(f"This is no YAML: {error}. Mend it there.") from error
    _check_numbers(data, "the file")
    return data


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
    except ValueError as error:
        raise SweepError(f"This is no JSON: {error}. Mend it there.") from error


def _toml(text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SweepError(f"This is no TOML: {error}. Mend it there.") from error


_READERS = {".yaml": _yaml, ".yml": _yaml, ".json": _json, ".toml": _toml}
