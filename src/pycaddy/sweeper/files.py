"""Sweep files in YAML, JSON or TOML, and sweeps as data; W&B's sweep configurations included.

    method: grid                            or random, sobol, latin_hypercube
    parameters:
      lr: [0.1, 0.01]                       as in DictSweep
      depth: {values: [2, 4]}               as in W&B
      dropout: {min: 0.0, max: 0.5}         for all methods but grid
      model: {width: [32, 64], layers: 2}   nested; also model.width: [32, 64]
    repeat: 5

The words of W&B are those of https://docs.wandb.ai/models/sweeps/sweep-config-keys.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from math import exp
from pathlib import Path as FilePath
from typing import Any

from pycaddy._extras import require
from pycaddy.errors import SweepError
from pycaddy.params import MAX_DEPTH
from pycaddy.sweeper.distributions import (
    Choice,
    Distribution,
    Int,
    LogNormal,
    LogUniform,
    Normal,
    Uniform,
)
from pycaddy.sweeper.drawn import LatinHypercubeSweep, RandomSweep, SobolSweep
from pycaddy.sweeper.grid import DictSweep
from pycaddy.sweeper.keys import Path, dotted
from pycaddy.sweeper.sweep import Sweep
from pycaddy.sweeper.tree import unfolded
from pycaddy.sweeper.values import Fixed

__all__ = ["load_sweep", "sweep_from"]

_DRAWN: dict[str, Callable[..., Sweep]] = {
    "random": RandomSweep,
    "sobol": SobolSweep,
    "latin_hypercube": LatinHypercubeSweep,
}
_METHODS = ("grid", *_DRAWN)

# These tell W&B what to start and where to report. They do not affect the configurations.
_ABOUT = frozenset({"name", "description", "project", "entity", "program", "command", "metric"})
_SHARED = frozenset({"method", "parameters", "constants", "repeat", "n", "run_cap"}) | _ABOUT
_TAKEN = {"grid": _SHARED | {"strategy", "when"}, "drawn": _SHARED | {"seed"}}
_REFUSED = {
    "early_terminate": "which would end runs early, and a sweep here runs each to its end. "
    "Remove it, or use OptunaSweep and let the run decide",
    "controller": "which is W&B's own server. Remove it",
}

# A dict with any of these words describes one parameter; others are nested dicts.
_WORDS_OF_A_PARAMETER = frozenset({"value", "values", "distribution", "min", "max", "parameters"})

# YAML 1.1 requires a point and a sign, and reads 1e-4 as a string.
_ALMOST_A_NUMBER = re.compile(r"([-+]?\d+)(\.\d*)?[eE]([-+]?)(\d+)", re.ASCII)

_MOST_VALUES = 1_000_000

# Raised by the readers in addition to their own errors: for a date that does not exist, a
# number with too many digits, brackets that are nested too deeply.
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

    The suffix determines the format: `.yaml` or `.yml` (needs `pip install 'pycaddy[yaml]'`),
    `.json`, `.toml`.

    Raises:
        SweepError: The file does not have this format, or does not describe a sweep.
        MissingExtraError: It is a YAML file, and PyYAML is not installed.
    """
    file = FilePath(path)
    read = _READERS.get(file.suffix.lower())
    if read is None:
        raise SweepError(
            f"{file.name!r} is not a sweep file: its name must end in {', '.join(_READERS)}.",
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
            f"In {file}: This is not UTF-8: {error}. Save it as UTF-8 text.", path=str(file)
        ) from error
    except SweepError as error:
        raise SweepError(f"In {file}: {error}", path=str(file)) from error


def sweep_from(data: Mapping[str, Any]) -> Sweep:
    """Make the sweep that *data*, the content of a sweep file, describes.

    >>> from pycaddy.sweeper import sweep_from
    >>> sweep_from({"parameters": {"lr": {"values": [0.1, 0.01]}, "depth": 3}, "repeat": 2})
    ChainSweep(DictSweep(lr: 2; 2 configurations), DictSweep(seed: 2; 2 configurations); \
4 configurations)

    Raises:
        SweepError: A key is unknown, a value is wrong, or the method is `bayes`.
    """
    if not isinstance(data, Mapping):
        raise SweepError(
            f"A sweep is written as a dict with 'parameters', not as a {type(data).__name__}."
        )
    method = _method(data)
    _check_keys(method, data)
    count = data.get("n", data.get("run_cap"))
    parameters = _parameters(data.get("parameters"), (), grid=method == "grid")
    constants = data.get("constants")
    if method == "grid":
        sweep: Sweep = DictSweep(
            parameters,
            constants=constants,
            strategy=data.get("strategy", "product"),
            when=_when(data.get("when")),
        )
        sweep = sweep if count is None else sweep[: _count(count)]
    elif count is None:
        raise SweepError(f"method: {method} needs how many configurations. Write n: 100.")
    else:
        sweep = _DRAWN[method](parameters, count, data.get("seed", 0), constants=constants)
    return _repeated(sweep, data["repeat"]) if "repeat" in data else sweep


