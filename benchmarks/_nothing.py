"""The function whose runs cost nothing. A module of its own: each worker imports it."""

__all__ = ["nothing"]


def nothing(run: object) -> None:
    pass
