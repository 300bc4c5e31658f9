"""Read the name of a value of a run: `lr`, `val/acc.max`, `result['val loss']`.

docs/query.md has the grammar. This is the only place that knows it: filters, orders, columns,
groups, plots and the web UI all read their names here.
"""

from __future__ import annotations

import ast
import re
import threading
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

from pycaddy.errors import FilterError
from pycaddy.filters._tree import FIELDS, PARTS, STATISTICS, AnyName, FirstOf, Name

__all__ = ["NameReader", "read_name", "read_names", "series_of", "split_names"]

_SLASHED = re.compile(r"[^\W\d]\w*([./][^\W\d]\w*)*/[^\W\d]\w*([./][^\W\d]\w*)*")
_UP_TO_A_COMMA = re.compile(r"""(\[\s*('([^'\\]|\\.)*'|"([^"\\]|\\.)*")\s*\]|[^,])*""", re.DOTALL)
_one_at_a_time = threading.Lock()


def read_name(text: str) -> AnyName:
    """Return what *text* names.

    Without brackets, *text* may have any characters, and dots separate its parts. With
    brackets, it is written as in a filter.

    Raises:
        FilterError: *text* is not a name; the message points at the place.
    """
    reader = NameReader(text)
    if "[" in text:
        return reader.name(reader.tree())
    if not reader.text:
        raise reader.refusal_at(0, f"A name is missing. {reader.hint}")
    steps = [_Step(part, dotted=True) for part in reader.text.split(".")]
    return reader.meaning(steps, 0)


def read_names(words: str | Sequence[str]) -> dict[str, AnyName]:
    """Return what the names in "lr, val/acc" or ["lr", "val/acc"] mean, by their texts.

    Raises:
        FilterError: One of them is not a name.
        TypeError: *words* is neither a str nor a list of them.
    """
    listed = split_names(words) if isinstance(words, str) else words
    if not isinstance(listed, (list, tuple)) or not all(isinstance(word, str) for word in listed):
        raise TypeError(f"Names are a str such as 'lr,loss', or a list of them, not {words!r}.")
    return {word.strip(): read_name(word) for word in listed}


def split_names(words: str) -> list[str]:
    """Return the parts of *words* between commas, except those in the quotes of a bracket."""
    parts: list[str] = []
    start = 0
    while found := _UP_TO_A_COMMA.match(words, start):  # it always matches
        parts.append(found[0])
        if found.end() == len(words):
            break
        start = found.end() + 1
    return parts


def series_of(text: str) -> tuple[str, ...]:
    """Return the series that *text* may name, best first: `loss`, `metrics.loss`."""
    if not text.startswith(("metrics.", "metrics[")):
        return (text,)
    return tuple(str(place.keys[0]) for place in read_name(text).places if place.keys[1] == "last")


class _Step(NamedTuple):
    """One part of a name."""

    key: str | int
    dotted: bool
    """Whether it was written without brackets."""


