"""Every error that pycaddy raises on purpose.

    PycaddyError
    |- InvalidNameError         a name that no folder may have           ValueError
    |  `- NameClashError        two names that would share one folder
    |- ParamsError              params without a canonical form          TypeError
    |  `- ParamsTooLargeError   deeper or longer than the limits         ValueError
    |- SweepError               a sweep that cannot be generated         ValueError
    |  |- SweepLengthError      its length is not known beforehand       TypeError
    |  `- SweepIndexError       no configuration at this position        IndexError
    |- FilterError              a filter that cannot be read           ValueError
    |- FileKeyError             a file that cannot be attached           ValueError
    |- ArchiveError             an archive that cannot be taken in       ValueError
    |- FolderTakenError         the run's folder holds an unknown run    FileExistsError
    |- RunNotFoundError         no such run                              KeyError
    |- RunStateError            a move that the status table refuses     RuntimeError
    |  |- RunFinishedError      the run is DONE already
    |  |- RunBusyError          somebody alive is on the run
    |  `- LeaseLostError        a later attempt has taken the run over
    |- MetricsError             a run's metrics cannot be used           RuntimeError
    |- MetricNotFoundError      the run has no such series               KeyError
    |- FunctionClashError       another function has made these results  ValueError
    |- RerunError               what a run had is no longer there        RuntimeError
    |- ProjectFolderError       the root cannot hold a project           OSError
    |- LedgerError              the ledger cannot be used                RuntimeError
    |  |- LedgerMissingError    deleted, and the runs are still there
    |  |- LedgerDamagedError    no database, truncated or malformed
    |  |- LedgerVersionError    a newer pycaddy wrote it
    |  |- LedgerBusyError       a writer has held it for too long
    |  |- LedgerUnreachableError  the server stays away             ConnectionError
    |  |- LedgerHostError       another host uses it over the network
    |  |- LedgerServerError     our own server cannot be started or used
    |  `- LedgerStorageError    full, read-only or failing disk          OSError
    |     `- LedgerSyncError    made, but not known to be on disk
    |- PageAddressError          the page cannot listen there           OSError
    |- WorkerDiedError           a worker ended without an answer         RuntimeError
    |- WorkerTimeoutError        a run took longer than it may            TimeoutError
    `- MissingExtraError        an optional library is not installed     ImportError

Each also derives from the builtin in the right column, so that code which catches builtins
keeps working, and carries the facts of its message as attributes.
"""

from __future__ import annotations

__all__ = [
    "ArchiveError",
    "FileKeyError",
    "FilterError",
    "FolderTakenError",
    "FunctionClashError",
    "InvalidNameError",
    "LeaseLostError",
    "LedgerBusyError",
    "LedgerDamagedError",
    "LedgerError",
    "LedgerHostError",
    "LedgerMissingError",
    "LedgerServerError",
    "LedgerStorageError",
    "LedgerSyncError",
    "LedgerUnreachableError",
    "LedgerVersionError",
    "MetricNotFoundError",
    "MetricsError",
    "MissingExtraError",
    "NameClashError",
    "PageAddressError",
    "ParamsError",
    "ParamsTooLargeError",
    "ProjectFolderError",
    "PycaddyError",
    "RerunError",
    "RunBusyError",
    "RunFinishedError",
    "RunNotFoundError",
    "RunStateError",
    "SweepError",
    "SweepIndexError",
    "SweepLengthError",
    "WorkerDiedError",
    "WorkerTimeoutError",
]


class PycaddyError(Exception):
    """Base of every error that pycaddy raises on purpose.

    Keyword arguments become attributes: the facts that the message states.
    """

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.__dict__.update(facts)

    def __str__(self) -> str:
        # KeyError would show the repr of its argument, OSError its errno.
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, dict(self.__dict__))


def _rebuild(cls: type[PycaddyError], message: str, facts: dict[str, object]) -> PycaddyError:
    facts.pop("message", None)
    return cls(message, **facts)


class InvalidNameError(PycaddyError, ValueError):
    """A name that no folder or file of a project may have. Facts: `name`."""


class NameClashError(InvalidNameError):
    """A name that would share a folder with another one. Facts: `name`, `other`."""


