from __future__ import annotations

import os

LONG = os.environ.get("PYCADDY_FAULTS") == "long"
"""Break things as often as PROMISES.md says, not only as often as a change can wait for."""
