"""A project that people have worked with, made up from a seed."""

from __future__ import annotations

import random

from pycaddy.project import ExistingRun, Project, Session, StorageMode
from pycaddy.status import Status


def live(project: Project, seed: int, steps: int = 60) -> None:
    """Do *steps* things that people do with their runs."""
    chance = random.Random(seed)
    runs: list[Session] = []
    for _ in range(steps):
        if not runs or chance.random() < 0.4:
            runs.append(_open(project, chance))
            continue
        run = chance.choice(runs)
        record = run.record
        if record.trashed_us is not None:
            project.restore(str(record.key))
        elif record.status is Status.PENDING:
            chance.choice((run.start, run.start, run.done))()
        elif record.status is Status.RUNNING:
            _work(run, chance)
        elif chance.random() < 0.3:
            run.remove()
            runs.remove(run)
        else:
            run.attach_files({f"later{len(record.files)}": run.path("later.txt")})


def _open(project: Project, chance: random.Random) -> Session:
    home = (
        project.sub(chance.choice(("vision", "vision/augmented")))
        if chance.random() < 0.4
        else (project)
    )
    return home.session(
        chance.choice(("train", "größe", "eval")),
        {"x": chance.randrange(5), "net": {"act": "ré", "nan": float("nan")}},
        ExistingRun.NEW,
        chance.choice(tuple(StorageMode)),
    )


def _work(run: Session, chance: random.Random) -> None:
    match chance.randrange(4):
        case 0:
            run.error("first line\nout of memory 💥")
        case 1:
            path = run.path("ckpt/weights.bin")
            path.write_bytes(chance.randbytes(10))
            run.attach_files({f"weights{len(run.record.files)}": path}, hash=True)
        case 2:
            run.result = {"loss": chance.random(), "text": "größer"}
        case _:
            run.done()
