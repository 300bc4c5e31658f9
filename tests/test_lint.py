"""The checks of `python3 dev.py lint`, each a test of its own."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from dev import LINT
from tests.processes import finished

ROOT = Path(__file__).parents[1]


@pytest.mark.slow  # `python3 dev.py lint` runs the same checks
@pytest.mark.parametrize("check", LINT, ids=lambda check: " ".join(check[-2:]))
def test_the_code_passes(check: tuple[str, ...]) -> None:
    done = finished(sys.executable, *check, cwd=ROOT)
    if done.returncode:
        pytest.fail(f"{shlex.join(check)}\n\n{done.stdout}", pytrace=False)
