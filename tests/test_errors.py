"""The error tree: every error can be caught, printed, sent to another process and looked up."""

from __future__ import annotations

import builtins
import inspect
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pycaddy import errors
from pycaddy.errors import PycaddyError
from pycaddy.status import Status

ERRORS = [getattr(errors, name) for name in errors.__all__]
DOCUMENT = (Path(__file__).parents[1] / "docs" / "errors.md").read_text()
TREE = errors.__doc__ or ""

# Every error, the error of ours it is a kind of, and the builtin that people catch.
BUILTINS = {
    "PycaddyError": (Exception, Exception),
    "InvalidNameError": ("PycaddyError", ValueError),
    "NameClashError": ("InvalidNameError", ValueError),
    "ParamsError": ("PycaddyError", TypeError),
    "ParamsTooLargeError": ("ParamsError", ValueError),
    "SweepError": ("PycaddyError", ValueError),
    "SweepLengthError": ("SweepError", TypeError),
    "SweepIndexError": ("SweepError", IndexError),
    "FilterError": ("PycaddyError", ValueError),
    "ArchiveError": ("PycaddyError", ValueError),
    "FileKeyError": ("PycaddyError", ValueError),
    "FolderTakenError": ("PycaddyError", FileExistsError),
    "RunNotFoundError": ("PycaddyError", KeyError),
    "RunStateError": ("PycaddyError", RuntimeError),
    "RunFinishedError": ("RunStateError", RuntimeError),
    "RunBusyError": ("RunStateError", RuntimeError),
    "LeaseLostError": ("RunStateError", RuntimeError),
    "MetricsError": ("PycaddyError", RuntimeError),
    "MetricNotFoundError": ("PycaddyError", KeyError),
    "FunctionClashError": ("PycaddyError", ValueError),
    "RerunError": ("PycaddyError", RuntimeError),
    "ProjectFolderError": ("PycaddyError", OSError),
    "LedgerError": ("PycaddyError", RuntimeError),
    "LedgerMissingError": ("LedgerError", RuntimeError),
    "LedgerDamagedError": ("LedgerError", RuntimeError),
    "LedgerVersionError": ("LedgerError", RuntimeError),
    "LedgerBusyError": ("LedgerError", RuntimeError),
    "LedgerUnreachableError": ("LedgerError", ConnectionError),
    "LedgerHostError": ("LedgerError", RuntimeError),
    "LedgerServerError": ("LedgerError", RuntimeError),
    "LedgerStorageError": ("LedgerError", OSError),
    "LedgerSyncError": ("LedgerStorageError", OSError),
    "PageAddressError": ("PycaddyError", OSError),
    "WorkerDiedError": ("PycaddyError", RuntimeError),
    "WorkerTimeoutError": ("PycaddyError", TimeoutError),
    "MissingExtraError": ("PycaddyError", ImportError),
}


def test_every_error_is_exported_and_in_this_table() -> None:
    defined = {
        name
        for name, member in inspect.getmembers(errors, inspect.isclass)
        if issubclass(member, BaseException)
    }
    assert defined == set(errors.__all__) == set(BUILTINS)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_is_what_people_catch(error: type[PycaddyError]) -> None:
    parent, builtin = BUILTINS[error.__name__]
    assert issubclass(error, PycaddyError)
    assert issubclass(error, builtin)
    assert issubclass(error, getattr(errors, parent) if isinstance(parent, str) else parent)
    assert error.__name__.endswith("Error")


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_shows_its_message(error: type[PycaddyError]) -> None:
    message = "No run '0042' of 'train'. `pycaddy ls train` lists the runs there are."
    raised = error(message, run="train/0042")
    assert str(raised) == raised.message == message
    assert raised.args == (message,)
    assert raised.run == "train/0042"  # type: ignore[attr-defined]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_pickles_with_its_facts(error: type[PycaddyError], protocol: int) -> None:
    raised = error("It failed. Try again.", run="train/0001", status=Status.DONE, attempt=3)
    raised.add_note("seen in a worker")
    received = pickle.loads(pickle.dumps(raised, protocol))
    assert type(received) is error
    assert str(received) == "It failed. Try again."
    assert received.__dict__ == raised.__dict__
    assert received.__notes__ == ["seen in a worker"]


def test_a_raised_error_comes_out_of_a_worker(tmp_path: Path) -> None:
    from pycaddy.project import Project

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(Project(tmp_path).session_of, "train/0042")
    received = pickle.loads(pickle.dumps(future.exception()))
    assert isinstance(received, errors.RunNotFoundError)
    assert received.run == "train/0042"  # type: ignore[attr-defined]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_is_drawn_in_the_tree_and_described(error: type[PycaddyError]) -> None:
    lines = [line for line in TREE.splitlines() if re.search(rf"\b{error.__name__}\b", line)]
    assert len(lines) == 1
    own = [
        base.__name__
        for base in error.__bases__
        if base.__module__ == "builtins" and base is not Exception
    ]
    if own:
        assert lines[0].rstrip().endswith(f" {own[0]}")
    summary = (error.__doc__ or "").partition("\n")[0]
    assert summary.endswith(".") or ". Facts:" in (error.__doc__ or "")


@pytest.mark.parametrize("error", ERRORS[0:], ids=lambda error: error.__name__)
def test_an_error_is_in_the_documents_with_its_cause_and_a_way_out(
    error: type[PycaddyError],
) -> None:
    rows = [line for line in DOCUMENT.splitlines() if line.startswith(f"| `{error.__name__}`")]
    if error is PycaddyError:
        assert "`PycaddyError`" in DOCUMENT
        return
    assert len(rows) == 1, f"docs/errors.md has no row for {error.__name__}"
    _, _, builtin, cause, way_out, _ = re.split(r"(?<!\\)\|", rows[0])
    assert builtin.strip().strip("`") in vars(builtins)
    assert issubclass(error, getattr(builtins, builtin.strip().strip("`")))
    assert cause.strip()
    assert way_out.strip()
