"""A process that writes to a ledger as if on the host of its name, over a network file system.

Run as `python host.py LEDGER HOST LEASE_S`; each line on its standard input makes it write once,
and it answers with a line: "written", or the name of the error and its message.
"""

from __future__ import annotations

import sys

from pycaddy.errors import PycaddyError
from pycaddy.records import NewRun
from pycaddy.stores import _one_host, _sqlite_file
from pycaddy.stores.sqlite import SqliteStore


def main(path: str, host: str, lease_s: str) -> None:
    _sqlite_file.is_network = lambda _: True
    _one_host.host_name = lambda: host
    _one_host.LEASE_S = float(lease_s)
    _one_host.BEAT_S = 0.05
    _one_host._POLL_S = 0.01
    store = SqliteStore(path)
    for _ in sys.stdin:
        try:
            store.create(NewRun("", "train", "{}", "0" * 64))
        except PycaddyError as error:
            print(type(error).__name__, error, flush=True)
        else:
            print("written", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
