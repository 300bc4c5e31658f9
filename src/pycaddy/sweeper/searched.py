"""How optuna knows the values of a distribution: the way there and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pycaddy import params
from pycaddy.errors import SweepError
from pycaddy.sweeper.distributions import Choice, Distribution, Int, LogUniform, Uniform

__all__ = ["Searched", "searched"]


def searched(name: str, axis: Distribution) -> Searched:
    """The axis *name* of a space, as optuna searches it.

    Raises:
        SweepError: Optuna cannot search it.
    """
    if isinstance(axis, Choice) and axis.weights is None:
        texts = tuple(params.dump(value, name=name) for value in axis.values)
        return _Chosen(name, tuple(axis.values), texts)
    if isinstance(axis, Int):
        return _Whole(name, axis)
    if isinstance(axis, Uniform) or (isinstance(axis, LogUniform) and axis.q is None):
        return _Real(name, axis)
    raise SweepError(
        f"{name!r} is drawn from {axis!r}, and optuna searches Uniform, LogUniform without q, "
        "Int, and Choice without weights. Use one of them.",
        key=name,
    )


class Searched(ABC):
    """One axis of a space: its values, and what optuna knows them as."""

    __slots__ = ()

    name: str

    @abstractmethod
    def distribution(self, optuna: Any) -> Any:
        """The axis as optuna's distribution."""

    @abstractmethod
    def value(self, inner: Any) -> Any:
        """The value of a configuration for what optuna suggests."""

    @abstractmethod
    def read(self, recorded: Any) -> Any:
        """What optuna knows a recorded value as, or None if it does not lie on the axis."""

    @abstractmethod
    def every(self) -> Sequence[Any] | None:
        """All that optuna may suggest; None if that has no end."""


@dataclass(frozen=True, slots=True)
class _Chosen(Searched):
    """Optuna sees positions: it stores no lists and no dicts, and takes True for 1."""

    name: str
    values: Sequence[Any]
    texts: Sequence[str]

    def distribution(self, optuna: Any) -> Any:
        return optuna.distributions.CategoricalDistribution(range(len(self.values)))

    def value(self, inner: Any) -> Any:
        return self.values[inner]

    def read(self, recorded: Any) -> int | None:
        text = params.dump(recorded)
        return self.texts.index(text) if text in self.texts else None

    def every(self) -> range:
        return range(len(self.values))


@dataclass(frozen=True, slots=True)
class _Whole(Searched):
    name: str
    axis: Int

    def distribution(self, optuna: Any) -> Any:
        low, high = self.axis.values[0], self.axis.values[-1]
        return optuna.distributions.IntDistribution(low, high, self.axis.log, self.axis.step)

    def value(self, inner: Any) -> int:
        return int(inner)

    def read(self, recorded: Any) -> int | None:
        whole = isinstance(recorded, int) and not isinstance(recorded, bool)
        return recorded if whole and recorded in self.axis.values else None

    def every(self) -> range:
        return self.axis.values


@dataclass(frozen=True, slots=True)
class _Real(Searched):
    name: str
    axis: Uniform | LogUniform

    def distribution(self, optuna: Any) -> Any:
        low, high = self.axis.quantile(0), self.axis.quantile(1)
        log = isinstance(self.axis, LogUniform)
        return optuna.distributions.FloatDistribution(low, high, log, self.axis.q)

    def value(self, inner: Any) -> float:
        return self.axis.nearest(inner)

    def read(self, recorded: Any) -> float | None:
        if isinstance(recorded, bool) or not isinstance(recorded, int | float):
            return None
        return recorded if self.axis.nearest(recorded) == recorded else None

    def every(self) -> Sequence[float] | None:
        q = self.axis.q
        if q is None:
            return None
        low, high = self.axis.quantile(0), self.axis.quantile(1)
        return [self.axis.nearest(low + step * q) for step in range(round((high - low) / q) + 1)]
