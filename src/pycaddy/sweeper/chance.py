"""Numbers that look random and are the same in every process, on every machine, for ever.

They are hashes of what they are for: `draw(seed, 7, "lr")` needs no draw before it, so any
process can make the seventh configuration without the first six. The random module promises
nothing of the kind for more than `random()` itself.

A value that was ever drawn may never change: finished runs are found again by it.
"""

from __future__ import annotations

from hashlib import sha256
from operator import index
from typing import SupportsIndex

from pycaddy.errors import SweepError

_BITS = 256
_FLOAT_BITS = 53


def draw(*names: int | str) -> int:
    """A number in `range(2**256)` for *names*."""
    return number(key_of(*names))


def key_of(*names: int | str) -> bytes:
    """*names* as what is hashed."""
    return "\0".join(map(str, names)).encode("utf-8", "surrogatepass")


def number(key: bytes) -> int:
    """A number in `range(2**256)` for *key*."""
    return int.from_bytes(sha256(key).digest(), "big")


def fraction(*names: int | str) -> float:
    """A number from 0 on, below 1, for *names*."""
    return (draw(*names) >> (_BITS - _FLOAT_BITS)) / (1 << _FLOAT_BITS)


def checked_seed(seed: SupportsIndex) -> int:
    """*seed* as an int.

    Raises:
        SweepError: It is none. A sweep without a seed would be another one in every process.
    """
    try:
        return index(seed)
    except TypeError:
        raise SweepError(
            f"seed is {seed!r}, and must be a whole number: it is what makes the sweep the same "
            "in every process. Write seed=0.",
            seed=seed,
        ) from None


def checked_count(name: str, count: object) -> int:
    """*count* as an int, 0 or more.

    Raises:
        SweepError: It is something else.
    """
    try:
        number = index(count)  # type: ignore[arg-type]
    except TypeError:
        number = -1
    if number < 0:
        raise SweepError(f"{name} is {count!r}. Write a whole number, such as {name}=100.")
    return number
