"""The canonical form once more, written from docs/params.md alone and without the json module.

It works on plain values. Where it and pycaddy disagree, the page or the code is wrong.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import Any

ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}


def key(value: Any) -> str:
    return sha256(canonical(value).encode("utf-8")).hexdigest()


def canonical(value: Any) -> str:
    match value:
        case None:
            return "null"
        case True:
            return "true"
        case False:
            return "false"
        case str():
            return string(value)
        case int():
            return str(value)
        case float():
            return number(value)
        case list():
            return "[" + ",".join(map(canonical, value)) + "]"
        case dict():
            keys = sorted(value, key=lambda key: [ord(character) for character in key])
            members = (f"{string(key)}:{canonical(value[key])}" for key in keys)
            return "{" + ",".join(members) + "}"
    raise AssertionError(f"{value!r} is not plain")


def string(text: str) -> str:
    return '"' + "".join(map(character, text)) + '"'


def character(one: str) -> str:
    if one in ESCAPES:
        return ESCAPES[one]
    return f"\\u{ord(one):04x}" if one < " " else one


def number(value: float) -> str:
    if math.isnan(value):
        return '{"__float__":"nan"}'
    if math.isinf(value):
        return '{"__float__":"inf"}' if value > 0 else '{"__float__":"-inf"}'
    if value == math.trunc(value):
        return str(math.trunc(value))
    sign = "-" if value < 0 else ""
    digits, exponent = shortest(abs(value))
    if exponent >= 0:
        return f"{sign}{digits[: exponent + 1]}.{digits[exponent + 1 :]}"
    if exponent >= -4:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    point = "." if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{point}{digits[1:]}e-{-exponent:02d}"


def shortest(value: float) -> tuple[str, int]:
    """The digits that stand for *value*, and the exponent of the first of them."""
    exponent = Decimal(value).adjusted()
    for places in range(17):
        scaled = Fraction(value) * Fraction(10) ** (places - exponent)
        below = math.floor(scaled)
        candidates = [
            (abs(digits - scaled), digits % 2, str(digits))
            for digits in (below, below + 1)
            if float(f"{digits}e{exponent - places}") == value
        ]
        if candidates:
            *_, digits = min(candidates)
            return digits.rstrip("0"), exponent + len(digits) - places - 1
    raise AssertionError(f"{value!r} needs more than 17 digits")
