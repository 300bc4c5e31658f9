"""Taking the runs of a sweep one after another, each by one process only."""

from __future__ import annotations

import enum
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

from pycaddy import params
from pycaddy.layout import StorageMode, check_storage_mode
from pycaddy.ledger import Ledger, transitions
from pycaddy.ledger.attempt_params import keep_params
from pycaddy.ledger.owner import this_process
from pycaddy.project.origin import Origin, with_origin
from pycaddy.records import NewRun, RunRecord
from pycaddy.status import Status
from pycaddy.stores import Selection, new_record

if TYPE_CHECKING:
    from pycaddy.project.capture.parts import Parts
    from pycaddy.project.capture.snapshot import Snapshot
    from pycaddy.project.project import Project

__all__ = ["Adaptive", "ClaimOptions", "Claims", "Configs", "Retry", "Survey", "length_of"]

Retry = Literal["error", "stale"]

# As many runs as one claim looks at: what others hold is passed over within one transaction.
_BATCH = 256
# As many configurations as are compared with runs of pycaddy 0.2 in one transaction.
_MANY = 4096
_WAIT_S = 1.0


@runtime_checkable
class Adaptive(Protocol):
    """A sweep whose configurations depend on what came of the earlier ones."""

    def after(self, records: Sequence[RunRecord]) -> Iterable[Mapping[str, Any]]:
        """Return the configurations that there are to be, given all runs of the identifier.

        Those that have runs already, so that failed ones can be taken again, and what to try
        next. Of the same records it makes the same, in every process.
        """


Configs: TypeAlias = Iterable[Mapping[str, Any]] | Adaptive


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimOptions:
    """Which runs to claim, how often, and what to capture.

    Raises:
        ValueError: *max_attempts* or *retry* has a value that it cannot have.
    """

    relpath: str
    """The namespace of the runs."""
    identifier: str
    mode: StorageMode
    """How new runs keep their files."""
    ignore: Collection[str] = ()
    """Params that do not tell runs apart."""
    capture: Parts = ()
    """What to capture when a run is claimed."""
    origin: Origin | None = None
    """The function that the runs are for, if it is known."""
    max_attempts: int = 3
    """How often a run may be started in all."""
    retry: Collection[Retry] = ("error", "stale")
    """Which runs to claim again: those that ended in "error", and those that are "stale"."""
    wait: bool = False
    """Wait for the runs that others hold, in case they fail or their owners die."""
    earlier: Mapping[str, int] = field(default_factory=dict)
    """Attempts by param hash that do not count towards *max_attempts*."""
    max_lost: int = 0
    """How many attempts that ended with their process, not with an error, do not count either."""

    def __post_init__(self) -> None:
        if self.max_attempts < 1:
            raise ValueError(f"max_attempts must be at least 1, not {self.max_attempts!r}.")
        if unknown := set(self.retry) - {"error", "stale"}:
            names = ", ".join(map(repr, unknown))
            raise ValueError(f"retry takes 'error' and 'stale', not {names}.")

    @classmethod
    def of(
        cls,
        project: Project,
        identifier: str,
        *,
        storage_mode: StorageMode | None = None,
        ignore: Collection[str] = (),
        **others: Any,
    ) -> ClaimOptions:
        """Return the options for runs of *project*, whose own settings apply first."""
        mode = project.storage_mode if storage_mode is None else check_storage_mode(storage_mode)
        return cls(
            relpath=project.relpath,
            identifier=identifier,
            mode=mode,
            ignore=project.ignore + params.ignored_names(ignore),
            capture=project.capture,
            **others,
        )


class _Standing(enum.Enum):
    """What can be done about the runs with equal params."""

    DONE = enum.auto()
    HELD = enum.auto()
    FREE = enum.auto()
    SPENT = enum.auto()


@dataclass(slots=True)
class Survey:
    """How far a sweep is."""

    done: int = 0
    held: int = 0
    """In somebody's hands."""
    free: int = 0
    """Could be claimed now."""
    spent: list[RunRecord] = field(default_factory=list)
    """Failed, without an attempt left."""
    ended: int = 0
    """How many attempts came to an end, other than by losing their process."""


