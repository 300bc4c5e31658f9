"""Run by the Python that has pycaddy 0.2: writes a project, or hashes of params.

    earlier_project.py write ROOT MODE NUMBER   a project of NUMBER runs of "train", and some others
    earlier_project.py hash                     a hash for each line of JSON on the standard input
    earlier_project.py hold ROOT                hold the lock on the ledger until the input ends

What is written is described by `tests/interop/earlier.py`, which both sides read.
"""

from __future__ import annotations

import json
import sys

import earlier
from pycaddy.dict_utils import hash_dict
from pycaddy.project.structs import ExistingRun

from pycaddy.project import Project, StorageMode


def write(root: str, mode: str, number: str) -> None:
    project = Project(root=root, storage_mode=StorageMode[mode])
    project.ensure_folder()
    for place in (project, project.sub("imagenet").sub("randaug")):
        for position, params in enumerate(earlier.configs(int(number))):
            run = place.session("train", params=params, existing_run_strategy=ExistingRun.NEW)
            status = earlier.status_of(position)
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
    plain = project.session("eval")
    plain.done()


def hold(root: str) -> None:
    with Project(root=root).ledger._file_lock:
        print("held", flush=True)
        sys.stdin.read()


match sys.argv[1]:
    case "write":
        write(*sys.argv[2:])
    case "hash":
        for line in sys.stdin:
            print(hash_dict(json.loads(line)))
    case "hold":
        hold(sys.argv[2])