class ParamsError(PycaddyError, TypeError):
    """Params that have no canonical form. Facts: `path`, the key path of the value."""


class ParamsTooLargeError(ParamsError, ValueError):
    """Params deeper or longer than the limits. Facts: `path`."""


class SweepError(PycaddyError, ValueError):
    """A sweep that cannot be generated."""


class FileKeyError(PycaddyError, ValueError):
    """A file that cannot be attached under this key. Facts: `key`, `path`."""


class ArchiveError(PycaddyError, ValueError):
    """An archive of runs that cannot be taken in. Nothing was changed. Fact: `archive`."""


class FilterError(PycaddyError, ValueError):
    """A filter, an order or a name that cannot be read, or a name that no run has.

    Facts: `text`, and `column`, from 1.
    """


class SweepLengthError(SweepError, TypeError):
    """The length or a position is not known without generating the configurations.

    A TypeError, so that `list(sweep)` and progress bars take it for a sweep without a length.
    """


class SweepIndexError(SweepError, IndexError):
    """There is no configuration at this position. Facts: `position`, `size`."""


class RunNotFoundError(PycaddyError, KeyError):
    """There is no such run. Facts: `run`."""


class RunStateError(PycaddyError, RuntimeError):
    """A move that the status table refuses. Facts: `run`, `status`."""


class RunFinishedError(RunStateError):
    """The run is DONE, and only a reopen may start it again."""


class RunBusyError(RunStateError):
    """Somebody alive is on the run. Facts: `run`, `status`, `owner`."""


class LeaseLostError(RunStateError):
    """A later attempt has taken the run over. Facts: `run`, `status`, `attempt`."""


class MetricsError(PycaddyError, RuntimeError):
    """The metrics of a run cannot be read or written. Facts: `path`."""


class MetricNotFoundError(PycaddyError, KeyError):
    """The run has logged no series of this name. Facts: `run`, `name`."""


class FunctionClashError(PycaddyError, ValueError):
    """A sweep whose results were made by another function with the same name.

    Facts: `identifier`, and `functions`, the other functions as text.
    """


class RerunError(PycaddyError, RuntimeError):
    """A run whose command cannot be run again. Facts: `run`."""


class ProjectFolderError(PycaddyError, OSError):
    """The root cannot hold a project. Facts: `path`."""


class FolderTakenError(PycaddyError, FileExistsError):
    """The folder of a new run holds one that the ledger does not know. Facts: `run`, `path`."""


class LedgerError(PycaddyError, RuntimeError):
    """The ledger cannot be used. Facts: `ledger`, its path or address."""


class LedgerMissingError(LedgerError):
    """The ledger was deleted, and the project's runs are still there."""


class LedgerDamagedError(LedgerError):
    """The ledger is not a database, or is truncated or malformed."""


class LedgerVersionError(LedgerError):
    """A newer pycaddy wrote the ledger. It was not touched."""


class LedgerBusyError(LedgerError):
    """Another writer has held the ledger for longer than the busy timeout."""


class LedgerUnreachableError(LedgerError, ConnectionError):
    """The ledger's server cannot be reached, and did not come back in time."""


class LedgerHostError(LedgerError):
    """Another host uses this ledger, on a file system that serves one host at a time."""


class LedgerServerError(LedgerError):
    """The server of `pycaddy ledger up` cannot be started, stopped or asked."""


class LedgerStorageError(LedgerError, OSError):
    """The disk under the ledger is full, read-only or failing."""


class LedgerSyncError(LedgerStorageError):
    """A change is made, and the disk cannot be brought to keep it: a power cut may take it back.

    Facts: `ledger`, and `record`, the run as the change left it, if it was one of a run.
    """

    record: object = None


class PageAddressError(PycaddyError, OSError):
    """The page cannot listen at this address. Facts: `host`, `port`."""


class WorkerDiedError(PycaddyError, RuntimeError):
    """A worker's process ended without an answer. Facts: `exitcode`."""


class WorkerTimeoutError(PycaddyError, TimeoutError):
    """A run took longer than it was allowed to. Facts: `timeout_s`, seconds."""


class MissingExtraError(PycaddyError, ImportError):
    """An optional library is not installed. Facts: `extra`."""
