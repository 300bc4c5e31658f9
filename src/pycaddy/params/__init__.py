"""Params as the ledger keeps them: plain values, their JSON text, and the key of equal params.

docs/params.md defines the canonical form, so that another program can compute the same keys.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from pycaddy.errors import ParamsError
from pycaddy.params._flat import flat_texts
from pycaddy.params._plain import NO_NAMES, Pass, inner_names, normalise
from pycaddy.params._refusals import MAX_BYTES, MAX_DEPTH, KeyPath, too_large
from pycaddy.params._text import canonical, load, stored

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "UNKNOWN",
    "VERSION",
    "Params",
    "dump",
    "freeze",
    "ignored_names",
    "plain",
    "thaw",
    "thaw_many",
]

VERSION = 2
"""Version of the canonical form. docs/params.md says what changed with each."""

UNKNOWN = 0
"""Stands in a run's `param_version` while only pycaddy 0.2's hash of its params is known."""


class Params(NamedTuple):
    """Params at one moment; equal when their keys are."""

    plain: dict[str, Any]
    """Dicts, lists, strings, numbers, bools and None, as every process will see them."""
    text: str
    """Strict JSON of `plain`, keys in the order written; `thaw` reads it."""
    key: str
    """64 hexadecimal digits: SHA-256 of the canonical text."""
    earlier_key: str | None = None
    """The key in version 1 of the form, if it was another one that only lacked names."""

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, Params) else NotImplemented

    def __ne__(self, other: object) -> bool:  # a tuple has one of its own
        return not self == other

    def __hash__(self) -> int:
        return hash(self.key)


def freeze(params: object, *, ignore: Collection[str] = ()) -> Params:
    """The plain values, the stored text and the key of *params*.

    >>> freeze({"lr": 1e-3, "layers": (64, 64)}).text
    '{"lr":0.001,"layers":[64,64]}'
    >>> freeze({"a": 1, "b": 2}).key == freeze({"b": 2.0, "a": 1.0}).key
    True

    Args:
        params: A mapping; a namespace; a dataclass, attrs, pydantic or msgspec instance; or
            None, the same as {}.
        ignore: Keys, or dotted paths as in "optimizer.seed", that are kept but have no part in
            the key. Their values may be anything: a part that has no plain form is kept as a str
            like "<function train>".

    Raises:
        ParamsError: A value has no canonical form; the message says where and what to do.
        ParamsTooLargeError: Deeper than MAX_DEPTH levels, or longer than MAX_BYTES of text.
    """
    if not ignore and type(params) is dict and (texts := flat_texts(params)) is not None:
        text, hashed = texts
        return Params(dict(params), text, _sha256(hashed))
    ignored = _names(ignore) if ignore else NO_NAMES
    found = Pass()
    values = found.whole({} if params is None else params, ("params",), ignored)
    if type(values) is not dict:
        raise ParamsError(
            "params must be a mapping, a namespace, or a dataclass, attrs or pydantic instance, "
            f"not a {type(params).__name__}. Give the value a name: {{'name': value}}.",
            path="params",
        )
    text = _within_limit(stored(values), values, "params")
    earlier = _earlier_key(params, ignored) if found.has_new else None
    return Params(values, text, _key(values, ignored), earlier)


def _key(values: dict[str, Any], ignored: frozenset[str]) -> str:
    return _sha256(canonical(_without(values, ignored) if ignored else values))


def _earlier_key(params: object, ignored: frozenset[str]) -> str | None:
    """Return the key that *params* had in version 1 of the canonical form, if they had one."""
    try:
        values = Pass(version=1).whole(params, ("params",), ignored)
    except ParamsError:
        return None
    return _key(values, ignored) if type(values) is dict else None


def _sha256(text: str) -> str:
    from hashlib import sha256  # OpenSSL behind it takes its time to load

    return sha256(text.encode()).hexdigest()


def thaw(text: str) -> dict[str, Any]:
    """The plain values whose stored text is *text*, with NaN and infinities restored.

    Raises:
        ValueError: *text* is not JSON.
    """
    values: dict[str, Any] = load(text)
    return values


def thaw_many(texts: Iterable[str]) -> list[dict[str, Any]]:
    """What `thaw` gives for each text, in less time: one decoding for all of them.

    Raises:
        ValueError: One of *texts* is not JSON.
    """
    texts = list(texts)
    values: list[dict[str, Any]] = load(f"[{','.join(texts)}]")
    if len(values) != len(texts):
        raise ValueError(f"{len(texts)} texts hold {len(values)} JSON values, not one each.")
    return values


def plain(value: object, *, name: str = "value") -> Any:
    """*value* as dicts, lists, strings, numbers, bools and None that nobody else holds.

    Args:
        name: What errors call the value: "result" gives `result['loss'][3] is ...`.

    Raises:
        ParamsError: As `freeze`.
    """
    return normalise(value, (name,))


def dump(value: object, *, name: str = "value") -> str:
    """The stored text of any one value, for results and the like.

    Raises:
        ParamsError: As `freeze`, with the same limits.
    """
    values = normalise(value, (name,))
    return _within_limit(stored(values), values, name)


def ignored_names(ignore: Collection[str]) -> tuple[str, ...]:
    """Return the names of params to ignore as a tuple; a single str is refused."""
    if isinstance(ignore, str):
        raise TypeError(f"ignore must be a list of names, such as ({ignore!r},), not one text.")
    return tuple(ignore)


def _names(ignore: Collection[str]) -> frozenset[str]:
    names = frozenset(ignore)
    if isinstance(ignore, str) or not all(isinstance(name, str) for name in names):
        raise ParamsError(
            f"ignore={ignore!r} is not a collection of keys. Write ignore=['seed'].", path="ignore"
        )
    return names


def _without(values: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    kept = {}
    for key, value in values.items():
        if key in names:
            continue
        inner = inner_names(key, names)
        kept[key] = _without(value, inner) if inner and type(value) is dict else value
    return kept


def _within_limit(text: str, values: Any, name: str) -> str:
    size = len(text.encode())
    if size <= MAX_BYTES:
        return text
    path: KeyPath = (name,)
    if type(values) is dict:
        path += (max(values, key=lambda key: len(stored(values[key]))),)
    raise too_large(path, f"{size:,}")
