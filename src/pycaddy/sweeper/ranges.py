"""Values written as data, for sweeps that come from YAML or JSON.

    {"type": "range", "stop": 5}                                    0 1 2 3 4
    {"type": "range", "start": 0.1, "stop": 0.4, "step": 0.1}       0.1 0.2 0.3
    {"type": "linspace", "start": 0, "stop": 1, "num": 3}           0.0 0.5 1.0
    {"type": "geomspace", "start": 0.001, "stop": 0.1, "num": 3}    0.001 0.01 0.1
    {"type": "logspace", "start": -3, "stop": -1, "num": 3}         0.001 0.01 0.1
    {"type": "fixed", "value": [64, 64]}                            the list, as one value

The words mean the same as in NumPy: `range` excludes its stop, the others include it, and the
ends of `logspace` are exponents. "end" means the same as "stop". Unlike NumPy's, the values
are what a person would write, 0.3 and not 0.30000000000000004, because RESUME finds a run by its
values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite, log10
from typing import TYPE_CHECKING, Any, TypeGuard

from pycaddy.errors import SweepError
from pycaddy.sweeper.keys import Path, dotted
from pycaddy.sweeper.values import Fixed, Swept, fresh, swept

if TYPE_CHECKING:
    from fractions import Fraction

_WORDS = frozenset({"start", "stop", "step", "num", "base"})


def read_written(data: Mapping[str, Any], path: Path) -> Swept | Fixed | None:
    """The values that *data* describes, or None if it is an ordinary nested dict.

    Raises:
        SweepError: It is a range, and a part of it is missing, unknown or wrong.
    """
    kind = data.get("type")
    if not isinstance(kind, str):
        return None
    if kind == "fixed":
        return _Written(data, path).fixed()
    if kind in _KINDS:
        written = _Written(data, path)
        try:
            return swept(_KINDS[kind](written), path)
        except OverflowError:
            raise written.error(
                "has values too large for a float",
                "Use smaller ends: those of logspace are exponents, those of geomspace are values",
            ) from None
    others = data.keys() - {"type"}
    if "stop" in others and others <= _WORDS and all(_is_number(data[word]) for word in others):
        raise SweepError(
            f"{dotted(path)!r} looks like a range of the unknown type {kind!r}. Use "
            f"{', '.join(_KINDS)}; for a nested dict with this type write 'type': Fixed({kind!r}).",
            key=dotted(path),
        )
    return None


class _Written:
    """The parts of one written range, checked when they are read."""

    def __init__(self, data: Mapping[str, Any], path: Path) -> None:
        self._data = data
        self._path = path

    def fixed(self) -> Fixed:
        self.allow("value")
        if "value" not in self._data:
            raise self.error("has no 'value'", "Add it, such as 'value': [64, 64]")
        return Fixed(fresh(self._data["value"]))

    def allow(self, *words: str) -> None:
        allowed = {"type", *words, *(("end",) if "stop" in words else ())}
        unknown = [word for word in self._data if word not in allowed]
        if unknown:
            raise self.error(f"does not take {unknown[0]!r}", f"Use {', '.join(words)}")

    def number(self, word: str, default: float | None = None) -> float:
        value = self._data.get(word, default)
        if value is None:
            raise self.error(f"has no {word!r}", f"Add it, such as {word!r}: 10")
        if isinstance(value, str):
            # YAML 1.1 reads 1e-4, without a point, as a string.
            how = "Write a number, such as 1.0e-4"
            raise self.error(f"has the string {value!r} as {word!r}", how)
        if not _is_number(value) or not isfinite(value):
            raise self.error(f"has {value!r} as {word!r}", "Write a finite number")
        return value

    def stop(self) -> float:
        if "stop" in self._data and "end" in self._data:
            raise self.error("has both 'stop' and 'end', which mean the same", "Keep one of them")
        return self.number("end" if "end" in self._data else "stop")

    def ends(self) -> tuple[float, float]:
        return self.number("start"), self.stop()

    def num(self) -> int:
        num = self.number("num")
        if not isinstance(num, int) or num < 1:
            raise self.error(f"has {num!r} as 'num'", "Write how many values, such as 10")
        return num

    def error(self, what: str, how: str) -> SweepError:
        name = dotted(self._path)
        return SweepError(f"{name!r}, a {self._data['type']}, {what}. {how}.", key=name)


def _range(written: _Written) -> range | list[float]:
    written.allow("start", "stop", "step")
    start, step = written.number("start", 0), written.number("step", 1)
    stop = written.stop()
    if step == 0:
        raise written.error("has 0 as 'step'", "Write how far each value is from the one before")
    if isinstance(start, int) and isinstance(stop, int) and isinstance(step, int):
        return range(start, stop, step)
    first, by = _exact(start), _exact(step)
    return [float(first + i * by) for i in range(-((first - _exact(stop)) // by))]


def _linspace(written: _Written) -> list[float]:
    written.allow("start", "stop", "num")
    return list(map(float, _spaced(*written.ends(), written.num())))


def _logspace(written: _Written) -> list[float]:
    written.allow("start", "stop", "num", "base")
    base = written.number("base", 10)
    if base <= 0:
        raise written.error(f"has {base!r} as 'base'", "Write a number above 0, such as 10")
    return [_powers(base, exponent) for exponent in _spaced(*written.ends(), written.num())]


def _geomspace(written: _Written) -> list[float]:
    written.allow("start", "stop", "num")
    start, stop = written.ends()
    if min(start, stop) <= 0 <= max(start, stop):
        how = "Write both above 0, or both below"
        raise written.error(f"goes from {start!r} to {stop!r}", how)
    sign = 1.0 if start > 0 else -1.0
    exponents = _spaced(log10(abs(start)), log10(abs(stop)), written.num())
    between = [sign * _powers(10, exponent) for exponent in exponents[1:-1]]
    return [float(start), *between, float(stop)][: len(exponents)]


_KINDS: dict[str, Callable[[_Written], range | list[float]]] = {
    "range": _range,
    "linspace": _linspace,
    "logspace": _logspace,
    "geomspace": _geomspace,
}


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _exact(number: float) -> Fraction:
    """The number as it is written: 0.1 is one tenth, not the nearest float."""
    # Imported here because few sweeps need it, and it imports decimal.
    from fractions import Fraction

    return Fraction(repr(number))


def _spaced(start: float, stop: float, num: int) -> list[Fraction]:
    first = _exact(start)
    step = (_exact(stop) - first) / max(num - 1, 1)
    return [first + i * step for i in range(num)]


def _powers(base: float, exponent: Fraction) -> float:
    # Digits after the 14th are rounding errors of log and power: 1.9999999999999998 for 2.
    return float(f"{base ** float(exponent):.14g}")
