"""Groups whose commands are imported when they are called."""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword
from typing import Any

import click

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """A group with a command per name, each in a module of that name in the package *home*."""

    def __init__(self, *args: Any, home: str, names: tuple[str, ...], **options: Any) -> None:
        super().__init__(*args, **options)
        self._home = home
        self._names = names

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._names:
            return None
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(import_module(f"{self._home}.{name}"), name)
        return command
