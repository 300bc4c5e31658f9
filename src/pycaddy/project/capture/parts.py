"""What can be captured, by name."""

from __future__ import annotations

__all__ = ["DEFAULT", "PARTS", "Parts", "parse_parts"]

Parts = tuple[str, ...]

PARTS = ("command", "commit", "git", "machine", "packages", "env", "output")
DEFAULT = "command,commit,machine"


def parse_parts(words: object) -> Parts:
    """Return the parts that *words* name ("git,env"), in the order of `PARTS`.

    Where anything is captured the command is, too: it costs nothing, and nothing can be run
    again without it. "git" is "commit" and more.

    Raises:
        TypeError: *words* is no text and not None.
        ValueError: It names a part that does not exist.
    """
    if words is None:
        return ()
    if not isinstance(words, str):
        raise TypeError(f"capture must be a text such as 'git,env', or None, not {words!r}.")
    named = {word.strip() for word in words.split(",")} - {""}
    if unknown := sorted(named - set(PARTS)):
        raise ValueError(
            f"capture={words!r} names {unknown[0]!r}. There is {', '.join(PARTS)}; None captures "
            "nothing."
        )
    if named:
        named.add("command")
    if "git" in named:
        named.discard("commit")
    return tuple(part for part in PARTS if part in named)
