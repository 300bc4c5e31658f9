"""Which runs can go: decisions about records, and the report of what was done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pycaddy.errors import RunStateError
from pycaddy.filters import Ranking, matches, sorted_runs
from pycaddy.layout import TRASH_FOLDER
from pycaddy.ledger.ledger import Ledger
from pycaddy.ledger.trash import delete, remove
from pycaddy.ledger.usage import size_of_run
from pycaddy.records import RunRecord
from pycaddy.status import Status

__all__ = ["Best", "Cleanup", "clean", "dispensable", "empty"]


@dataclass(frozen=True, slots=True)
class Best:
    """The best few runs of each identifier, by one of their values."""

    ranking: Ranking
    count: int

    @classmethod
    def of(cls, given: object) -> Best:
        """Return what `gc(keep_best=...)` means: ("val/acc", 3) or ("loss", 3, "min").

        Raises:
            FilterError: The name cannot be read.
            ValueError: It is something else.
        """
        match given:
            case (str(name), int(count)) if count > 0:
                return cls(Ranking.of(name), count)
            case (str(name), int(count), "max" | "min" as which) if count > 0:
                return cls(Ranking.of(name, which == "min"), count)
        raise ValueError(
            f"keep_best={given!r} is not understood. Write ('val/acc', 3), or ('loss', 3, 'min')."
        )

    def among(self, runs: Sequence[RunRecord]) -> set[int]:
        """Return the rows of those of an identifier's runs that are to stay.

        All of them, failed ones too, if no DONE run has the value: then the name is wrong, or
        belongs to other runs.
        """
        known = [
            run
            for run in runs
            if run.status is Status.DONE and matches(self.ranking.has_number, run)
        ]
        if not known:
            return {run.row for run in runs}
        return {run.row for run in sorted_runs(known, (self.ranking.order,))[: self.count]}


@dataclass(frozen=True, slots=True)
class Cleanup:
    """What was put aside or deleted, or would be."""

    runs: tuple[str, ...]
    """The runs, by name."""
    bytes: int
    """What their own files take."""
    dry_run: bool

    def __str__(self) -> str:
        number = f"{len(self.runs):,} run{'' if len(self.runs) == 1 else 's'}"
        return f"{number}, {self.bytes:,} bytes{' (nothing was changed)' if self.dry_run else ''}"


def dispensable(
    records: Iterable[RunRecord],
    *,
    best: Best | None,
    before_us: int | None,
    status: Status | None,
    keep_tagged: bool,
) -> Iterator[RunRecord]:
    """Yield the runs that have ended and that nothing speaks for.

    Args:
        records: All runs of the namespaces in question.
        best: These stay.
        before_us: Only runs that ended before.
        status: Only runs that ended so.
        keep_tagged: Runs with a tag stay.
    """
    homes: dict[str, list[RunRecord]] = {}
    for record in records:
        homes.setdefault(record.layout.home, []).append(record)
    for runs in homes.values():
        kept = set() if best is None else best.among(runs)
        for run in runs:
            if run.status.is_final and not (
                run.row in kept
                or (keep_tagged and run.tags)
                or status not in (None, run.status)
                or (before_us is not None and (run.ended_us or run.created_us) >= before_us)
            ):
                yield run


def clean(ledger: Ledger, runs: Iterable[RunRecord], *, dry_run: bool) -> Cleanup:
    """Put *runs* into the trash; one that was started again in the meantime stays."""
    shared = ledger.store.folders("files")
    done = []
    for run in runs:
        size = size_of_run(ledger.root, run, shared)
        if not dry_run:
            try:
                remove(ledger, run)
            except RunStateError:
                continue
        done.append((run, size))
    return _report(done, dry_run=dry_run)


def empty(ledger: Ledger, runs: Iterable[RunRecord], *, dry_run: bool) -> Cleanup:
    """Delete *runs*, which are in the trash, for good; one that was restored meanwhile stays."""
    shared, trash = ledger.store.folders("files"), f"{ledger.root}/{TRASH_FOLDER}"
    sizes = [(run, size_of_run(trash, run, shared)) for run in runs]
    done = [item for item in sizes if dry_run or delete(ledger, item[0])]
    return _report(done, dry_run=dry_run)


def _report(done: Sequence[tuple[RunRecord, int]], *, dry_run: bool) -> Cleanup:
    names = tuple(str(run.key) for run, _ in done)
    return Cleanup(names, sum(size for _, size in done), dry_run)
