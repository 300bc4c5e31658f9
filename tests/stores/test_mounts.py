"""File systems that machines share are told by the kernel's list of mounts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from pycaddy.stores.sqlite import file
from pycaddy.stores.sqlite.mounts import is_network
from pycaddy.stores.sqlite.store import SqliteStore
from pycaddy.testing import new_run
from tests.stores.conftest import connection_of

Ask = Callable[..., bool]

ROOT = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw"


def mount(point: str, kind: str, *, number: int = 30, optional: str = "shared:2 master:1") -> str:
    return f"{number} 22 0:{number} / {point} rw,nosuid {optional} - {kind} source rw".replace(
        "  ", " "
    )


@pytest.fixture
def asked(tmp_path: Path) -> Ask:
    """Whether a path would be on a network, were these lines the kernel's."""
    mountinfo = tmp_path / "mountinfo"

    def ask(path: str, *lines: str) -> bool:
        mountinfo.write_bytes("\n".join((ROOT, *lines, "")).encode(errors="surrogateescape"))
        return is_network(path, str(mountinfo))

    return ask


NETWORK = (
    "nfs nfs4 lustre gpfs mmfs cifs smb3 smbfs 9p virtiofs afs ceph glusterfs beegfs orangefs "
    "pvfs2 gfs2 ocfs2 panfs wekafs dvs coda vboxsf vmhgfs prl_fs "
    "fuse fuse.sshfs fuse.glusterfs fuse.ceph fuse.rclone fuse.s3fs fuse.beegfs"
)
LOCAL = (
    "ext4 xfs btrfs zfs tmpfs overlay bcachefs f2fs vfat exfat ntfs3 squashfs ramfs "
    "fuse.ntfs-3g fuse.exfat fuse.fuse-overlayfs fuse.gocryptfs fuse.encfs fuse.bindfs"
)


@pytest.mark.parametrize("kind", NETWORK.split())
def test_a_shared_file_system_is_known_by_its_type(asked: Ask, kind: str) -> None:
    assert asked("/data/results", mount("/data", kind))


@pytest.mark.parametrize("kind", LOCAL.split())
def test_a_local_file_system_is_known_by_its_type(asked: Ask, kind: str) -> None:
    assert not asked("/data/results", mount("/data", kind))


@pytest.mark.parametrize(
    ("path", "shared"),
    [
        ("/net", True),
        ("/net/ada/results", True),
        ("/network", False),
        ("/net/ada/scratch", False),
        ("/net/ada/scratch/deep/results", False),
        ("/net/ada/scratch2", True),
        ("/", False),
    ],
)
def test_the_longest_mount_point_above_a_path_counts(asked: Ask, path: str, shared: bool) -> None:
    mounts = [mount("/net/ada/scratch", "xfs", number=31), mount("/net", "nfs4")]
    assert asked(path, *mounts) is shared
    assert asked(path, *reversed(mounts)) is shared


def test_of_mounts_on_one_point_the_latest_counts(asked: Ask) -> None:
    stacked = [mount("/data", "ext4", number=31), mount("/data", "nfs4", number=32)]
    assert asked("/data/results", *stacked)
    assert not asked("/data/results", *reversed(stacked))
    assert asked("/results", mount("/", "nfs4"))


@pytest.mark.parametrize(
    ("point", "path"),
    [
        (r"/my\040data", "/my data/results"),
        (r"/tab\011here", "/tab\there/results"),
        (r"/back\134slash", "/back\\slash/results"),
        ("/größe", "/größe/results"),
        ("/b\udcffd", "/b\udcffd/results"),
    ],
)
def test_mount_points_are_unescaped(asked: Ask, point: str, path: str) -> None:
    assert asked(path, mount(point, "nfs4"))
    assert not asked("/my", mount(point, "nfs4"))


def test_a_bind_mount_has_the_type_of_what_it_shows(asked: Ask) -> None:
    bound = "40 22 0:30 /ada/results /srv/results rw - nfs4 server:/export rw"
    assert asked("/srv/results", bound)


@pytest.mark.parametrize("optional", ["", "shared:2", "shared:2 master:1 propagate_from:3"])
def test_optional_fields_may_be_there_or_not(asked: Ask, optional: str) -> None:
    assert asked("/data", mount("/data", "nfs4", optional=optional))


def test_a_link_is_followed_to_where_the_files_are(asked: Ask, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    on_network = mount(f"{tmp_path}/real", "nfs4")
    assert asked(f"{tmp_path}/link", on_network)


def test_without_a_list_of_mounts_everything_is_local(tmp_path: Path) -> None:
    assert not is_network(str(tmp_path), str(tmp_path / "missing"))


def test_the_kernel_s_own_list_is_understood(tmp_path: Path) -> None:
    assert is_network(str(tmp_path)) is False
    assert is_network("/proc/self") is False


@pytest.fixture
def on_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "is_network", lambda folder: True)


@pytest.mark.usefixtures("on_network")
@pytest.mark.parametrize("durability", ["power", "process"])
def test_a_ledger_on_a_network_keeps_a_journal_and_no_lock_file(
    ledger: Path, durability: str
) -> None:
    store = SqliteStore(str(ledger), durability=durability)
    store.create(new_run())
    db = connection_of(store)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("truncate",)
    assert db.execute("PRAGMA synchronous").fetchone() == (3,)  # EXTRA
    names = {path.name for path in ledger.parent.iterdir()}
    assert names == {"ledger.db", "ledger.db-journal"}
    store.close()
    with closing(sqlite3.connect(ledger)) as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("delete",)