class NameReader:
    """Reads one text, which it keeps for the messages."""

    what = "name"
    hint = "Write a name such as lr, opt.lr, result.loss, val/acc or metrics['val/acc'].max."

    def __init__(self, text: str) -> None:
        # Within parentheses a filter may go over several lines; a tab would shift the caret.
        self.text = " ".join(text.split("\n")).replace("\t", " ").replace("\r", " ").strip()

    def tree(self) -> ast.expr:
        """Return the text as Python's parser sees it; it is never executed."""
        if not self.text:
            raise self.refusal_at(0, f"The {self.what} is empty. {self.hint}")
        if "\0" in self.text:
            raise self.refusal_at(
                self.text.index("\0"), f"A {self.what} cannot contain NUL characters."
            )
        try:
            # Threads that change the process's warnings at once leave each other's behind.
            with _one_at_a_time, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # "\d" in a text is no concern here
                return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            # Without a place it is the end that came too early.
            column = error.offset - 1 if error.offset else len(self.text)
            raise self.refusal_at(column, f"{_sentence(error.msg)} {self.hint}") from error
        except (ValueError, MemoryError, RecursionError) as error:
            reason = str(error) or "it is nested too deeply"
            raise self.refusal_at(0, f"The {self.what} cannot be read: {reason}.") from error

    def names(self, node: ast.expr) -> bool:
        """Whether *node* is written like a name."""
        if isinstance(node, ast.BinOp):
            return _SLASHED.fullmatch(self.source(node)) is not None
        return isinstance(node, (ast.Name, ast.Attribute, ast.Subscript))

    def name(self, node: ast.expr) -> AnyName:
        """Return what *node* names."""
        return self.meaning(self._steps(node), self._column(node), self.source(node))

    def meaning(self, steps: list[_Step], column: int, text: str = "") -> AnyName:
        """Return what the parts of a name mean.

        Args:
            steps: The parts, from left to right.
            column: Where the name begins.
            text: How it is written. Default: the whole text.
        """
        text, root = text or self.text, steps[0].key
        keys = tuple(step.key for step in steps)
        dotted = all(step.dotted for step in steps)
        if root in FIELDS:
            if len(steps) > 1:
                message = f"{root} has no parts. The param of that name is params.{root}."
                raise self.refusal_at(column, message)
            return Name(str(root))
        if root not in PARTS:
            places = [
                *(Name("params", each) for each in _splits(keys, dotted=dotted)),
                *(Name("result", each) for each in _splits(keys, dotted=dotted)),
                *(_series(keys) if dotted else ()),
            ]
            return FirstOf(text, tuple(places))
        if len(steps) == 1:
            raise self.refusal_at(column, f"Say which {_ONE[root]}, as in {root}['name'].")
        if root != "metrics":
            places = [Name(str(root), each) for each in _splits(keys[1:], dotted=dotted)]
        elif dotted:
            places = list(_series(keys[1:]))
        else:
            places = [self._metric(keys[1:], column)]
        return places[0] if len(places) == 1 else FirstOf(text, tuple(places))

    def _metric(self, keys: tuple[str | int, ...], column: int) -> Name:
        if len(keys) == 1:
            return Name("metrics", (*keys, "last"))
        if len(keys) > 2 or keys[1] not in STATISTICS:
            raise self.refusal_at(
                column,
                f"A metric has {', '.join(STATISTICS)}, as in metrics['loss'].min. "
                "Put the whole name of the series in the brackets: metrics['val/acc'].",
            )
        return Name("metrics", keys)

    def _steps(self, node: ast.expr) -> list[_Step]:
        if isinstance(node, ast.BinOp) and self.names(node):
            return [_Step(part, dotted=True) for part in self.source(node).split(".")]
        steps: list[_Step] = []
        part = node
        while True:
            match part:
                case ast.Name(id=root):
                    return [_Step(root, dotted=True), *reversed(steps)]
                case ast.Attribute(value=value, attr=attr):
                    steps.append(_Step(attr, dotted=True))
                    part = value
                case ast.Subscript(value=value, slice=ast.Constant(value=key)) if (
                    type(key) is str or type(key) is int
                ):
                    steps.append(_Step(key, dotted=False))
                    part = value
                case ast.Subscript(slice=place):
                    raise self.refusal(
                        place, "Brackets hold a name in quotes or a position from 0."
                    )
                case _:
                    raise self.refusal(part, f"This does not name a value of a run. {NAMES}")

    def source(self, node: ast.expr) -> str:
        """Return *node* as it is written."""
        # The text is one line, and ast counts bytes.
        return self.text.encode()[node.col_offset : node.end_col_offset].decode()

    def refusal(self, node: ast.expr, message: str) -> FilterError:
        """Return the error that points at *node*."""
        return self.refusal_at(self._column(node), message)

    def refusal_at(self, column: int, message: str) -> FilterError:
        """Return the error that points at a column, from 0."""
        column = min(max(column, 0), len(self.text))
        return FilterError(
            f"{message}\n    {self.text}\n    {' ' * column}^", text=self.text, column=column + 1
        )

    def _column(self, node: ast.expr) -> int:
        return len(self.text.encode()[: node.col_offset].decode())


NAMES = (
    f"Names are params (lr, opt.lr, params['weird key']), {', '.join(FIELDS)}, result.x, "
    "metrics['x'].max, capture.x."
)
_ONE = {"params": "param", "result": "part of the result", "metrics": "metric"} | {
    "capture": "part of the capture"
}


def _splits(keys: tuple[str | int, ...], *, dotted: bool) -> list[tuple[str | int, ...]]:
    """Return the ways to find *keys*, best first: nested; as one key; nested at slashes, too."""
    if not dotted:
        return [keys]
    text = ".".join(map(str, keys))
    ways = [keys, (text,), tuple(re.split(r"[./]", text))]
    return list(dict.fromkeys(ways))


def _series(keys: tuple[str | int, ...]) -> list[Name]:
    """Return the metrics that dotted *keys* may mean: `loss.max` of "loss", or "loss.max"."""
    series = ".".join(map(str, keys))
    last = Name("metrics", (series, "last"))
    if len(keys) > 1 and keys[-1] in STATISTICS:
        return [Name("metrics", (series.rpartition(".")[0], str(keys[-1]))), last]
    return [last]


def _sentence(message: Any) -> str:
    text = str(message)
    return f"{text[:1].upper()}{text[1:]}."
