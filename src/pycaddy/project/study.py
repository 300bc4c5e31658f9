"""What one call of `Project.run` is asked to do, in a form that can travel."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pycaddy import params
from pycaddy.layout import StorageMode
from pycaddy.ledger import RunRecord
from pycaddy.project.claiming import ClaimOptions, Claims, Configs
from pycaddy.project.function import default_identifier
from pycaddy.project.origin import Origin
from pycaddy.project.session import Session
from pycaddy.status import Status
from pycaddy.stores import Selection

if TYPE_CHECKING:
    from pycaddy.project.project import Project

__all__ = ["Study"]


@dataclass(frozen=True, slots=True)
class Study:
    """A function, the runs to call it with, and how often."""

    project: Project
    function: Callable[[Session], Any]
    configs: Configs
    """The sweep; never an iterator, since several look at it."""
    options: ClaimOptions
    """Which runs to claim. Attempts before the call do not count: it gives each a new chance."""
    fail_fast: bool
    timeout_s: float | None
    chosen: bool
    """Whether the caller chose the identifier, and not the function's name."""
    command: dict[str, Any] | None
    """The command of the process that made the call, if that is to be captured."""

    @classmethod
    def of(
        cls,
        project: Project,
        function: Callable[[Session], Any],
        sweep: Configs,
        identifier: str | None,
        *,
        retries: int,
        storage_mode: StorageMode | None,
        ignore: Collection[str],
        fail_fast: bool,
        timeout_s: float | None,
    ) -> Study:
        """Return the study of a call that is made now."""
        if retries < 0:
            raise ValueError(f"retries must be 0 or more, not {retries!r}.")
        chosen = identifier is not None
        identifier = default_identifier(function) if identifier is None else identifier
        options = ClaimOptions.of(
            project,
            identifier,
            storage_mode=storage_mode,
            ignore=ignore,
            max_attempts=1 + retries,
            origin=Origin.of(function),
        )
        configs = list(sweep) if isinstance(sweep, Iterator) else sweep
        unfinished = _unfinished(project, identifier)
        is_known = all(record.param_version == params.VERSION for record in unfinished)
        if not is_known or (project.relpath, identifier) in project.ledger.hash_only:
            # First, so that their attempts count as those of the same params.
            Claims(project.ledger, configs, options).fill_in()
            unfinished = _unfinished(project, identifier)
        attempts = {record.params_key: record.attempt for record in unfinished}
        options = replace(options, earlier=attempts)
        command = _command(project)
        return cls(project, function, configs, options, fail_fast, timeout_s, chosen, command)

    @property
    def identifier(self) -> str:
        """What kind of runs they are."""
        return self.options.identifier

    def claims(self, *, max_lost: int = 0) -> Claims:
        """Return what takes the runs of the study.

        Args:
            max_lost: How often a run may lose its process without that counting as a failure.
        """
        options = replace(self.options, max_lost=max_lost)
        return Claims(self.project.ledger, self.configs, options)


def _unfinished(project: Project, identifier: str) -> list[RunRecord]:
    """Return the runs that are not DONE, the newest last."""
    # Each status for itself: most runs are DONE, and to read those takes its time.
    unfinished = [
        record
        for status in (Status.PENDING, Status.RUNNING, Status.ERROR)
        for record in project.ledger.records(Selection(project.relpath, identifier, status=status))
    ]
    unfinished.sort(key=lambda record: int(record.uid))
    return unfinished


def _command(project: Project) -> dict[str, Any] | None:
    if not project.capture:
        return None
    from pycaddy.project.capture.snapshot import command_of_this_process

    return command_of_this_process(project.capture, project.ledger.root)
