"""The ledger: which runs there are, and who may do what to them."""

from __future__ import annotations

from pycaddy.codec import FileRecord, Move, Owner
from pycaddy.ledger.ledger import Ledger
from pycaddy.records import RunKey, RunRecord
from pycaddy.status import Status

__all__ = ["FileRecord", "Ledger", "Move", "Owner", "RunKey", "RunRecord", "Status"]
