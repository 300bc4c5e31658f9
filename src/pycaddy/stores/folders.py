"""Whose a folder is: decided alike by all stores."""

from __future__ import annotations

from collections.abc import Iterator

from pycaddy.errors import NameClashError

__all__ = ["refuse_clash", "with_those_above"]


def with_those_above(path: str, kind: str) -> Iterator[tuple[str, str | None]]:
    """Yield each folder of *path* from the top, and the kind it must be; None above the last."""
    parts = path.split("/")
    for depth in range(1, len(parts) + 1):
        yield "/".join(parts[:depth]), kind if depth == len(parts) else None


def refuse_clash(folder: str, wanted: str | None, taken: str, kind: str) -> None:
    """Raise NameClashError if *folder* cannot be what is *taken* already as *kind*."""
    if taken != folder:
        raise NameClashError(
            f"The name {folder!r} differs only by case from {taken!r}, and many file systems "
            f"take the two for one folder. Use {taken!r} or another name.",
            name=folder,
            other=taken,
        )
    if wanted is not None and wanted != kind:
        raise NameClashError(
            f"The folder {folder!r} is used both for runs and, in PREFIX mode, for files of "
            f"the runs beside it. Use another name.",
            name=folder,
            other=taken,
        )