class Claims:
    """The runs of one sweep that this process can take.

    Iterating takes them, in the order of the sweep, until each is DONE, in somebody's hands, or
    has used up its attempts.

    Args:
        ledger: Where the runs are.
        configs: Their params. An iterator is read whole; anything else is iterated repeatedly,
            or asked again after each claim if it is adaptive.
    """

    def __init__(self, ledger: Ledger, configs: Configs, options: ClaimOptions) -> None:
        self._ledger = ledger
        self._configs = list(configs) if isinstance(configs, Iterator) else configs
        self._options = options
        self._all = Selection(options.relpath, options.identifier)
        self._seen: set[str] = set()
        self._seen_of: int | None = None
        self.duplicates = 0
        """How many configurations had the same params as an earlier one."""
        self.exhausted = 0
        """How many runs have used up their attempts."""
        self.done_before = 0
        """How many configurations were DONE when the pass began."""
        self.held = 0
        """How many runs were in other hands at the last look."""

    @property
    def options(self) -> ClaimOptions:
        """Which runs to claim."""
        return self._options

    @property
    def is_adaptive(self) -> bool:
        """Whether the configurations depend on earlier results."""
        return isinstance(self._configs, Adaptive)

    def __iter__(self) -> Iterator[RunRecord]:
        while True:
            claimed = False
            for record in self.one_pass():
                claimed = True
                yield record
            if claimed:
                continue
            if not (self._options.wait and self.held):
                return
            time.sleep(_WAIT_S)

    def one_pass(self) -> Iterator[RunRecord]:
        """Go through the sweep once, from its beginning to its end."""
        if isinstance(self._configs, Adaptive):
            return self._asked(self._configs)
        return self._listed(self._configs)

    def _asked(self, sweep: Adaptive) -> Iterator[RunRecord]:
        """Ask what there is to run after each claim, until the answer has nothing to take."""
        done_before: int | None = None
        fruitless: list[object] | None = None
        while True:
            records = self._ledger.records(self._all)
            seen: list[object] = [(item.row, item.status, item.attempt) for item in records]
            if seen == fruitless:
                return
            done = {item.params_key for item in records if item.status is Status.DONE}
            wanted = list(self._wanted(sweep.after(records), done))
            done_before = self.done_before if done_before is None else done_before
            self.done_before = done_before
            if not wanted:
                return
            claimed = self._claim(wanted)
            if claimed is None:
                # Somebody may have been faster with the very configuration: look again.
                fruitless = seen
                continue
            _, record = claimed
            yield record

    def _listed(self, configs: Iterable[Mapping[str, Any]]) -> Iterator[RunRecord]:
        done = self._ledger.store.done_hashes(self._options.relpath, self._options.identifier)
        if self._has_seen_all(configs) and self._seen <= done:
            self.done_before, self.held, self.exhausted = len(self._seen), 0, 0
            return
        wanted = self._wanted(configs, done)
        batch = list(islice(wanted, _BATCH))
        while batch:
            claimed = self._claim(batch)
            if claimed is None:
                batch = list(islice(wanted, _BATCH))
                continue
            position, record = claimed
            yield record
            batch = batch[position + 1 :]
            batch += islice(wanted, _BATCH - len(batch))

    def fill_in(self) -> None:
        """Give earlier runs the params of the sweep, as `_known` does. It is read to its end."""
        if not isinstance(self._configs, Adaptive):
            for _ in self._known(self._frozen(self._configs), set()):
                pass

    def keys(self) -> list[str]:
        """Return the param hashes of the sweep, each once.

        Raises:
            TypeError: It is adaptive: nobody knows them yet.
        """
        if isinstance(self._configs, Adaptive):
            raise TypeError(
                "A sweep that goes by earlier results is not known beforehand. Take its runs "
                "with project.claim(...), by the same script in each task of a job array."
            )
        self.duplicates = 0
        return [frozen.key for frozen in self._updated(self._frozen(self._configs), set())]

    def survey(self, keys: Iterable[str]) -> Survey:
        """Return how far the runs with these params are, without claiming any."""
        found: dict[str, list[RunRecord]] = {key: [] for key in keys}
        for record in self._ledger.records(self._all):
            if record.params_key in found:
                found[record.params_key].append(record)
        survey = Survey()
        for records in found.values():
            standing, one = self._standing(records)
            survey.ended += sum(map(_ended, records))
            survey.done += standing is _Standing.DONE
            survey.held += standing is _Standing.HELD
            survey.free += standing is _Standing.FREE
            if standing is _Standing.SPENT and one is not None:
                survey.spent.append(one)
        return survey

    def _wanted(self, configs: Iterable[Mapping[str, Any]], done: set[str]) -> Iterator[NewRun]:
        """Yield the runs of *configs* that are not *done*, without duplicates."""
        self.duplicates = self.exhausted = self.held = self.done_before = 0
        options = self._options
        for frozen in self._known(self._frozen(configs), done):
            if frozen.key in done:
                self.done_before += 1
            else:
                yield NewRun(
                    options.relpath, options.identifier, frozen.text, frozen.key, options.mode
                )

    def _known(self, wanted: Iterator[params.Params], done: set[str]) -> Iterator[params.Params]:
        """Return *wanted*, after earlier runs with these params were given them.

        Those are runs of pycaddy 0.2, and of an earlier form of the params.

        Args:
            done: The param hashes of DONE runs; those of such runs are added.
        """
        wanted = self._updated(wanted, done)
        if (self._options.relpath, self._options.identifier) not in self._ledger.hash_only:
            return wanted
        return self._filled_in(wanted, done)

    def _updated(self, wanted: Iterator[params.Params], done: set[str]) -> Iterator[params.Params]:
        options, known = self._options, None
        for first in wanted:
            if first.earlier_key is None:  # most params: nothing to look up
                yield first
                continue
            if known is None:
                known = {
                    record.params_key
                    for record in self._ledger.records(self._all)
                    if record.param_version == 1
                }
            batch = [first, *islice(wanted, _MANY)] if known else [first]
            if found := [frozen for frozen in batch if frozen.earlier_key in known]:
                from pycaddy.ledger.earlier_form import update_form

                done |= update_form(
                    self._ledger, options.relpath, options.identifier, found, options.ignore
                )
            yield from batch

    def _filled_in(
        self, wanted: Iterator[params.Params], done: set[str]
    ) -> Iterator[params.Params]:
        from pycaddy.ledger.hash_only import fill_in

        relpath, identifier = self._options.relpath, self._options.identifier
        while batch := list(islice(wanted, _MANY)):
            pairs = [(frozen.text, frozen.key) for frozen in batch]
            done |= fill_in(self._ledger, relpath, identifier, pairs)
            yield from batch

    def _frozen(self, configs: Iterable[Mapping[str, Any]]) -> Iterator[params.Params]:
        seen: set[str] = set()
        self._seen, self._seen_of = set(), None
        for config in configs:
            frozen = params.freeze(config, ignore=self._options.ignore)
            if frozen.key in seen:
                self.duplicates += 1
                continue
            seen.add(frozen.key)
            yield frozen
        self._seen, self._seen_of = seen, length_of(configs)

    def _has_seen_all(self, configs: Configs) -> bool:
        """Whether the last pass has seen all of *configs*, so that none is hashed once more."""
        return self._seen_of is not None and self._seen_of == length_of(configs)

    def _claim(self, wanted: Sequence[NewRun]) -> tuple[int, RunRecord] | None:
        captured = self._snapshot()  # before the transaction, which others wait for
        claimed = self._ledger.claim(wanted, self._decide)
        if claimed is None:
            return None
        position, record = claimed
        try:
            record = keep_params(self._ledger, record, wanted[position].params_text)
            if captured is not None and captured.files:
                from pycaddy.project.capture.snapshot import keep

                record = keep(captured, self._ledger, record)
            return position, record
        except BaseException as error:
            with suppress(Exception):
                self._ledger.reap(record, f"It was not begun: {error!r}")
            raise

    def _snapshot(self) -> Snapshot | None:
        if not self._options.capture:
            return None
        from pycaddy.project.capture.snapshot import take

        return take(self._options.capture, self._ledger.root)

    def _decide(self, run: NewRun, found: Sequence[RunRecord], now_us: int) -> RunRecord | None:
        """Return the attempt to start on *run*, given its runs with equal params, or None."""
        standing, record = self._standing(found)
        self.held += standing is _Standing.HELD
        self.exhausted += standing is _Standing.SPENT
        if standing is not _Standing.FREE:
            return None
        captured = self._snapshot()
        return transitions.begin(
            record or new_record(run),
            this_process(),
            now_us,
            self._capture_text(captured),
        )

    def _capture_text(self, captured: Snapshot | None) -> str | None:
        text = None if captured is None else captured.text
        origin = self._options.origin
        return text if origin is None else with_origin(text, origin)

    def _standing(self, found: Sequence[RunRecord]) -> tuple[_Standing, RunRecord | None]:
        """Return what can be done about runs with equal params, and which of them it is."""
        if not found:
            return _Standing.FREE, None
        for record in found:
            if record.status is Status.DONE:
                return _Standing.DONE, record
        for record in found:
            if self._in_hands(record):
                return _Standing.HELD, record
        for record in found:
            if self._may_begin(record):
                return _Standing.FREE, record
        return _Standing.SPENT, found[-1]

    def _in_hands(self, record: RunRecord) -> bool:
        if record.status.is_final or record.owner_text is None:
            return False
        if record.status is Status.PENDING and record.owner == this_process():
            return False
        return not self._ledger.is_gone(record, in_a_loop=True)

    def _may_begin(self, record: RunRecord) -> bool:
        if record.status is Status.PENDING:
            return True
        reason: Retry = "error" if record.status is Status.ERROR else "stale"
        options = self._options
        earlier = options.earlier.get(record.params_key, 0)
        allowed = earlier + options.max_attempts
        if options.max_lost and record.attempt >= allowed:
            allowed += min(options.max_lost, _lost(record, earlier))
        return reason in options.retry and record.attempt < allowed


def length_of(configs: object) -> int | None:
    """Return how many configurations there are; None if only going through them tells."""
    try:
        return len(configs) if isinstance(configs, Sized) else None
    except TypeError:  # a sweep that only generating can count
        return None


def _ended(record: RunRecord) -> int:
    if record.status is Status.DONE:
        return 1  # the common case, without reading its history
    return sum(move.status.is_final for move in record.history)


def _lost(record: RunRecord, earlier: int) -> int:
    """Return how many attempts after the first *earlier* ended without a word."""
    ended = {move.attempt for move in record.history if move.status.is_final}
    return sum(attempt not in ended for attempt in range(earlier + 1, record.attempt + 1))
