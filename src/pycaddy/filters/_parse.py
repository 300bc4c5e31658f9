"""From the text of a filter to its tree: a closed subset of Python's grammar, never executed."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from itertools import pairwise
from math import isfinite

from pycaddy._clock import from_iso
from pycaddy.errors import FilterError, RunNotFoundError
from pycaddy.filters._names import NameReader
from pycaddy.filters._tree import FIELDS, And, AnyName, Expr, Kind, Literal, Name, Not, Or, Test
from pycaddy.records import parse_uid
from pycaddy.status import Status

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "parse"]

MAX_LENGTH = 4096
"""Characters of a filter."""

MAX_DEPTH = 40
"""How deep its parts may be nested."""

_COMPARISONS = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_TURNED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_METHODS = ("startswith", "endswith")
_ALLOWED = (
    "A filter has comparisons (lr < 0.01, status == 'done', 0 < step <= 10), 'in', 'is None', "
    "x.startswith('...'), x.endswith('...'), and, or, not and parentheses."
)


def parse(text: str) -> Expr:
    """Return the tree of a filter such as `lr < 1e-2 and status == 'done'`.

    Raises:
        FilterError: It is none; the message points at the place and says what is allowed.
    """
    if not isinstance(text, str):
        raise TypeError(f"A filter is a text such as 'lr < 0.01', not {text!r}.")
    if len(text) > MAX_LENGTH:
        raise FilterError(
            f"The filter has {len(text):,} characters, and {MAX_LENGTH:,} are the most. "
            "Select with a shorter one, and filter the runs in Python.",
            text=text,
            column=1,
        )
    return _Reader(text).read()


class _Reader(NameReader):
    """Reads the conditions of a filter."""

    what = "filter"
    hint = _ALLOWED

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0

    def read(self) -> Expr:
        return self.condition(self.tree())

    def condition(self, node: ast.expr) -> Expr:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.refusal(node, f"The filter is nested deeper than {MAX_DEPTH} levels.")
        found = self._condition(node)
        self.depth -= 1
        return found

    def _condition(self, node: ast.expr) -> Expr:
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = tuple(self.condition(value) for value in values)
                return And(parts) if isinstance(op, ast.And) else Or(parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Not(self.condition(operand))
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                sides = list(pairwise([left, *comparators]))
                tests = [self.comparison(*both, op) for both, op in zip(sides, ops, strict=True)]
                return tests[0] if len(tests) == 1 else And(tuple(tests))
            case ast.Call(func=ast.Attribute(value=owner, attr=attr)) if attr in _METHODS:
                return self.method(node, owner, attr)
        if self.names(node):
            return self.flag(node)
        raise self.refusal(node, f"This is not a condition. {_ALLOWED}")

    def flag(self, node: ast.expr) -> Test:
        name = self.name(node)
        if _kind(name) not in ("flag", "any"):
            raise self.refusal(node, f"Compare {name} with something, as in {_example(name)}.")
        return Test(name, "holds")

    def method(self, node: ast.Call, owner: ast.expr, method: str) -> Test:
        name = self.name(owner)
        if _kind(name) not in ("text", "any"):
            raise self.refusal(owner, f"{name} is not a text. Compare it, as in {_example(name)}.")
        if len(node.args) != 1 or node.keywords:
            raise self.refusal(node, f"{method} takes one text, as in {name}.{method}('a').")
        value = self.literal(node.args[0])
        if not isinstance(value, str):
            raise self.refusal(node.args[0], f"{method} takes a text in quotes.")
        return Test(name, method, value)

    def comparison(self, left: ast.expr, right: ast.expr, op: ast.cmpop) -> Expr:
        if isinstance(op, (ast.In, ast.NotIn)):
            return self.membership(left, right, "not " if isinstance(op, ast.NotIn) else "")
        if _is_none(left):
            left, right = right, left
        if _is_none(right):
            return self.none(left, right, op)
        if isinstance(op, (ast.Is, ast.IsNot)):
            raise self.refusal(right, "Only None is asked for with 'is'. Compare with == or !=.")
        sign = _COMPARISONS[type(op)]
        if not self.names(left):
            self.literal(left)
            left, right, sign = right, left, _TURNED[sign]
        if not self.names(left):
            raise self.refusal(left, f"One side has to name a value of a run. {_ALLOWED}")
        name = self.name(left)
        if _kind(name) == "names":
            raise self.refusal(left, f"Ask what is in {name}, as in {_example(name)}.")
        if self.names(right):
            return Test(name, sign, self.other(name, right))
        value = self.value(name, right)
        if isinstance(value, bool) and sign not in ("==", "!="):
            raise self.refusal(right, f"{value} has no order. Use == or !=.")
        if _kind(name) == "status" and sign not in ("==", "!="):
            raise self.refusal(left, f"A status has no order. Write {_example(name)}.")
        return Test(name, sign, value)

    def none(self, left: ast.expr, right: ast.expr, op: ast.cmpop) -> Expr:
        test = Test(self.name(left), "is None")
        if isinstance(op, (ast.Is, ast.Eq)):
            return test
        if isinstance(op, (ast.IsNot, ast.NotEq)):
            return Not(test)
        raise self.refusal(right, "None has no order. Use 'is None' or 'is not None'.")

    def other(self, name: AnyName, node: ast.expr) -> AnyName:
        other = self.name(node)
        one, two = _kind(name), _kind(other)
        if one != two and "any" not in (one, two):
            raise self.refusal(node, f"{other} cannot be compared with {name}.")
        return other

    def membership(self, left: ast.expr, right: ast.expr, negation: str) -> Test:
        if isinstance(right, (ast.List, ast.Tuple, ast.Set)):
            name = self.name(left)
            values = tuple(self.value(name, item) for item in right.elts)
            if None in values:
                place = right.elts[values.index(None)]
                raise self.refusal(place, f"None is in no list. Add: or {name} is None")
            return Test(name, f"{negation}in", values)
        if not self.names(right):
            raise self.refusal(right, "'in' needs a list, as in lr in [0.1, 0.01], or 'a' in tags.")
        name = self.name(right)
        if _kind(name) not in ("names", "text", "any"):
            raise self.refusal(right, f"Nothing is in {name}. Compare it, as in {_example(name)}.")
        if self.names(left):
            raise self.refusal(left, f"Write a text or a number before 'in {name}'.")
        value = self.literal(left)
        if value is None or (_kind(name) != "any" and not isinstance(value, str)):
            raise self.refusal(left, f"Only a text in quotes can be in {name}.")
        return Test(name, f"{negation}contains", value)

    def value(self, name: AnyName, node: ast.expr) -> Literal:
        """Return the literal that *name* is compared with, as records have it."""
        value, kind = self.literal(node), _kind(name)
        if kind == "status":
            return self.status(node, value)
        if kind == "uid":
            try:
                return parse_uid(value)  # type: ignore[arg-type]  # refuses what is no uid
            except RunNotFoundError as error:
                raise self.refusal(node, "A uid is written '0007' or 7.") from error
        if kind == "time":
            return self.time(node, value)
        if kind == "text" and not isinstance(value, str):
            raise self.refusal(node, f"{name} is a text: write it in quotes.")
        if kind == "number" and (isinstance(value, (bool, str)) or value is None):
            raise self.refusal(node, f"{name} is a number, as in {_example(name)}.")
        if kind == "flag" and not isinstance(value, bool):
            raise self.refusal(node, f"{name} is True or False. Write '{name}' or 'not {name}'.")
        return value

    def status(self, node: ast.expr, value: Literal) -> str:
        known = [status.value for status in Status]
        if not isinstance(value, str) or value.lower() not in known:
            raise self.refusal(node, f"A status is one of {', '.join(map(repr, known))}.")
        return value.lower()

    def time(self, node: ast.expr, value: Literal) -> int:
        try:
            moment = datetime.fromisoformat(value)  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            raise self.refusal(
                node, "A time is written '2026-01-31' or '2026-01-31T15:00', UTC."
            ) from error
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return from_iso(moment.isoformat())

    def literal(self, node: ast.expr) -> Literal:
        match node:
            case ast.Constant(value=str() | int() | float() | None as value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                if type(value) is not bool:
                    return -value
            case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value=str() as word)]):
                if word.strip("+-") in ("nan", "inf") and not isfinite(float(word)):
                    return float(word)
        raise self.refusal(
            node,
            "Here belongs a name, a number, a text in quotes, True, False or float('nan'). "
            "There is no arithmetic.",
        )


def _kind(name: AnyName) -> Kind:
    return FIELDS[name.root] if isinstance(name, Name) and not name.keys else "any"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _example(name: AnyName) -> str:
    examples = {
        "status": "status == 'done'",
        "uid": "uid == '0007'",
        "time": f"{name} > '2026-01-31'",
        "number": f"{name} > 1",
        "text": f"{name} == 'a'",
        "names": f"'a' in {name}",
        "flag": f"not {name}",
        "any": f"{name} == 1",
    }
    return examples[_kind(name)]
