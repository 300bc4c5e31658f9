"""Where the page's own files are: the build makes them from the modules in `ui/`."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FOLDER", "built"]

FOLDER = Path(__file__).parent / "static"


def built(name: str) -> str:
    """Return the text of a file such as "index.html".

    Raises:
        FileNotFoundError: This is a checkout, and its page was not made yet.
    """
    path = FOLDER / name
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        message = "The page was not made yet in this checkout. Run: python3 dev.py ui"
        raise FileNotFoundError(error.errno, message, str(path)) from error
