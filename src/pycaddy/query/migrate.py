"""Old runs given the params that they would have today: their keys change, nothing else does."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pycaddy import params
from pycaddy._files import make_folders, random_id
from pycaddy.errors import ParamsError, RunBusyError
from pycaddy.filters import flat
from pycaddy.layout import LEDGER_FOLDER
from pycaddy.ledger import Ledger, RunRecord
from pycaddy.status import Status

__all__ = ["Migration", "MigrationReport", "migrate"]


@dataclass(frozen=True, slots=True)
class Migration:
    """What becomes of the params of a run. Dots lead into nested ones: `opt.lr`.

    Applied in this order, each only where it has something to do: so a migration may be repeated.
    """

    rename: Mapping[str, str] = field(default_factory=dict)
    drop: Collection[str] = ()
    add: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.drop, str):
            raise TypeError(f"drop must be a list of names, such as [{self.drop!r}], not one text.")
        if not (self.rename or self.drop or self.add):
            raise ValueError(
                "Say what to change: add={'wd': 0.0}, rename={'lr': 'opt.lr'}, drop=[...]."
            )

    def apply(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the params as they shall be; *values* are used up."""
        for old, new in self.rename.items():
            if _has(values, old):
                if _has(values, new):
                    raise ParamsError(
                        f"{old!r} cannot become {new!r}: a run has both. Drop one of them.",
                        path=f"params[{new!r}]",
                    )
                _put(values, new, _take(values, old))
        for name in self.drop:
            if _has(values, name):
                _take(values, name)
        for name, value in self.add.items():
            if not _has(values, name):
                _put(values, name, value)
        return values


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What a migration changed, or would change."""

    changed: tuple[str, ...]
    """The runs whose params are others now."""
    unchanged: int
    """How many runs had nothing to change."""
    collisions: tuple[tuple[str, ...], ...]
    """Runs that had different params before, and have equal ones now."""
    before: Mapping[str, Any]
    """The params of the first changed run as they were, flat."""
    after: Mapping[str, Any]
    """The params of that run as they are now."""
    backup: str | None
    """Where the ledger was copied to before. None: nothing was changed."""
    dry_run: bool

    def __str__(self) -> str:
        """Return it as a summary of a few lines."""
        would = "would be " if self.dry_run else ""
        number = f"{len(self.changed):,} run{'' if len(self.changed) == 1 else 's'}"
        lines = [f"{number} {would}changed, {self.unchanged:,} left as they are."]
        if self.changed:
            lines.append(f"{self.changed[0]}: {_line(self.before)} -> {_line(self.after)}")
        lines += [f"Equal params now: {', '.join(runs)}" for runs in self.collisions]
        if self.backup is not None:
            lines.append(f"The ledger as it was: {self.backup}")
        return "\n".join(lines)


def migrate(
    ledger: Ledger,
    records: Collection[RunRecord],
    migration: Migration,
    *,
    ignore: Collection[str],
    dry_run: bool,
) -> MigrationReport:
    """Change the params of *records*, all of them or none.

    Args:
        ignore: The params that had no part in the runs' keys, and shall have none.

    Raises:
        RunBusyError: Somebody is on one of the runs, or has changed it meanwhile.
        ParamsError: A run's key was made in another way, or its new params have no form.
    """
    changes = list(_changes(ledger, records, migration, ignore))
    backup = None
    if changes and not dry_run:
        backup = _back_up(ledger)
        if not ledger.rewrite_params(changes):
            raise RunBusyError(
                "A run has changed while its params were to be. Nothing was changed; call again.",
                run=None,
            )
    first = changes[:1]
    return MigrationReport(
        changed=tuple(str(old.key) for old, _ in changes),
        unchanged=len(records) - len(changes),
        collisions=tuple(_collisions(records, changes)),
        before=flat(first[0][0].params) if first else {},
        after=flat(first[0][1].params) if first else {},
        backup=backup,
        dry_run=dry_run,
    )


def _changes(
    ledger: Ledger, records: Collection[RunRecord], migration: Migration, ignore: Collection[str]
) -> Iterator[tuple[RunRecord, RunRecord]]:
    for record in records:
        if record.param_version == params.UNKNOWN:  # a run of pycaddy 0.2 that has only a hash
            continue
        frozen = params.freeze(migration.apply(record.params), ignore=ignore)
        if frozen.text == record.params_text:
            continue
        if record.status is Status.RUNNING and not ledger.is_gone(record):
            raise RunBusyError(
                f"Run {record.key} is RUNNING in {record.owner}, with its params as they are. "
                "Nothing was changed; migrate when it has ended.",
                run=str(record.key),
                status=record.status,
                owner=record.owner,
            )
        if params.freeze(record.params, ignore=ignore).key != record.params_key:
            raise ParamsError(
                f"The key of run {record.key} was not made from its params alone. If some of them "
                "were left out with ignore=[...], give the same ignore= here.",
                path="ignore",
            )
        yield (
            record,
            record.changed(
                params_text=frozen.text, params_key=frozen.key, param_version=params.VERSION
            ),
        )


def _collisions(
    records: Collection[RunRecord], changes: Collection[tuple[RunRecord, RunRecord]]
) -> Iterator[tuple[str, ...]]:
    now = {old.key: new.params_key for old, new in changes}
    groups: dict[tuple[str, str, str], list[RunRecord]] = {}
    for record in records:
        key = now.get(record.key, record.params_key)
        groups.setdefault((record.relpath, record.identifier, key), []).append(record)
    for members in groups.values():
        if len({record.params_key for record in members}) > 1:
            yield tuple(str(record.key) for record in members)


def _back_up(ledger: Ledger) -> str:
    folder = os.path.join(ledger.root, LEDGER_FOLDER, "backups")
    make_folders(folder)
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    target = os.path.join(folder, f"ledger.db-migrate-{stamp}-{random_id()}.db")
    ledger.store.backup(target)
    return target


def _has(values: Any, name: str) -> bool:
    key, dot, rest = name.partition(".")
    if type(values) is not dict or key not in values:
        return False
    return _has(values[key], rest) if dot else True


def _take(values: dict[str, Any], name: str) -> Any:
    key, dot, rest = name.partition(".")
    if not dot:
        return values.pop(key)
    taken = _take(values[key], rest)
    if not values[key]:
        del values[key]
    return taken


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    key, dot, rest = name.partition(".")
    if not dot:
        values[key] = value
        return
    inner = values.setdefault(key, {})
    if type(inner) is not dict:
        raise ParamsError(
            f"{name!r} cannot be put into {key!r}, which is {inner!r} in a run. Rename that first.",
            path=f"params[{key!r}]",
        )
    _put(inner, rest, value)


def _line(values: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value!r}" for name, value in values.items())
