"""Names that documents use without defining them, because the reader has their own."""

from __future__ import annotations

import doctest
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pycaddy.params._earlier import earlier_hashes

__all__ = ["check_doctest", "old_root", "save_model", "sweep", "train", "train_model"]


def save_model(path: Path) -> None:
    path.write_bytes(b"weights")


def train_model(config: Mapping[str, Any], checkpoint: Path) -> None:
    checkpoint.write_text(json.dumps(dict(config)))


train = train_model


class Sweep:
    """Three configurations, as a list that a reader wrote by hand would give them."""

    def generate(self) -> Iterator[dict[str, Any]]:
        for lr in (0.1, 0.01, 0.001):
            yield {"lr": lr, "layers": [64, 64]}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self.generate()

    def __len__(self) -> int:
        return sum(1 for _ in self)  # list(self) would ask for the length


sweep = Sweep()


old_root: Path
"""A project of pycaddy 0.2."""


def __getattr__(name: str) -> Any:
    """Make what takes files only for the document that asks for it."""
    if name != "old_root":
        raise AttributeError(name)
    return _earlier_project(Path("old"))


def _earlier_project(root: Path) -> Path:
    """Write what pycaddy 0.2 left of the runs of `sweep`."""
    runs = {}
    for number, config in enumerate(sweep):
        model = root / f"{number:03d}" / "train_model.pt"
        model.parent.mkdir(parents=True)
        model.write_bytes(b"weights")
        runs[f"{number:03d}"] = {
            "status": "done",
            "param_hash": earlier_hashes(config)[0],
            "files": {"model": str(model.absolute())},
            "timestamp_status_lst": [["2025-05-01T12:00:00.000250", "done"]],
        }
    (root / "metadata.json").write_text(json.dumps({"train": {"": runs}}, indent=2))
    return root


def check_doctest(source: str, line: int, namespace: dict[str, Any]) -> None:
    """Run a block of `>>>` examples in *namespace*, and end the program if one is not as shown."""
    test = doctest.DocTestParser().get_doctest(source, namespace, "document", sys.argv[0], line)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    if doctest.DocTestRunner(optionflags=options).run(test, clear_globs=False).failed:
        sys.exit(1)
    namespace.update(test.globs)
