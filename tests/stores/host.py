"""A process that writes to a ledger as if on the host of its name, over a network file system.

Run as `python host.py LEDGER HOST LEASE_S`; each line on its standard input makes it write once,
and it answers with a line: "written", or the name of the error and its message.
"""

from __future__ import annotations

import sys

from pycaddy.errors import PycaddyError
from pycaddy.records import NewRun
from pycaddy.stores.sqlite import file, one_host
from pycaddy.stores.sqlite.store import SqliteStore


def main(path: str, host: str, lease_s: str) -> None:
    file.is_network = lambda _: True
    one_host.host_name = lambda: host
    one_host.LEASE_S = float(lease_s)
    one_host.BEAT_S = 0.05
    one_host._POLL_S = 0.01
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
