"""The hash that pycaddy 0.2 kept in place of the params of a run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

__all__ = ["earlier_hashes"]

Path = tuple[str, ...]


def earlier_hashes(values: Mapping[str, Any]) -> list[str]:
    """Return the hashes under which pycaddy 0.2 may know the plain params *values*.

    The first one is that of *values* as they are. A sweep of 0.2 left a key with dots as it was
    ({"model.layers": 3}), and a sweep of today nests it ({"model": {"layers": 3}}), so nested
    params have a second hash, that of their dotted keys. 1 and 1.0 have different hashes, as
    they had in 0.2.
    """
    flat = dict(_flat(values, ()))
    hashes = [_hash(flat)]
    if any(len(path) > 1 for path in flat):
        hashes.append(_hash({(".".join(path),): value for path, value in flat.items()}))
    return hashes


def _flat(values: Mapping[str, Any], above: Path) -> Iterator[tuple[Path, Any]]:
    """Yield the path and the value of each leaf; an empty dict has none."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, (*above, key))
        else:
            yield (*above, key), value


def _hash(flat: Mapping[Path, Any]) -> str:
    from hashlib import sha256  # slow to import

    pairs = sorted(flat.items(), key=itemgetter(0))
    text = json.dumps(pairs, separators=(",", ":"), ensure_ascii=True)
    return sha256(text.encode()).hexdigest()
