"""OptunaSweep: hyperparameter search with Optuna."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from math import isnan
from typing import Any, SupportsIndex

from pycaddy import params
from pycaddy._extras import require
from pycaddy.errors import SweepError
from pycaddy.records import RunRecord
from pycaddy.status import Status
from pycaddy.sweeper.chance import draw
from pycaddy.sweeper.distributions import Choice, Distribution, Int, LogUniform, Uniform
from pycaddy.sweeper.drawn import Space
from pycaddy.sweeper.keys import dotted
from pycaddy.sweeper.sweep import Config, checked_count, checked_seed

__all__ = ["OptunaSweep"]

_DIRECTIONS = ("minimize", "maximize")

# How often Optuna is asked for a configuration that no run has yet.
_ATTEMPTS = 8


class OptunaSweep:
    """*n* configurations of a space, each chosen by Optuna from the results of earlier runs.

    Pass it to `Project.run` or `Project.claim` in place of a sweep. The ledger is the study: its
    runs are passed to Optuna again for each new configuration. So a study can be continued after
    a kill, on another day and from many processes. Unfinished runs count as bad results
    (TPE's "constant liar"), so that workers do not all try the same configuration.

    With the same seed and the same runs, the next configuration is the same. Workers that ask
    at the same moment may start more than *n* runs: at most one more per worker.

    >>> from pycaddy.sweeper import LogUniform, OptunaSweep
    >>> OptunaSweep({"lr": LogUniform(1e-4, 1e-1)}, objective="val/loss", n=50)
    OptunaSweep(lr; minimize 'val/loss'; 50 configurations)

    Args:
        space: As in `RandomSweep`, of `Uniform`, `LogUniform`, `Int`, `Choice` and lists.
        objective: The key of the value to optimize in the run's result; "val/loss" may also be
            nested, {"val": {"loss": 0.1}}.
        direction: "minimize" or "maximize".
        n: Number of runs, failed ones included.
        seed: A whole number.
        constants: Values that every configuration has, lists included. Runs with other
            constants are not part of the study.

    Raises:
        SweepError: Optuna cannot search a part of the space.
    """

    __slots__ = ("_count", "_direction", "_objective", "_searched", "_seed", "_space")

    def __init__(
        self,
        space: Mapping[str, Any],
        objective: str,
        direction: str = "minimize",
        n: SupportsIndex = 100,
        seed: SupportsIndex = 0,
        *,
        constants: Mapping[str, Any] | None = None,
    ) -> None:
        self._space = Space(space, constants)
        self._searched = tuple(_searched(dotted(path), axis) for path, axis in self._space.axes)
        if direction not in _DIRECTIONS:
            raise SweepError(
                f"direction is {direction!r}. Write 'minimize' or 'maximize'.", direction=direction
            )
        self._objective = objective
        self._direction = direction
        self._count = checked_count("n", n)
        self._seed = checked_seed(seed)

    def __len__(self) -> int:
        return self._count

    def after(self, records: Sequence[RunRecord]) -> Iterator[Config]:
        """The params of the study's runs among *records*, then the next configuration.

        There is no next configuration once the study has *n* runs, or every configuration has
        a run.

        Raises:
            SweepError: A finished run has no objective in its result.
            MissingExtraError: optuna is not installed.
        """
        trials = self._trials(records)
        for trial in trials:
            yield trial.record.params
        following = self._next(trials)
        if following is not None:
            yield following

    def _trials(self, records: Sequence[RunRecord]) -> list[_Trial]:
        return [trial for record in records if (trial := self._trial(record)) is not None]

    def _trial(self, record: RunRecord) -> _Trial | None:
        """*record* as a part of this study, or None if its params are not of this space."""
        found = []
        for axis, (path, _) in zip(self._searched, self._space.axes, strict=True):
            inner = axis.read(_at(record.params, path))
            if inner is None:
                return None
            found.append(inner)
        key = params.freeze(record.params).key
        if params.freeze(self._config(found)).key != key:
            return None
        value = self._value(record) if record.status is Status.DONE else None
        return _Trial(record, key, found, value)

    def _value(self, record: RunRecord) -> float:
        result = record.result or {}
        value = result.get(self._objective, _at(result, tuple(self._objective.split("/"))))
        if not isinstance(value, int | float):
            known = ", ".join(map(repr, result)) or "nothing"
            raise SweepError(
                f"The run '{record.key}' is DONE and its result has no number "
                f"{self._objective!r}, but {known}. Return {{{self._objective!r}: ...}} from the "
                "function, or assign run.result.",
                run=str(record.key),
                objective=self._objective,
            )
        return float(value)

    def _next(self, trials: Sequence[_Trial]) -> Config | None:
        if len(trials) >= self._count:
            return None
        taken = {trial.key for trial in trials}
        for config in self._candidates(trials):
            if params.freeze(config).key not in taken:
                return config
        return None

    def _candidates(self, trials: Sequence[_Trial]) -> Iterator[Config]:
        optuna = require("optuna", "search")
        distributions = {axis.name: axis.distribution(optuna) for axis in self._searched}
        with _quiet(optuna):
            study = optuna.create_study(direction=self._direction)
            study.add_trials(
                [known for trial in trials if (known := trial.for_optuna(optuna, distributions))]
            )
        for attempt in range(_ATTEMPTS):
            # The seed depends on the number of runs, so a later call gets another suggestion.
            seed = draw("optuna", self._seed, len(trials), attempt) % 2**32
            study.sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
            suggested = study.ask(distributions).params
            yield self._config([suggested[axis.name] for axis in self._searched])
        # In a discrete space, Optuna may suggest the best known configuration again and again.
        every = [axis.every() for axis in self._searched]
        finite = [values for values in every if values is not None]
        if len(finite) == len(every):
            yield from map(self._config, product(*finite))

    def _config(self, inner: Sequence[Any]) -> Config:
        values = (axis.value(item) for axis, item in zip(self._searched, inner, strict=True))
        return self._space.template.build(*values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OptunaSweep):
            return NotImplemented
        return all(getattr(self, slot) == getattr(other, slot) for slot in self.__slots__)

    def __repr__(self) -> str:
        names = ", ".join(axis.name for axis in self._searched)
        what = f"{self._direction} {self._objective!r}"
        return f"OptunaSweep({names}; {what}; {self._count} configurations)"


@dataclass(frozen=True, slots=True)
class _Trial:
    """A run of the study."""

    record: RunRecord
    key: str
    inner: Sequence[Any]
    """Its params as Optuna has them, by axis."""
    value: float | None
    """The objective, once it is DONE."""

    def for_optuna(self, optuna: Any, distributions: Mapping[str, Any]) -> Any:
        """The run as a trial of Optuna; None if it failed, because then it has no value."""
        state = optuna.trial.TrialState
        if self.record.status is Status.ERROR or (self.value is not None and isnan(self.value)):
            return None
        return optuna.trial.create_trial(
            state=state.RUNNING if self.value is None else state.COMPLETE,
            params=dict(zip(distributions, self.inner, strict=True)),
            distributions=dict(distributions),
            value=self.value,
        )


def _searched(name: str, axis: Distribution) -> _Axis:
    """The axis *name* of a space, as Optuna searches it.

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


class _Axis(ABC):
    """One axis of a space: converts between its values and those that Optuna has."""

    __slots__ = ()

    name: str

    @abstractmethod
    def distribution(self, optuna: Any) -> Any:
        """The axis as a distribution of Optuna."""

    @abstractmethod
    def value(self, inner: Any) -> Any:
        """The value of a configuration for the one that Optuna suggests."""

    @abstractmethod
    def read(self, recorded: Any) -> Any:
        """A recorded value as Optuna has it; None if it is not on the axis."""

    @abstractmethod
    def every(self) -> Sequence[Any] | None:
        """All values that Optuna may suggest; None if there are infinitely many."""


@dataclass(frozen=True, slots=True)
class _Chosen(_Axis):
    """Optuna has positions: it cannot store lists or dicts, and treats True as 1."""

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
class _Whole(_Axis):
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
class _Real(_Axis):
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


def _at(values: Any, path: Sequence[str]) -> Any:
    """The value under *path* in nested dicts, or None."""
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return values


@contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Keep Optuna from announcing a study that exists for one question."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(before, optuna.logging.WARNING))
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
