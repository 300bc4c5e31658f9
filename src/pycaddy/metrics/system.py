"""What the machine does meanwhile: processor, memory and NVIDIA devices."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from pycaddy._extras import require
from pycaddy.errors import PycaddyError

__all__ = ["sample", "watch"]

Log = Callable[[Mapping[str, float]], None]


def watch(log: Log, every_s: float) -> None:
    """Give the figures to *log* from a thread, now and every *every_s* seconds.

    It ends when *log* raises because the run has ended.

    Raises:
        MissingExtraError: psutil is not installed.
    """
    if not every_s > 0:
        raise ValueError(f"every_s must be more than 0 seconds, not {every_s!r}.")
    process = require("psutil", "system").Process()
    devices = _devices()
    sample(process, devices)  # the use of the processor is counted from here on
    arguments = (log, every_s, process, devices)
    threading.Thread(target=_run, args=arguments, name="pycaddy-system", daemon=True).start()


def sample(process: Any, devices: list[Any]) -> dict[str, float]:
    """Return the figures of the moment.

    cpu_percent: of one core, by this process since the last time (two busy threads make 200).
    memory_mib: what it has in memory. machine_*: of everything that runs.
    """
    psutil = require("psutil", "system")
    memory = psutil.virtual_memory()
    return {
        "system/cpu_percent": process.cpu_percent(),
        "system/memory_mib": process.memory_info().rss / 2**20,
        "system/machine_cpu_percent": psutil.cpu_percent(),
        "system/machine_memory_percent": memory.percent,
        **dict(_of_devices(devices)),
    }


def _run(log: Log, every_s: float, process: Any, devices: list[Any]) -> None:
    pause = threading.Event()
    with suppress(PycaddyError):  # the run has ended
        while True:
            log(sample(process, devices))
            pause.wait(every_s)


def _devices() -> list[Any]:
    """Return handles on the NVIDIA devices; [] where there are none."""
    try:
        import pynvml
    except ModuleNotFoundError:
        return []
    try:
        pynvml.nvmlInit()
        return [
            pynvml.nvmlDeviceGetHandleByIndex(number)
            for number in range(pynvml.nvmlDeviceGetCount())
        ]
    except pynvml.NVMLError:  # no driver
        return []


def _of_devices(devices: list[Any]) -> Iterator[tuple[str, float]]:
    if not devices:
        return
    import pynvml

    for number, device in enumerate(devices):
        with suppress(pynvml.NVMLError):  # not every device tells everything
            memory = pynvml.nvmlDeviceGetMemoryInfo(device)
            yield f"system/gpu{number}/memory_mib", memory.used / 2**20
            used = pynvml.nvmlDeviceGetUtilizationRates(device)
            yield f"system/gpu{number}/percent", float(used.gpu)
            yield (
                f"system/gpu{number}/celsius",
                float(pynvml.nvmlDeviceGetTemperature(device, pynvml.NVML_TEMPERATURE_GPU)),
            )
            yield f"system/gpu{number}/watts", pynvml.nvmlDeviceGetPowerUsage(device) / 1000
