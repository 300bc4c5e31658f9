"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# No test asserts a time, property tests included: other work may slow the machine down.
settings.register_profile("no time", deadline=None)
settings.load_profile("no time")
