"""The ledger: which runs there are, and who may do what to them."""

from __future__ import annotations

from pycaddy.ledger.ledger import Ledger
from pycaddy.records import FileRecord, Move, Owner, RunKey, RunRecord
from pycaddy.status import Status

__all__ = ["FileRecord", "Ledger", "Move", "Owner", "RunKey", "RunRecord", "Status"]
