"""What a store promises. `pycaddy.testing.StoreConformance` is this page as tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pycaddy.records import NewRun, RunKey, RunRecord
from pycaddy.status import Status
from pycaddy.stores.blocks import Blocks

if TYPE_CHECKING:
    from pycaddy.filters import Expr, Order

__all__ = ["Choose", "Decide", "Facts", "Identifier", "Selection", "Store"]

Choose = Callable[[Sequence[RunRecord]], RunRecord | None]
"""Picks one of the runs that have equal params, newest first, or none; may raise."""

Decide = Callable[[NewRun, Sequence[RunRecord]], RunRecord | None]
"""Turns a wanted run, and the runs with equal params, into the record to store, or None."""


class Identifier(NamedTuple):
    """A counter of uids."""

    relpath: str
    name: str
    last_uid: int


class Facts(NamedTuple):
    """What keeps the runs, and how much it holds."""

    engine: str
    """"SQLite" or "PostgreSQL"."""
    version: str
    schema: int
    """The version of the tables."""
    size: int
    """Bytes, those of other projects included."""
    projects: int
    """How many projects it holds runs of."""


class Selection(NamedTuple):
    """Which runs to read. Every condition that is not None must hold."""

    relpath: str | None = None
    identifier: str | None = None
    recursive: bool = False
    """Also the namespaces below *relpath*."""
    status: Status | None = None
    params_key: str | None = None
    uid: int | None = None
    trashed: bool = False
    """The runs in the trash, and only those."""
    newest_first: bool = False
    """By creation, the last one first: of one identifier by uid, of several in the order in
    which the ledger got them. Runs that were loaded together count as created when they were."""
    limit: int | None = None
    offset: int = 0
    """So many of the first are left out."""
    where: Expr | None = None
    """What `pycaddy.filters.matches` says of them."""
    is_stale: Callable[[RunRecord], bool] | None = None
    """Tells whether a run is stale, for a *where* that asks."""
    sort: tuple[Order, ...] = ()
    """As `pycaddy.filters.sorted_runs` has it; equal ones in the order that they have without."""


class Store(Protocol):
    """The runs of one project, shared by any number of threads and processes.

    Each method is one transaction: it happened whole and is durable when it returns, or it
    raised and nothing happened. Writers wait for one another and do not fail because of it.
    A store may be used from any thread and after a fork, and pickles as its address.

    A store with a clock of its own keeps leases: each change and each beat renews a run's, and the
    records that it reads tell in `lapsed` whether it has run out.
    """

    @property
    def address(self) -> str:
        """The path or URL that opens this ledger again, without secrets."""

    @property
    def project(self) -> str:
        """The id of the project that the rows carry."""

    @property
    def is_local(self) -> bool:
        """Whether only processes under this machine's kernel can use the ledger."""

    def create(self, run: NewRun) -> RunRecord:
        """Add a run under the next uid of its identifier. No uid is ever given twice.

        Raises:
            NameClashError: One of its folders differs from an existing one only by case, or
                holds files that runs share.
        """

    def find_or_create(
        self, run: NewRun, choose: Choose, *, status: Status | None = None
    ) -> tuple[RunRecord, bool]:
        """Return what *choose* picks among the runs with equal params, else create *run*.

        Finding and creating are one transaction: of many callers with the same params, one
        creates.

        Args:
            status: Offer only the newest run that has this status.

        Returns:
            The run, and whether it was created.
        """

    def claim(self, runs: Sequence[NewRun], decide: Decide) -> tuple[int, RunRecord] | None:
        """Offer each of *runs* to *decide*, and store the first record that it returns.

        One transaction: of many callers, one claims a run.

        Args:
            runs: All of one identifier, in the order in which they are wanted.
            decide: Called with a run and the runs with equal params, newest first. It returns
                the next revision of one of those, a record without a row to be added under the
                next uid, or None to leave the run to others.

        Returns:
            The position in *runs* and the record as stored; None if nothing was claimed.
        """

    def beat(self, held: Mapping[int, int]) -> set[int]:
        """Count one beat for each RUNNING run of *held*, {row: attempt}.

        Returns:
            The rows that are no longer RUNNING in that attempt.
        """

    def get(self, relpath: str, identifier: str, uid: int) -> RunRecord | None:
        """Return the run, in the trash or not, or None."""

    def is_latest(self, record: RunRecord) -> bool:
        """Whether nobody has changed or forgotten the run since *record* was stored."""

    def swap(self, old: RunRecord, new: RunRecord) -> bool:
        """Replace *old* by *new*, its next revision, if the ledger still has *old*'s.

        Status, attempt, files, result, error, owner, times and history are taken from *new*.

        Returns:
            Whether it was replaced. False: the run has changed since.
        """

    def forget(self, record: RunRecord) -> bool:
        """Delete a run that is in the trash, if the ledger still has this revision of it.

        Its uid stays taken.

        Returns:
            Whether it was deleted. False: the run has changed since, or is not in the trash.
        """

    def rewrite_params(self, changes: Sequence[tuple[RunRecord, RunRecord]]) -> bool:
        """Give each old record the params, key and version of its next revision, all or none.

        Returns:
            Whether they were replaced. False: one of the runs has changed since.
        """

    def select(self, selection: Selection) -> list[RunRecord]:
        """Return the runs by relpath, identifier and uid as a number, as of one moment.

        Raises:
            ValueError: *where* asks which runs are stale, and nothing tells.
        """

    def done_hashes(self, relpath: str, identifier: str) -> set[str]:
        """Return the param hashes of the runs that are DONE, without the trash."""

    def hash_only(self) -> dict[tuple[str, str], set[str]]:
        """Return the param hashes of the runs with param_version 0, by (relpath, identifier).

        Runs of pycaddy 0.2 have it until their params are known. The trash is left out. Where
        there are no such runs, the answer costs one look into an empty index.
        """

    def keys(self, selection: Selection) -> list[RunKey]:
        """Return the names of the runs that `select` returns: of long lists in a part of its time.

        Raises:
            ValueError: *where* asks which runs are stale, and nothing tells.
        """

    def version(self) -> str:
        """Return a text that is another one once somebody has committed a change, or more often.

        It is cheap, so that it can be asked several times a second, and to be compared with
        what the same thread was told before; what that thread has written itself may not show.
        """

    def counts(self) -> dict[tuple[str, str, Status], int]:
        """Return how many runs there are by (relpath, identifier, status), without the trash."""

    def totals(self) -> dict[tuple[str, str], int]:
        """Return how many runs each (relpath, identifier) has, without the trash.

        It is quicker than `counts`: the rows of the runs are not read.
        """

    def identifiers(self) -> list[Identifier]:
        """Return the counters there are, by relpath and name."""

    def take_folder(self, path: str, kind: str) -> None:
        """Enter the folder *path* and those above it ('names' or 'files').

        Raises:
            NameClashError: It is taken for the other kind, or by a name that differs by case.
        """

    def folders(self, kind: str) -> set[str]:
        """Return the folders entered as *kind*."""

    def load(
        self,
        records: Iterable[RunRecord],
        highest: Mapping[tuple[str, str], int],
        shared: Iterable[str] = (),
    ) -> int:
        """Add runs under the uids they have; those that are there already stay as they are.

        A run that was never started gives way: it has left nothing but its number.

        Args:
            records: The runs; their `row` and `revision` are ignored, and a revision is given
                that they did not have before: a handle may outlive the ledger that it is from.
            highest: By (relpath, identifier), a uid up to which none is given again.
            shared: Folders to enter as 'files'.

        Returns:
            How many were added.
        """

    def merge(
        self,
        added: Iterable[RunRecord],
        replaced: Iterable[tuple[RunRecord, RunRecord]],
        shared: Iterable[str] = (),
    ) -> bool:
        """Add runs from elsewhere and replace others, all of it or nothing.

        Args:
            added: The runs, under uids that no run has; `row` and `revision` are as for `load`.
            replaced: As for `swap`, each a run and its next revision.
            shared: Folders to enter as 'files'.

        Returns:
            Whether it was done. False: a uid is taken, or one of the runs has changed since.
        """

    def backup(self, target: str) -> None:
        """Write a complete copy to the file *target* while others go on working.

        It opens without a server: where the store is one, as a ledger file of SQLite.
        """

    def check(self) -> list[str]:
        """Return what is wrong with the ledger, one sentence each; [] is healthy."""

    def facts(self) -> Facts:
        """Return what the ledger is kept in, and how much it holds."""

    def blocks(self, record: RunRecord) -> Blocks | None:
        """Return the place for the run's metrics, or None: they lie in a file of the run.

        `forget` deletes what is there.
        """

    def close(self) -> None:
        """Close this process's connections. The store opens them again when used."""
