from __future__ import annotations

from collections.abc import Iterator

import pytest

from pycaddy.metrics.live import recorders


@pytest.fixture(autouse=True)
def _nothing_is_recorded_afterwards() -> Iterator[None]:
    yield
    for recorder in recorders.values():
        recorder.close()
    recorders.clear()
