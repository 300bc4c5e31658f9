"""Where runs are kept: one protocol, one module per engine."""

from __future__ import annotations

from pycaddy.stores.protocol import Choose, Decide, Facts, Identifier, Selection, Store
from pycaddy.stores.rows import new_record

__all__ = ["Choose", "Decide", "Facts", "Identifier", "Selection", "Store", "new_record"]
