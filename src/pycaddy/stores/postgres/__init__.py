"""The ledger in a PostgreSQL database, for many machines."""
