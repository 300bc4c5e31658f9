"""From the text of a filter to its tree: a closed subset of Python's grammar, never executed."""

from __future__ import annotations

import ast
import threading
import warnings
from datetime import UTC, datetime
from itertools import pairwise
from math import isfinite
from typing import Any

from pycaddy._clock import from_iso
from pycaddy.errors import FilterError, RunNotFoundError
from pycaddy.filters._tree import (
    FIELDS,
    PARTS,
    STATISTICS,
    And,
    Expr,
    Kind,
    Literal,
    Name,
    Not,
    Or,
    Test,
)
from pycaddy.records import parse_uid
from pycaddy.status import Status

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "parse", "parse_name"]

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
_one_at_a_time = threading.Lock()
_ALLOWED = (
    "A filter has comparisons (lr < 0.01, status == 'done', 0 < step <= 10), 'in', 'is None', "
    "x.startswith('...'), x.endswith('...'), and, or, not and parentheses"
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


def parse_name(text: str) -> Name:
    """Return the one name that *text* is, such as `metrics['val/acc'].max`."""
    reader = _Reader(text)
    return reader.name(reader.tree())


class _Reader:
    """Reads one text; it is kept for the messages."""

    def __init__(self, text: str) -> None:
        # Within parentheses a filter may go over several lines; a tab would shift the caret.
        self.text = " ".join(text.split("\n")).replace("\t", " ").replace("\r", " ").strip()
        self.depth = 0

    def read(self) -> Expr:
        return self.condition(self.tree())

    def tree(self) -> ast.expr:
        if not self.text:
            raise self.refusal_at(0, f"The filter is empty. {_ALLOWED}.")
        if "\0" in self.text:
            raise self.refusal_at(self.text.index("\0"), "A filter has no NUL characters.")
        try:
            # Threads that change the process's warnings at once leave each other's behind.
            with _one_at_a_time, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # "\d" in a text is no concern here
                return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            # Without a place it is the end that came too early.
            column = error.offset - 1 if error.offset else len(self.text)
            message = f"{_sentence(error.msg)} {_ALLOWED}."
            raise self.refusal_at(column, message) from error
        except (ValueError, MemoryError, RecursionError) as error:
            raise self.refusal_at(
                0, f"The filter cannot be read: {str(error) or 'it is nested too deep'}."
            ) from error

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
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self.flag(node)
        raise self.refusal(node, f"This is no condition. {_ALLOWED}.")

    def flag(self, node: ast.expr) -> Test:
        name = self.name(node)
        if _kind(name) not in ("flag", "any"):
            raise self.refusal(node, f"Compare {name} with something, as in {_example(name)}.")
        return Test(name, "holds")

    def method(self, node: ast.Call, owner: ast.expr, method: str) -> Test:
        name = self.name(owner)
        if _kind(name) not in ("text", "any"):
            raise self.refusal(owner, f"{name} is no text. Compare it, as in {_example(name)}.")
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
        if not _is_name(left):
            self.literal(left)
            left, right, sign = right, left, _TURNED[sign]
        if not _is_name(left):
            raise self.refusal(left, f"One side has to name a part of a run. {_ALLOWED}.")
        name = self.name(left)
        if _kind(name) == "names":
            raise self.refusal(left, f"Ask what is in {name}, as in {_example(name)}.")
        if _is_name(right):
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

    def other(self, name: Name, node: ast.expr) -> Name:
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
        if not _is_name(right):
            raise self.refusal(right, "'in' needs a list, as in lr in [0.1, 0.01], or 'a' in tags.")
        name = self.name(right)
        if _kind(name) not in ("names", "text", "any"):
            raise self.refusal(right, f"Nothing is in {name}. Compare it, as in {_example(name)}.")
        if _is_name(left):
            raise self.refusal(left, f"Write a text or a number before 'in {name}'.")
        value = self.literal(left)
        if value is None or (_kind(name) != "any" and not isinstance(value, str)):
            raise self.refusal(left, f"Only a text in quotes can be in {name}.")
        return Test(name, f"{negation}contains", value)

    def name(self, node: ast.expr) -> Name:
        keys: list[str | int] = []
        part = node
        while True:
            match part:
                case ast.Name(id=root):
                    return self.rooted(node, root, tuple(reversed(keys)))
                case ast.Attribute(value=value, attr=attr):
                    keys.append(attr)
                    part = value
                case ast.Subscript(value=value, slice=ast.Constant(value=key)) if (
                    type(key) is str or type(key) is int
                ):
                    keys.append(key)
                    part = value
                case ast.Subscript(slice=place):
                    raise self.refusal(
                        place, "Brackets hold a name in quotes or a position from 0."
                    )
                case _:
                    raise self.refusal(part, f"This names nothing of a run. {_names_there_are()}.")

    def rooted(self, node: ast.expr, root: str, keys: tuple[str | int, ...]) -> Name:
        if root in FIELDS:
            if keys:
                raise self.refusal(
                    node, f"{root} has no parts. A param of that name is params.{root}."
                )
            return Name(root)
        if root not in PARTS:
            return Name("params", (root, *keys))
        if not keys:
            raise self.refusal(node, f"Say which of the {root}, as in {root}['name'].")
        return self.metric(node, keys) if root == "metrics" else Name(root, keys)

    def metric(self, node: ast.expr, keys: tuple[str | int, ...]) -> Name:
        if len(keys) == 1:
            return Name("metrics", (*keys, "last"))
        if len(keys) > 2 or keys[1] not in STATISTICS:
            raise self.refusal(
                node,
                f"Of a metric there is {', '.join(STATISTICS)}, as in metrics['loss'].min. "
                "A name with a dot or a slash goes in brackets: metrics['val/acc'].",
            )
        return Name("metrics", keys)

    def value(self, name: Name, node: ast.expr) -> Literal:
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

    def refusal(self, node: ast.expr, message: str) -> FilterError:
        # ast counts bytes.
        before = self.text.encode()[: node.col_offset].decode()
        return self.refusal_at(len(before), message)

    def refusal_at(self, column: int, message: str) -> FilterError:
        column = min(max(column, 0), len(self.text))
        return FilterError(
            f"{message}\n    {self.text}\n    {' ' * column}^", text=self.text, column=column + 1
        )


def _kind(name: Name) -> Kind:
    return "any" if name.keys else FIELDS[name.root]


def _is_name(node: ast.expr) -> bool:
    return isinstance(node, (ast.Name, ast.Attribute, ast.Subscript))


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _example(name: Name) -> str:
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


def _names_there_are() -> str:
    return (
        f"Names are params (lr, opt.lr, params['weird key']), {', '.join(FIELDS)}, result.x, "
        "metrics['x'].max, capture.x"
    )


def _sentence(message: Any) -> str:
    text = str(message)
    return f"{text[:1].upper()}{text[1:]}."
