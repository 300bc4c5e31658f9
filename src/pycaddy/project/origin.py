"""Where a function is defined, and what is recorded of it on the runs that it made."""

from __future__ import annotations

import functools
import inspect
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pycaddy import codec

__all__ = ["FACT", "Origin", "with_origin"]

FACT = "function"
"""Under this name a run's capture has the function that `Project.run` called."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a function is defined."""

    module: str
    """Of a script the name that it has when it is imported."""
    name: str
    """The qualified name: "main" or "Trainer.fit"."""
    file: str | None
    """The absolute path of its source; None in a notebook or for a builtin."""

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Origin:
        """Return the origin of *function*, or of the one that it is made of."""
        inner: Any = _innermost(function)
        if not hasattr(inner, "__qualname__"):
            inner = type(inner)
        code = getattr(inner, "__code__", None)
        path = None if code is None else os.path.abspath(code.co_filename)
        file = path if path is not None and os.path.isfile(path) else None
        module = getattr(inner, "__module__", None) or "builtins"
        if module in ("__main__", "__mp_main__"):
            spec = getattr(sys.modules["__main__"], "__spec__", None)
            if spec is not None:
                module = spec.name
            elif file is not None:
                module = os.path.splitext(os.path.basename(file))[0]
        return cls(module, inner.__qualname__, file)

    @classmethod
    def recorded(cls, capture_text: str | None) -> Origin | None:
        """Return what a run's capture has about the function, if anything."""
        if capture_text is None or f'"{FACT}"' not in capture_text:
            return None
        facts = json.loads(capture_text).get(FACT)
        if not isinstance(facts, Mapping) or not isinstance(facts.get("name"), str):
            return None
        return cls(str(facts.get("module")), facts["name"], facts.get("file"))

    def facts(self, *, with_file: bool) -> dict[str, Any]:
        """Return what to record."""
        facts = {"module": self.module, "name": self.name}
        return facts | {"file": self.file} if with_file and self.file else facts

    def __str__(self) -> str:
        return f"{self.file or self.module}:{self.name}"


@functools.lru_cache(maxsize=256)
def with_origin(capture_text: str | None, origin: Origin) -> str:
    """Return the text of a capture with the function that is called."""
    facts = json.loads(capture_text or "{}")
    return codec.encode({**facts, FACT: origin.facts(with_file=capture_text is not None)})


def _innermost(function: Any) -> Any:
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif inspect.ismethod(function):
            function = function.__func__
        elif hasattr(function, "__wrapped__"):
            function = inspect.unwrap(function)
        else:
            return function
