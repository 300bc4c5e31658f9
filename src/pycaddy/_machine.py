"""Which machine this is: names that no other one, and no other start of it, shares."""

from __future__ import annotations

import functools
import os

__all__ = ["boot_id", "host_name", "pid_namespace"]


@functools.cache
def boot_id() -> str:
    """Return the kernel's id of this boot; "" where there is none (macOS, Windows)."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


@functools.cache
def pid_namespace() -> str:
    """Return the name of the namespace that pids are counted in; "" where there is one only."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


@functools.cache
def host_name() -> str:
    """Return what the machine calls itself."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
