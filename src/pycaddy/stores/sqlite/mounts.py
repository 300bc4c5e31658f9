"""Which file systems another machine can write to at the same time."""

from __future__ import annotations

import os
import re

__all__ = ["is_network"]

_NETWORK = re.compile(
    r"nfs\d?|lustre|gpfs|mmfs|cifs|smb\d?|smbfs|9p|virtiofs|afs|ceph|glusterfs|beegfs|orangefs|"
    r"pvfs2|gfs2|ocfs2|panfs|wekafs|dvs|coda|vboxsf|vmhgfs|prl_fs|fuse|"
    r"fuse\.(?!fuseblk|ntfs|exfat|overlayfs|fuse-overlayfs|gocryptfs|encfs|bindfs).*"
)
_ESCAPE = re.compile(r"\\([0-7]{3})")


def is_network(path: str, mountinfo: str = "/proc/self/mountinfo") -> bool:
    """Whether *path*, an existing folder, lies on a file system that machines share.

    Args:
        mountinfo: The kernel's list of mounts, see proc(5). Where there is none (macOS,
            Windows) every file system counts as local.
    """
    try:
        with open(mountinfo, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.readlines()
    except OSError:
        return False
    return _NETWORK.fullmatch(_file_system(os.path.realpath(path), lines)) is not None


def _file_system(path: str, lines: list[str]) -> str:
    """Return the type of the mount that *path* lies on: the longest mount point above it."""
    best, kind = "", ""
    for line in lines:
        before, _, after = line.partition(" - ")
        point = _ESCAPE.sub(lambda m: chr(int(m[1], 8)), before.split(" ")[4])
        above = point.rstrip("/") + "/"
        # Of two mounts on one point, the later one hides the earlier.
        if f"{path}/".startswith(above) and len(above) >= len(best):
            best, kind = above, after.split(" ")[0]
    return kind
