"""The configurations of a sweep that a function keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pycaddy.sweeper.base import Config, Sweep, Where


@dataclass(frozen=True, slots=True)
class Both:
    """Keeps what two functions keep."""

    first: Where
    second: Where

    def __call__(self, config: Config) -> bool:
        return bool(self.first(config)) and bool(self.second(config))


class FilteredSweep(Sweep):
    """What `sweep.filter(keep)` gives."""

    __slots__ = ("_keep", "_sweep")

    def __init__(self, sweep: Sweep, keep: Where) -> None:
        super().__init__(keep)
        if sweep._where is not None:
            self._where = Both(sweep._where, keep)
        self._sweep = sweep
        self._keep = keep

    @property
    def _total(self) -> int | None:
        return self._sweep._total

    @property
    def _shape(self) -> Mapping[str, Any]:
        return self._sweep._shape

    def _at(self, position: int) -> Config:
        return self._sweep._at(position)

    def _every(self) -> Iterator[Config]:
        return self._sweep._every()

    def _identity(self) -> tuple[object, ...]:
        return (self._sweep,)

    def __repr__(self) -> str:
        name = getattr(self._keep, "__name__", None) or repr(self._keep)
        return f"{self._sweep!r}.filter({name})"
