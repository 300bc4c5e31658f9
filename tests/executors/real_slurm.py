"""A real Slurm on this machine: a controller and its nodes, on the loopback interface.

As whoever runs the tests, root or not, without systemd, munged, slurmdbd or cgroups, in a folder
that is thrown away.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

CONFIGURATION = """\
ClusterName=pycaddy
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
CredType=cred/none
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
SlurmdTimeout=5
KillWait=1
CompleteWait=0
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
NODE = "NodeName={name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} CPUs={cpus}"
PATIENCE_S = 60.0
USER = pwd.getpwuid(os.geteuid()).pw_name  # the environment may name another one


@dataclass(slots=True)
class Slurm:
    """A cluster that is up."""

    folder: Path
    nodes: tuple[str, ...]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What the programs of Slurm find it by."""
        return {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def ask(self, *command: str) -> list[str]:
        """The lines that a program of Slurm answers with."""
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, **self.environment},
        )
        return done.stdout.splitlines()

    def start(self, node: str) -> None:
        """Start the daemon of *node*."""
        self._start(node, "slurmd", "-D", "-N", node, "-f", self.environment["SLURM_CONF"])

    def crash(self, node: str) -> None:
        """What a power cut does to *node*: its daemon and all of its jobs are gone at once."""
        daemon = self.processes.pop(node)
        for pid in (daemon.pid, *processes_of_jobs(node, self.environment["SLURM_CONF"])):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        daemon.wait()

    def start_all(self) -> None:
        configuration = self.environment["SLURM_CONF"]
        self._start("controller", "slurmctld", "-D", "-c", "-f", configuration)
        for node in self.nodes:
            self.start(node)
        wait_until(lambda: self.ask("sinfo", "-h", "-N", "-o", "%T") == ["idle"] * len(self.nodes))

    def stop_all(self) -> None:
        self.ask("scancel", f"--user={USER}", "--signal=KILL", "--full")
        self.ask("scancel", f"--user={USER}")
        for node in tuple(self.processes)[1:]:
            self.crash(node)
        for process in self.processes.values():
            process.kill()
            process.wait()

    def _start(self, name: str, *command: str) -> None:
        self.processes[name] = subprocess.Popen(
            command,
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def real_slurm(nodes: int = 2, cpus: int = 1) -> Iterator[Slurm]:
    """Start a cluster of *nodes* with *cpus* each, and take it down afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pycaddy-slurm-"))
    names = tuple(f"n{number}" for number in range(1, nodes + 1))
    for name in ("state", *(f"spool-{name}" for name in names)):
        (folder / name).mkdir()
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    ports = free_ports(nodes + 1)
    lines = [
        NODE.format(name=name, port=port, cpus=cpus)
        for name, port in zip(names, ports[1:], strict=True)
    ]
    (folder / "slurm.conf").write_text(
        CONFIGURATION.format(port=ports[0], folder=folder, nodes="\n".join(lines), user=USER)
    )
    slurm = Slurm(folder, names)
    try:
        slurm.start_all()
        yield slurm
    finally:
        slurm.stop_all()
        shutil.rmtree(folder)


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def processes_of_jobs(node: str, configuration: str) -> list[int]:
    """The processes of the jobs on *node*, and the daemons that Slurm put over them."""
    wanted = {f"SLURMD_NODENAME={node}".encode(), f"SLURM_CONF={configuration}".encode()}
    found, daemons = [], set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if wanted <= set((entry / "environ").read_bytes().split(b"\0")):
                found.append(int(entry.name))
                daemons.add(parent_of(entry))
        except OSError:  # it has ended, or is another user's
            continue
    return [pid for pid in daemons if name_of(pid) == "slurmstepd"] + found


def parent_of(entry: Path) -> int:
    return int((entry / "stat").read_text().rpartition(")")[2].split()[1])


def name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def wait_until(condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
    """Look until *condition* holds; what never comes is an error, not a hang."""
    deadline = monotonic() + timeout_s
    while not condition():
        if monotonic() > deadline:
            raise TimeoutError(f"{condition} did not come true within {timeout_s:g} s")
