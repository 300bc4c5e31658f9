"""Where runs are kept: one protocol, one module per engine."""

from __future__ import annotations

from pycaddy.stores._rows import new as new_record
from pycaddy.stores.protocol import Choose, Decide, Facts, Identifier, Selection, Store

__all__ = ["Choose", "Decide", "Facts", "Identifier", "Selection", "Store", "new_record"]
