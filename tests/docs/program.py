"""A document, read as the program that a reader makes of it.

Its python blocks follow one another in one file, each on the lines where the document has it:
a traceback points into the document, functions can be sent to other processes, and nothing of
one document is left for the next.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser

from tests.docs import assumed

_PYTHON_FENCE = re.compile(r"^[ \t>*+-]*(?:`{3,}|~{3,})[ \t]*(?:py|ipython)", re.IGNORECASE)
_parse = Sybil([CodeBlockParser("python", lambda example: None)]).parse


@dataclass(frozen=True, slots=True)
class Block:
    line: int  # of the fence; the code begins one below
    source: str

    @property
    def is_doctest(self) -> bool:
        return self.source.lstrip().startswith(">>>")


def blocks(document: Path) -> list[Block]:
    return [
        Block(example.line + example.parsed.line_offset, str(example.parsed))
        for example in _parse(document).examples()
    ]


def python_fences(document: Path) -> list[int]:
    """The lines that open a block which a reader takes for Python, however it is labelled."""
    lines = document.read_text().splitlines()
    return [number for number, line in enumerate(lines, 1) if _PYTHON_FENCE.match(line)]


def program(document: Path) -> str:
    """The program of *document*.

    Its first line, where a document has its title, brings the names that the document assumes.
    """
    lines: list[str] = []
    for block in blocks(document):
        lines += [""] * (block.line - len(lines))
        if block.is_doctest:
            lines.append(f"check_doctest({block.source!r}, {block.line}, globals())")
        else:
            lines += block.source.splitlines()
    names = sorted(_free_names(ast.parse("\n".join(lines), str(document))) & set(assumed.__all__))
    if names:
        lines[0] = f"from tests.docs.assumed import {', '.join(names)}"
    return "\n".join(lines)


def _free_names(tree: ast.AST) -> set[str]:
    """The names that the program reads and binds nowhere."""
    read: set[str] = set()
    bound: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                read.add(name)
            case ast.Name(id=name) | ast.arg(arg=name):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                bound.add(name)
            case ast.ClassDef(name=name):
                bound.add(name)
            case ast.alias(name=name, asname=asname):
                bound.add(asname or name)
    return read - bound
