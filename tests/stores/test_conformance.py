"""The tests of a store's promises fail where a promise is broken."""

from __future__ import annotations

import sys
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from pycaddy.errors import LedgerError, MissingExtraError
from pycaddy.testing import StoreConformance
from tests.processes import finished
from tests.stores import broken

# What is broken, and a test that must notice.
NOTICED = [
    (broken.GivesUidsAgain, "the_uid_of_a_removed_run_is_not_given_again"),
    (broken.CountsForAllIdentifiers, "uids_count_from_one_in_each_identifier_of_each_namespace"),
    (broken.ForgetsTheOwner, "a_new_run_is_pending_and_has_what_it_was_created_with"),
    (broken.TidiesParams, "texts_come_back_as_they_went_in"),
    (broken.FindsThenCreates, "of_threads_with_the_same_params_one_creates"),
    (broken.CreatesThenChooses, "a_choice_that_raises_changes_nothing"),
    (broken.OffersTheOldestFirst, "runs_are_offered_newest_first"),
    (broken.OffersEveryStatus, "with_a_status_the_newest_run_that_has_it_is_offered"),
    (broken.OffersTheTrash, "runs_in_the_trash_are_not_offered"),
    (broken.OffersAllIdentifiers, "only_runs_of_the_same_identifier_and_namespace_are_offered"),
    (broken.ClaimsWhatItHasSeen, "of_threads_that_claim_a_sweep_each_gets_runs_of_its_own"),
    (broken.ForgetsTheRevision, "a_claimed_run_is_changed_by_who_claimed_it"),
    (broken.BeatsForOthers, "a_beat_tells_which_runs_are_held_no_more"),
    (broken.IgnoresRevisions, "an_outdated_record_is_refused_and_nothing_changes"),
    (broken.IgnoresRevisions, "no_change_of_many_processes_is_lost"),
    (broken.TrustsRows, "a_record_of_another_ledger_is_refused"),
    (broken.TrustsItsOwnMemory, "a_record_is_the_latest_until_somebody_changes_the_run"),
    (broken.ComparesBeforeItLocks, "of_threads_that_change_the_same_record_one_wins"),
    (broken.LosesTheResult, "the_next_revision_replaces_a_record"),
    (broken.KeepsTheFirstError, "values_can_be_taken_back"),
    (broken.ForgetsByName, "a_run_is_forgotten_only_in_the_trash_and_as_it_is_there"),
    (broken.TakesLongerNames, "a_namespace_with_those_below_leaves_out_longer_names"),
    (broken.TakesNamesForPatterns, "every_character_of_a_name_means_itself"),
    (broken.OrdersUidsAsText, "uids_are_ordered_as_numbers"),
    (broken.OrdersAsPeopleDo, "runs_come_by_namespace_identifier_and_number"),
    (broken.LimitsBeforeItFilters, "newest_first_is_the_order_of_creation_backwards"),
    (broken.NamesThemInAnyOrder, "the_names_of_a_selection_are_those_of_its_runs"),
    (broken.ShowsTheTrash, "the_trash_is_seen_alone_or_not_at_all"),
    (broken.CountsTheTrash, "runs_are_counted_by_status_without_the_trash"),
    (broken.TakesTheTrashForDone, "the_hashes_of_what_is_done_come_without_the_rest"),
    (broken.TotalsTheTrash, "runs_are_counted_by_identifier_without_the_trash"),
    (broken.TellsTheHighestUid, "identifiers_tell_the_last_uid_given"),
    (broken.TellsLettersApart, "an_identifier_that_differs_by_case_is_refused"),
    (broken.FoldsOnlyAscii, "an_identifier_that_differs_by_case_is_refused"),
    (broken.LoadsOverWhatIsThere, "a_run_that_is_there_stays_as_it_is"),
    (broken.LoadsOneByOne, "what_cannot_be_read_to_its_end_is_not_loaded_at_all"),
    (broken.KeepsWhatWasNeverStarted, "a_run_that_was_never_started_gives_way"),
    (broken.SetsCountersBack, "counters_never_go_back"),
    (broken.CopiesTheFile, "a_backup_is_a_ledger_with_all_there_was"),
    (broken.SharesTheLedger, "projects_in_one_ledger_do_not_see_one_another"),
    (broken.ForgetsWhoItIs, "it_pickles_as_its_address"),
    (broken.CannotBeUsedAfterClose, "it_is_closed_and_used_again"),
    (broken.WorksInOneProcessOnly, "a_fork_uses_what_it_inherits"),
]


def run(test: str, kind: type[broken.Broken], folder: Path) -> None:
    """Run one test of the promises, with each of its parameters, on a store of *kind*."""
    function = getattr(StoreConformance, f"test_{test}")
    for number, parameters in enumerate(each_set_of_parameters(function)):
        at = folder / str(number)
        at.mkdir()
        open_store = partial(kind, str(at / "ledger.db"))
        given = {
            "open_store": open_store,
            "open_backup": kind,
            "store": open_store("a project"),
            "tmp_path": at,
            **parameters,
        }
        wanted = list(signature(function).parameters)[1:]
        function(StoreConformance(), **{name: given[name] for name in wanted})


def each_set_of_parameters(function: Any) -> list[dict[str, Any]]:
    sets: list[dict[str, Any]] = [{}]
    for mark in getattr(function, "pytestmark", []):
        names, values = mark.args
        if isinstance(names, str):
            names, values = (names,), [(value,) for value in values]
        sets = [old | dict(zip(names, new, strict=True)) for old in sets for new in values]
    return sets


@pytest.mark.parametrize(
    ("kind", "test"), NOTICED, ids=[f"{kind.__name__}-{test}" for kind, test in NOTICED]
)
def test_a_broken_promise_is_noticed(kind: type[broken.Broken], test: str, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    run(test, broken.Broken, tmp_path / "whole")
    (tmp_path / "broken").mkdir()
    with pytest.raises((AssertionError, pytest.fail.Exception, LedgerError, TypeError)):
        run(test, kind, tmp_path / "broken")


def test_every_store_that_is_broken_is_tried() -> None:
    kinds = {
        kind
        for kind in vars(broken).values()
        if isinstance(kind, type) and issubclass(kind, broken.Broken)
    }
    bases = {broken.Broken, broken.Offers, broken.Selects}
    assert {kind for kind, _ in NOTICED} == kinds - bases


@pytest.mark.parametrize("fixture", ["open_store", "open_backup"])
def test_an_author_is_told_which_fixtures_to_write(fixture: str) -> None:
    function = getattr(StoreConformance, fixture)
    with pytest.raises(NotImplementedError, match=fixture):
        getattr(function, "_get_wrapped_function", lambda: function)()(StoreConformance())


def test_without_pytest_the_error_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['pytest'] = None\n"
        "import pycaddy.testing\n"
        "pycaddy.testing.new_run({'lr': 0.1})\n"
        "try: pycaddy.testing.StoreConformance\n"
        "except ImportError as error: print(type(error).__name__, error)"
    )
    printed = finished(sys.executable, "-c", program, cwd=tmp_path).stdout
    assert printed.startswith(MissingExtraError.__name__)
    assert 'pip install "pycaddy[testing]"' in printed
