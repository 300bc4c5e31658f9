"""Run by the Python that has pycaddy 0.2: writes a project, or hashes params.

program.py write ROOT MODE NUMBER   a project of NUMBER runs, as many in a sub-project, and one
program.py hash                     a hash for each line of JSON on the standard input
program.py hold ROOT                hold the lock on the ledger until the input ends
"""

from __future__ import annotations

import json
import sys

from contents import configs, status_of
from pycaddy.dict_utils import hash_dict
from pycaddy.project.structs import ExistingRun

from pycaddy.project import Project, StorageMode


def write(root: str, mode: str, number: str) -> None:
    project = Project(root=root, storage_mode=StorageMode[mode])
    project.ensure_folder()
    for place in (project, project.sub("imagenet").sub("randaug")):
        for position, params in enumerate(configs(int(number))):
            run = place.session("train", params=params, existing_run_strategy=ExistingRun.NEW)
            status = status_of(position)
            if status == "pending":
                continue
            run.start()
            path = run.path("model.pt")
            path.write_text(f"{position}")
            run.attach_files({"model": path})
            if status == "done":
                run.done()
            elif status == "error":
                run.error()
    project.session("eval").done()


def hold(root: str) -> None:
    with Project(root=root).ledger._file_lock:
        print("held", flush=True)
        sys.stdin.read()


match sys.argv[1]:
    case "write":
        write(*sys.argv[2:])
    case "hash":
        for line in sys.stdin:
            print(hash_dict(json.loads(line)), flush=True)
    case "hold":
        hold(sys.argv[2])