def _repeated(sweep: Sweep, repeat: Any) -> Sweep:
    """Return *sweep* with each seed; *repeat* is the seeds, or a dict of `repeat`'s arguments."""
    if not isinstance(repeat, Mapping) or "type" in repeat:
        return sweep.repeat(repeat)
    for key in repeat:
        if key not in ("seeds", "name"):
            raise SweepError(f"repeat takes no {key!r}. Use seeds, name.", key=key)
    if "seeds" not in repeat:
        raise SweepError("repeat has no seeds. Write repeat: {seeds: 5, name: train.seed}.")
    name = repeat.get("name", "seed")
    if not isinstance(name, str):
        raise SweepError(f"The name of repeat is {name!r}, and must be a str.", key="name")
    return sweep.repeat(repeat["seeds"], name=name)


def _method(data: Mapping[str, Any]) -> str:
    method = data.get("method", "grid")
    if method == "bayes":
        raise SweepError(
            "method: bayes learns from finished runs. Write it in Python: "
            "OptunaSweep(space, objective='val/loss', direction='minimize').",
            method=method,
        )
    if method not in _METHODS:
        raise SweepError(f"There is no method {method!r}. Use {_listed(_METHODS)}.", method=method)
    return str(method)


def _check_keys(method: str, data: Mapping[str, Any]) -> None:
    taken = _TAKEN["grid" if method == "grid" else "drawn"]
    for key in data:
        if key in _REFUSED:
            raise SweepError(f"The sweep has {key!r}, {_REFUSED[key]}.", key=key)
        if key not in taken:
            raise SweepError(
                f"A sweep with method: {method} takes no {key!r}. Use {_listed(sorted(taken))}.",
                key=key,
            )
    if "n" in data and "run_cap" in data:
        raise SweepError("n and run_cap say the same. Keep one of them.", key="n")


def _count(count: Any) -> int:
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise SweepError(f"n is {count!r}. Write a whole number, such as n: 100.")
    return count


def _when(when: Any) -> Any:
    if not isinstance(when, Mapping):
        return when
    return {
        name: {value: _branch(branch) for value, branch in cases.items()}
        if isinstance(cases, Mapping)
        else cases
        for name, cases in when.items()
    }


def _branch(branch: Any) -> Any:
    return _parameters(branch, (), grid=True) if isinstance(branch, Mapping) else branch


def _parameters(written: Any, path: Path, *, grid: bool) -> dict[str, Any]:
    if not isinstance(written, Mapping):
        name = dotted((*path, "parameters"))
        raise SweepError(
            f"{name!r} is {written!r}, and must be a dict from keys to values: "
            "{'lr': {'values': [0.1, 0.01]}}.",
            key=name,
        )
    return {
        dotted((part,)): _entry(entry, (*path, part), grid=grid)
        for part, entry in unfolded(written, path).items()
    }


def _entry(written: Any, path: Path, *, grid: bool) -> Any:
    if not isinstance(written, Mapping):
        return written
    entry = unfolded(written, path)
    if isinstance(entry.get("type"), str):
        return written  # DictSweep reads it: a range written as data, or a nested dict
    if not _WORDS_OF_A_PARAMETER & entry.keys():
        return _parameters(written, path, grid=grid)
    if "parameters" in entry:
        _check_words(entry, path, ("parameters",))
        return _parameters(entry["parameters"], path, grid=grid)
    kind = entry["distribution"] if "distribution" in entry else _implied(entry, path)
    if not isinstance(kind, str) or kind not in _DISTRIBUTIONS:
        raise SweepError(
            f"{dotted(path)!r} has the unknown distribution {kind!r}. "
            f"Use {_listed(_DISTRIBUTIONS)}.",
            key=dotted(path),
        )
    words, make = _DISTRIBUTIONS[kind]
    _check_words(entry, path, words)
    try:
        drawn = make({word: _word(entry, word, path) for word in words})
    except SweepError as error:
        raise SweepError(f"{dotted(path)!r} is wrong. {error}", key=dotted(path)) from error
    return _listed_values(drawn, path) if grid else drawn


def _implied(entry: Mapping[str, Any], path: Path) -> str:
    if "value" in entry:
        return "constant"
    if "values" in entry:
        return "categorical_w_probabilities" if "probabilities" in entry else "categorical"
    whole = all(isinstance(_word(entry, word, path), int) for word in ("min", "max"))
    return "int_uniform" if whole else "uniform"


def _listed_values(drawn: Distribution | Fixed, path: Path) -> Any:
    """The values of a parameter in a grid."""
    if isinstance(drawn, Int | Choice) and getattr(drawn, "weights", None) is None:
        return drawn.values
    if isinstance(drawn, Fixed):
        return drawn
    raise SweepError(
        f"{dotted(path)!r} is drawn at random, and a grid needs lists of values. "
        "Write values: [...], or method: random.",
        key=dotted(path),
    )


def _check_words(entry: Mapping[str, Any], path: Path, words: Collection[str]) -> None:
    for key in entry:
        if key not in words and key != "distribution":
            raise SweepError(
                f"{dotted(path)!r} has {key!r}, which does not go with the rest of it. Use "
                f"{_listed(words)}; nested parameters go under 'parameters'.",
                key=dotted(path),
            )


