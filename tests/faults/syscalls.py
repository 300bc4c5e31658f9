"""System calls that fail when a test wants them to: a full or broken disk for everybody.

A filter of the kernel answers for the calling thread alone, for as long as it lives:
https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

NUMBERS = {
    "x86_64": {"write": 1, "pwrite64": 18, "fsync": 74, "fdatasync": 75, "ftruncate": 77},
    "aarch64": {"write": 64, "pwrite64": 67, "fsync": 82, "fdatasync": 83, "ftruncate": 46},
}

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD_WORD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
RET_ERRNO, RET_ALLOW = 0x00050000, 0x7FFF0000
NUMBER_AT, FIRST_ARGUMENT_AT = 0, 16


def without(
    work: Callable[..., T],
    *args: object,
    calls: Iterable[str],
    error: int,
    path: Path | None = None,
) -> T:
    """Call *work* in a thread of its own, whose *calls* fail with the errno *error*.

    The thread's own connection has to be open for the filter to know the file: *work* is called
    twice, and the first time nothing fails.

    Args:
        path: Fail only on descriptors of this file. None: on all.
    """

    def thread() -> T:
        work(*args)
        fail(calls, error, None if path is None else descriptors(path))
        return work(*args)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(thread).result()


def descriptors(path: Path) -> list[int]:
    """The descriptors under which this process has the file open."""
    found = []
    for number in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{number}") == str(path):
                found.append(int(number))
        except FileNotFoundError:  # the descriptor that listed them
            continue
    return found


def fail(calls: Iterable[str], error: int, fds: list[int] | None) -> None:
    """From now on the *calls* of this thread fail, on the descriptors *fds* or on all."""
    numbers = NUMBERS[platform.machine()]
    program = []
    for call in calls:
        program.append(statement(LOAD_WORD, NUMBER_AT))
        if fds is None:
            program.append(jump(JUMP_EQUAL, numbers[call], otherwise=1))
            program.append(statement(RETURN, RET_ERRNO | error))
            continue
        tests = [statement(LOAD_WORD, FIRST_ARGUMENT_AT)]
        for fd in fds:
            tests.append(jump(JUMP_EQUAL, fd, otherwise=1))
            tests.append(statement(RETURN, RET_ERRNO | error))
        program.append(jump(JUMP_EQUAL, numbers[call], otherwise=len(tests)))
        program.extend(tests)
    program.append(statement(RETURN, RET_ALLOW))
    install(program)


def statement(code: int, value: int) -> bytes:
    return struct.pack("HBBI", code, 0, 0, value)


def jump(code: int, value: int, *, otherwise: int) -> bytes:
    """Go on if equal, else leave out so many steps."""
    return struct.pack("HBBI", code, 0, otherwise, value)


def install(program: list[bytes]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    steps = ctypes.create_string_buffer(b"".join(program))
    filter_ = struct.pack("HL", len(program), ctypes.addressof(steps))
    for call in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_, 0, 0),
    ):
        if libc.prctl(*call) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
