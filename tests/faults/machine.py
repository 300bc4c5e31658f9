"""A worker as if on the machine of its name, with a short lease.

Run as `python machine.py ROOT URL HOST RUNS LEASE_S`. It says "claimed I ATTEMPT" for each run that
it claims, waits for a line, tries to end the run, and says "done" or the name of the error.
"""

from __future__ import annotations

import sys

from pycaddy import DictSweep, Project
from pycaddy.errors import PycaddyError
from pycaddy.ledger import liveness, owner
from pycaddy.stores import lease


def main(root: str, url: str, host: str, runs: str, lease_s: str) -> None:
    owner.host_name = lambda: host
    owner.boot_id = lambda: f"the boot of {host}"
    lease.LEASE_S = float(lease_s)
    liveness.BEAT_S = float(lease_s) / 10
    project = Project(root, ledger=url, name="two machines")
    sweep = DictSweep({"i": list(range(int(runs)))})
    for run in project.claim("grid", sweep, wait=True):
        print("claimed", run.params["i"], run.attempt, flush=True)
        sys.stdin.readline()
        try:
            run.done()
        except PycaddyError as error:
            print(type(error).__name__, flush=True)
        else:
            print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
