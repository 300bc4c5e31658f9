"""Where runs are kept: one protocol, one module per engine."""

from __future__ import annotations

from pycaddy.stores.protocol import Choose, Identifier, Selection, Store

__all__ = ["Choose", "Identifier", "Selection", "Store"]