def _word(entry: Mapping[str, Any], word: str, path: Path) -> Any:
    value = entry.get(word, _DEFAULTS.get(word))
    if word in ("value", "values", "probabilities"):
        if word not in entry:
            raise _missing(word, path)
        return value
    if value is None:
        raise _missing(word, path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SweepError(
            f"{dotted(path)!r} has {value!r} as {word!r}. Write a number, such as 1.0e-4.",
            key=dotted(path),
        )
    return value


def _missing(word: str, path: Path) -> SweepError:
    return SweepError(f"{dotted(path)!r} has no {word!r}. Add it.", key=dotted(path))


def _listed(words: Collection[str]) -> str:
    return ", ".join(words)


_Words = dict[str, Any]
_ENDS = ("min", "max")
_DEFAULTS = {"mu": 0.0, "sigma": 1.0, "q": 1}

_DISTRIBUTIONS: dict[str, tuple[tuple[str, ...], Callable[[_Words], Distribution | Fixed]]] = {
    "constant": (("value",), lambda w: Fixed(w["value"])),
    "categorical": (("values",), lambda w: Choice(w["values"])),
    "categorical_w_probabilities": (
        ("values", "probabilities"),
        lambda w: Choice(w["values"], w["probabilities"]),
    ),
    "int_uniform": (_ENDS, lambda w: Int(w["min"], w["max"])),
    "uniform": (_ENDS, lambda w: Uniform(w["min"], w["max"])),
    "q_uniform": ((*_ENDS, "q"), lambda w: Uniform(w["min"], w["max"], w["q"])),
    # The ends of those without `_values` are exponents of e.
    "log_uniform": (_ENDS, lambda w: LogUniform(exp(w["min"]), exp(w["max"]))),
    "q_log_uniform": ((*_ENDS, "q"), lambda w: LogUniform(exp(w["min"]), exp(w["max"]), w["q"])),
    "inv_log_uniform": (_ENDS, lambda w: LogUniform(exp(-w["max"]), exp(-w["min"]))),
    "log_uniform_values": (_ENDS, lambda w: LogUniform(w["min"], w["max"])),
    "q_log_uniform_values": ((*_ENDS, "q"), lambda w: LogUniform(w["min"], w["max"], w["q"])),
    # The logarithm of 1/x is uniform where that of x is.
    "inv_log_uniform_values": (_ENDS, lambda w: LogUniform(w["min"], w["max"])),
    "normal": (("mu", "sigma"), lambda w: Normal(w["mu"], w["sigma"])),
    "q_normal": (("mu", "sigma", "q"), lambda w: Normal(w["mu"], w["sigma"], w["q"])),
    "log_normal": (("mu", "sigma"), lambda w: LogNormal(w["mu"], w["sigma"])),
    "q_log_normal": (("mu", "sigma", "q"), lambda w: LogNormal(w["mu"], w["sigma"], w["q"])),
}


def _yaml(text: str) -> Any:
    yaml = require("yaml", "yaml")

    class Loader(yaml.SafeLoader):  # type: ignore[misc, name-defined]
        """Refuses a key that is written twice, of which YAML's own loaders keep the last."""

        def compose_mapping_node(self, anchor: Any) -> Any:
            node = super().compose_mapping_node(anchor)
            keys = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            _refuse_twice((key.value, key.tag) for key in keys)
            return node

    try:
        return yaml.load(text, Loader)
    except SweepError:
        raise
    except (yaml.YAMLError, *_UNREADABLE) as error:
        raise SweepError(f"This is not valid YAML: {error}. Correct the file.") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _refuse_twice((key, "str") for key, _ in pairs)
    return dict(pairs)


def _refuse_twice(keys: Iterable[tuple[str, str]]) -> None:
    """Refuse a key that is there twice; each has a type, as 1 and "1" are different in YAML."""
    seen: set[tuple[str, str]] = set()
    for key in keys:
        if key in seen:
            raise SweepError(
                f"The key {key[0]!r} is written twice in the same dict. Keep one of them.",
                key=key[0],
            )
        seen.add(key)


def _check_size(data: Any) -> None:
    """Refuse endless and huge data: an alias in YAML may contain itself, or multiply values."""
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
            f"{key!r} is {data!r}, which YAML reads as a string. Write "
            f"{whole}{part or '.0'}e{sign or '+'}{exponent} for the number, or "
            f"{{type: fixed, value: {data!r}}} for the string.",
            key=key,
        )


def _json(text: str) -> Any:
    import json

    try:
        return json.loads(text, object_pairs_hook=_once)
    except SweepError:
        raise
    except _UNREADABLE as error:
        raise SweepError(f"This is not valid JSON: {error}. Correct the file.") from error


def _toml(text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(text)
    except _UNREADABLE as error:
        raise SweepError(f"This is not valid TOML: {error}. Correct the file.") from error


_READERS = {".yaml": _yaml, ".yml": _yaml, ".json": _json, ".toml": _toml}
