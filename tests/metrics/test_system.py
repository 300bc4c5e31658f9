from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pycaddy import Project
from pycaddy.errors import MissingExtraError
from pycaddy.metrics import system

PLAIN = {
    "system/cpu_percent",
    "system/memory_mib",
    "system/machine_cpu_percent",
    "system/machine_memory_percent",
}


def test_the_machine_is_watched_until_the_run_ends(tmp_path: Path) -> None:
    run = Project(tmp_path).session("train").start().log_system(every_s=0.01)
    while run.metrics().get("system/memory_mib", {"count": 0})["count"] < 3:
        pass
    run.done()
    for thread in threading.enumerate():
        if thread.name == "pycaddy-system":
            thread.join()
    summary = run.record.summary
    assert summary.keys() >= PLAIN
    assert summary["system/memory_mib"]["min"] > 1
    assert 0 < summary["system/machine_memory_percent"]["max"] <= 100


@pytest.mark.parametrize("every_s", [0, -1.0, float("nan")])
def test_a_time_between_points_is_positive(tmp_path: Path, every_s: float) -> None:
    with pytest.raises(ValueError, match="every_s"):
        Project(tmp_path).session("train").start().log_system(every_s)


def test_without_psutil_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pycaddy\[system\]'"):
        Project(tmp_path).session("train").start().log_system()


class NoDriverError(Exception):
    pass


def fake_nvml(devices: int) -> Any:
    """What nvidia-ml-py offers on a machine with devices: there is none to test with."""

    def init() -> None:
        if not devices:
            raise NoDriverError

    def no_power(device: int) -> int:
        raise NoDriverError

    return SimpleNamespace(
        NVMLError=NoDriverError,
        NVML_TEMPERATURE_GPU=0,
        nvmlInit=init,
        nvmlDeviceGetCount=lambda: devices,
        nvmlDeviceGetHandleByIndex=lambda number: number,
        nvmlDeviceGetMemoryInfo=lambda device: SimpleNamespace(used=(device + 1) << 30),
        nvmlDeviceGetUtilizationRates=lambda device: SimpleNamespace(gpu=50 + device),
        nvmlDeviceGetTemperature=lambda device, kind: 40,
        nvmlDeviceGetPowerUsage=no_power,
    )


@pytest.mark.parametrize("devices", [0, 2])
def test_devices_are_watched_where_there_are_any(
    monkeypatch: pytest.MonkeyPatch, devices: int
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml(devices))
    seen: list[Mapping[str, float]] = []
    done = threading.Event()

    def log(values: Mapping[str, float]) -> None:
        seen.append(values)
        done.set()
        raise MissingExtraError("the run has ended", extra="none")

    system.watch(log, 1.0)
    done.wait()
    found = {name: value for name, value in seen[0].items() if name not in PLAIN}
    expected = {}
    for number in range(devices):
        expected |= {
            f"system/gpu{number}/memory_mib": 1024.0 * (number + 1),
            f"system/gpu{number}/percent": 50.0 + number,
            f"system/gpu{number}/celsius": 40.0,
        }
    assert found == expected
