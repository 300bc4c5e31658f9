"""What a type checker infers of the public names. mypy reads this file, nothing runs it."""

from __future__ import annotations

from typing import assert_type

from pycaddy.errors import PycaddyError, RunNotFoundError


def message_of_an_error(error: PycaddyError) -> None:
    assert_type(error.message, str)


def an_error_is_also_the_builtin_that_people_catch(error: RunNotFoundError) -> KeyError:
    return error
