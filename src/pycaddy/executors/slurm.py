"""Work on Slurm: what a job array is to have, and the few programs that handle it.

An array's tasks are workers. Which runs are left, and how each ended, only the ledger knows:
Slurm's own records need a database that many clusters do not run (`sacct`).
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subprocess import CompletedProcess

__all__ = ["LARGEST_ARRAY", "SlurmExecutor", "cancel_waiting", "living_tasks", "script", "submit"]

# Slurm's default for MaxArraySize is 1001, which is the first index that is too large.
LARGEST_ARRAY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SlurmExecutor:
    """How `Project.run` uses Slurm: what each task of its job arrays gets.

    A task does one run after another, each in a process of its own, so that the resources of a
    task are those of a run.
    """

    partition: str | None = None
    """Where to run. None: the cluster's default."""
    cpus: int = 1
    """Cores of a task."""
    mem: str | None = None
    """Memory of a task, as sbatch has it ("4G"). None: the cluster's default."""
    minutes: int | None = None
    """How long a task may take: at least as long as the longest run. A task begins another run
    only if the longest one so far would fit into what is left. None: the cluster's default."""
    options: Sequence[str] = ()
    """Further options of sbatch ("--constraint=a100", "--account=physics")."""
    setup: Sequence[str] = ()
    """Lines of shell that a task runs before Python ("module load cuda")."""
    max_lost: int = 10
    """How often a run may lose its process to a preemption or to a node that fails, before it
    counts as failed. What it raises itself counts as one of `retries`."""
    detach: bool = False
    """Return once the array is submitted. Call `run` again to see how far it is."""
    poll_s: float = 5.0
    """Seconds between two looks at the ledger and at the queue."""


def script(
    slurm: SlurmExecutor, name: str, log_folder: str, command: Sequence[str], gpus: int
) -> str:
    """Return the batch script of the job *name*, whose tasks run the program *command*.

    Args:
        log_folder: Where what a task prints goes, a file each.
        gpus: Devices of a task.
    """
    # In the pattern of a file's name, %% stands for one %.
    log = log_folder.replace("%", "%%") + "/%A_%a.log"
    options = [
        f"--job-name={name}",
        f"--output={log}",
        "--open-mode=append",  # a task that is requeued goes on in its own log
        "--requeue",
        f"--cpus-per-task={slurm.cpus}",
        *([f"--partition={slurm.partition}"] if slurm.partition else []),
        *([f"--mem={slurm.mem}"] if slurm.mem else []),
        *([f"--time={slurm.minutes}"] if slurm.minutes else []),
        *([f"--gres=gpu:{gpus}"] if gpus else []),
        *slurm.options,
    ]
    lines = ["#!/bin/sh", *(f"#SBATCH {_quoted(option)}" for option in options), *slurm.setup]
    # exec: Slurm's signals reach the program itself, not a shell that waits for it.
    return "\n".join([*lines, f"exec {shlex.join(command)}", ""])


def submit(batch_script: str, tasks: int, at_a_time: int | None) -> str:
    """Submit an array of *tasks*, *at_a_time* of which may run together, and return its id.

    Raises:
        ValueError: There is no Slurm here, or it refuses the job; the message has its reason.
    """
    limit = f"%{at_a_time}" if at_a_time else ""
    done = _call("sbatch", "--parsable", f"--array=0-{tasks - 1}{limit}", text=batch_script)
    if done.returncode:
        raise ValueError(
            f"Slurm refused the job: {done.stderr.strip()} Look at the options given to "
            "SlurmExecutor(...)."
        )
    return done.stdout.strip().partition(";")[0]


def living_tasks(name: str) -> int | None:
    """Return how many tasks of *name* wait or run; None if Slurm does not answer just now."""
    done = _call("squeue", "--noheader", "--array", f"--name={name}", "--format=%i")
    if done.returncode:
        from logging import getLogger

        getLogger("pycaddy").warning("Slurm was asked in vain: %s", done.stderr.strip())
        return None
    return len(done.stdout.split())


def cancel_waiting(name: str) -> None:
    """Take the tasks of *name* that have not begun out of the queue."""
    _call("scancel", f"--name={name}", "--state=PENDING")


def _call(*command: str, text: str = "") -> CompletedProcess[str]:
    import subprocess

    try:
        return subprocess.run(command, check=False, capture_output=True, input=text, text=True)
    except FileNotFoundError as error:
        raise ValueError(
            f"executor='slurm' needs Slurm's {command[0]}, which is not on the PATH. Run this "
            "where jobs are submitted, on a login node."
        ) from error


def _quoted(option: str) -> str:
    """Return *option* as sbatch reads it in a script: quoted if it holds a space."""
    return f'"{option}"' if any(character.isspace() for character in option) else option
