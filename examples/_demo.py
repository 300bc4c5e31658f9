"""What `digits_grid.py --demo` adds: kill the script halfway, start it again, and compare."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from pycaddy import Project, RunRecord, Status

Runs = dict[str, RunRecord]  # by uid
Files = dict[Path, tuple[int, str]]  # when it was written, in nanoseconds, and its SHA-256


@dataclass(frozen=True, slots=True)
class Study:
    """A script that trains every configuration of *grid* in *project*."""

    script: Path
    project: Project
    grid: list[dict[str, Any]]

    def runs(self, status: Status | None = None) -> Runs:
        return {run.uid: run.record for run in self.project.sessions("train", status=status)}

    def done(self) -> int:
        """Count the configurations that are done."""
        params = [run.params for run in self.runs(Status.DONE).values()]
        return sum(config in params for config in self.grid)

    def files(self) -> Files:
        """Look at every file in the folders of the DONE runs."""
        folders = [self.project.root / run.layout.folder for run in self.runs(Status.DONE).values()]
        paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        return {path: (path.stat().st_mtime_ns, sha256(path)) for path in paths}


def demo(
    script: Path, project: Project, grid: list[dict[str, Any]], table: Callable[[Project], Table]
) -> int:
    """Show *script* killed and started again, its results, and where they lie.

    Returns:
        The exit code: 0 if it kept what it promises.
    """
    console = Console(highlight=False)
    as_promised = show(Study(script, project, grid), console)
    console.print(table(project))
    folder = shown(project.root)
    console.print(f"Each run has its folder in {folder}/train. To list them all:", soft_wrap=True)
    console.print(f"  {pycaddy()} ls -p {folder}", soft_wrap=True)
    return 0 if as_promised else 1


def show(study: Study, console: Console) -> bool:
    """Kill the script halfway and start it again; return whether it kept what it promises."""
    done, killed = study.done(), None
    if done < len(study.grid):
        killed = start(study, console, kill_at=(done + len(study.grid)) // 2)
    else:
        console.print(
            f"Everything in {shown(study.project.root)} was done already. "
            "To see it killed, remove that folder or name another.\n",
            soft_wrap=True,
        )
    missing, runs, files = len(study.grid) - study.done(), study.runs(), study.files()
    start(study, console)
    console.print()
    facts = [*kept(study, runs, files), *added(study, runs, missing, killed)]
    yes = "✓" if console.encoding.startswith("utf") else "ok"
    for holds, fact in facts:
        console.print(f"[green]{yes}[/]" if holds else "[bold red]NOT SO:[/]", fact)
    return all(holds for holds, _ in facts)


def start(study: Study, console: Console, *, kill_at: int | None = None) -> RunRecord | None:
    """Run the script to its end, or until *kill_at* configurations are done and one is begun.

    Returns:
        The run that it was killed in.
    """
    typed = f"$ python {shown(study.script)} {shown(study.project.root)}"
    console.print(typed, style="bold", soft_wrap=True)
    command = [sys.executable, "-u", str(study.script), str(study.project.root)]
    columns = TextColumn("training"), BarColumn(), MofNCompleteColumn()
    killed = None
    with (
        Progress(*columns, console=console) as progress,
        subprocess.Popen(command, stdout=subprocess.PIPE) as script,
    ):
        bar = progress.add_task("", total=len(study.grid))
        for _ in script.stdout or ():  # a line when a run begins
            progress.update(bar, completed=(done := study.done()))
            if kill_at is not None and done >= kill_at and (killed := kill(script, study)):
                break
        progress.update(bar, completed=study.done())
    if killed:
        console.print(f"[bold red]Killed[/] with SIGKILL in the middle of {killed.key}.\n")
    elif script.returncode:
        sys.exit(f"{shown(study.script)} ended with exit code {script.returncode}.")
    return killed


def kill(script: subprocess.Popen[bytes], study: Study) -> RunRecord | None:
    """Kill *script* if it is in the middle of a run, and return that run."""
    # Stopped, it cannot end the run between the look and the kill.
    script.send_signal(signal.SIGSTOP)
    os.waitpid(script.pid, os.WUNTRACED)
    for record in study.runs(Status.RUNNING).values():
        if record.owner and record.owner.pid == script.pid:
            script.kill()
            return record
    script.send_signal(signal.SIGCONT)
    return None


def kept(study: Study, runs: Runs, files: Files) -> Iterator[tuple[bool, str]]:
    """Yield whether the DONE runs are as they were before, *runs* and *files*."""
    now = study.runs()
    done = {uid: record for uid, record in runs.items() if record.status is Status.DONE}
    yield (
        all(now.get(uid) == record for uid, record in done.items()),
        f"The {len(done)} runs that were DONE are untouched: uid, attempt, history, result.",
    )
    yield (
        files.items() <= study.files().items(),
        f"So are their {len(files)} files: time of writing and SHA-256.",
    )
    yield not study.project.verify(data=True), "Every attached file is as its run recorded it."


def added(
    study: Study, runs: Runs, missing: int, killed: RunRecord | None
) -> Iterator[tuple[bool, str]]:
    """Yield whether the runs that came after *runs* are the *missing* ones."""
    now = study.runs()
    new = [record for uid, record in now.items() if uid not in runs]
    yield (
        len(new) == missing
        and all(record.status is Status.DONE and record.attempt == 1 for record in new),
        f"The last start trained what was missing, once, and nothing else: {missing} runs.",
    )
    if killed:
        heirs = [str(run.key) for run in new if run.param_hash == killed.param_hash]
        yield (
            study.project.ledger.is_stale(now[killed.uid]) and len(heirs) == 1,
            f"{killed.key} is stale, its process is gone; {', '.join(heirs)} took its place.",
        )
    params = [record.params for record in now.values() if record.status is Status.DONE]
    yield (
        all(params.count(config) == 1 for config in study.grid),
        f"Each of the {len(study.grid)} configurations has exactly one DONE run.",
    )


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def shown(path: Path) -> str:
    """Return *path* as somebody in this folder would write it."""
    path, here = path.absolute(), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def pycaddy() -> str:
    """Return the command's name, or its path where it is not on PATH."""
    return "pycaddy" if shutil.which("pycaddy") else shown(Path(sys.executable).parent / "pycaddy")
