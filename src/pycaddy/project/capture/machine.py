"""What a machine is made of, as far as it tells at once."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

__all__ = ["machine_facts"]

_GPUS = "/proc/driver/nvidia/gpus"
_BEGINNING = 4096  # of /proc/cpuinfo: the kernel writes all of it only for who reads on


def machine_facts() -> dict[str, Any]:
    """Return the processor, the cores that this process may use, the memory and the GPUs."""
    return {
        "cpu": _named(_beginning("/proc/cpuinfo"), "model name"),
        "cores": _cores(),
        "memory_bytes": _memory(),
        "gpus": _gpus(),
    }


def _cores() -> int | None:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _memory() -> int | None:
    with suppress(ValueError, OSError, AttributeError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


def _gpus() -> list[str]:
    """Return the models of NVIDIA's devices, from its driver: no library is needed."""
    try:
        found = sorted(os.listdir(_GPUS))
    except OSError:
        return []
    return [_named(_beginning(f"{_GPUS}/{name}/information"), "Model") or name for name in found]


def _beginning(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(_BEGINNING)
    except OSError:
        return ""


def _named(text: str, name: str) -> str | None:
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon and key.strip() == name:
            return value.strip()
    return None
