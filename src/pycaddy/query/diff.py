"""What differs between two runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pycaddy import params
from pycaddy.filters import flat, flat_metrics, flat_params
from pycaddy.query.rows import aligned
from pycaddy.records import RunRecord

__all__ = ["MISSING", "Diff", "diff"]


class _Missing:
    """Stands for a value that one of two runs does not have."""

    def __repr__(self) -> str:
        return "-"


MISSING = _Missing()

Values = Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Diff:
    """What differs between two runs: by name, the value in the one and in the other."""

    one: str
    other: str
    params: Values
    result: Values
    metrics: Values
    code: Values
    """What was noted of the repository."""
    environment: Values
    """What was noted of the command, the machine and the packages."""
    files: Values
    """Attached files by key: what is remembered of each."""

    def __bool__(self) -> bool:
        return any(values for _, values in self.parts())

    def parts(self) -> Iterator[tuple[str, Values]]:
        """Yield each part that is compared, with its name."""
        for part in ("params", "result", "metrics", "code", "environment", "files"):
            yield part, getattr(self, part)

    def __str__(self) -> str:
        """Return what differs as aligned text."""
        names, ones, others = [], [], []
        for part, values in self.parts():
            for name, (one, other) in values.items():
                names.append(f"{part}: {name}")
                ones.append(_shown(one))
                others.append(_shown(other))
        if not names:
            return f"{self.one} and {self.other} differ in nothing."
        return "\n".join(aligned({"": names, self.one: ones, self.other: others}))


def diff(one: RunRecord, other: RunRecord) -> Diff:
    """Return what differs between two runs; equal is what has equal canonical forms."""

    def values(part: Any) -> Values:
        return _differing(part(one), part(other))

    return Diff(
        str(one.key),
        str(other.key),
        params=values(lambda run: flat_params(run.params)),
        result=values(lambda run: flat(run.result or {})),
        metrics=values(_metrics),
        code=values(lambda run: flat(run.capture.get("git") or {})),
        environment=values(_environment),
        files=values(_files),
    )


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> Values:
    found = {}
    for name in {**one, **other}:
        pair = one.get(name, MISSING), other.get(name, MISSING)
        if MISSING in pair or params.freeze({"": pair[0]}) != params.freeze({"": pair[1]}):
            found[name] = pair
    return found


def _metrics(run: RunRecord) -> dict[str, Any]:
    return {name.removeprefix("metrics."): value for name, value in flat_metrics(run).items()}


def _environment(run: RunRecord) -> dict[str, Any]:
    return flat({part: facts for part, facts in run.capture.items() if part != "git"})


def _files(run: RunRecord) -> dict[str, Any]:
    return {key: _file(file.size, file.sha256) for key, file in run.artifacts.items()}


def _file(size: int | None, sha256: str | None) -> str:
    known = "a folder or missing" if size is None else f"{size:,} bytes"
    return f"{known}, sha256 {sha256}" if sha256 else known


def _shown(value: object) -> str:
    return value if isinstance(value, str) else repr(value)
