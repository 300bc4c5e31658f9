"""The one table of moves."""

from __future__ import annotations

import pytest

from pycaddy.status import Status, check_status

P, R, D, E = Status.PENDING, Status.RUNNING, Status.DONE, Status.ERROR
ALLOWED = {(P, R), (P, D), (P, E), (R, D), (R, E), (D, E), (E, R)}


@pytest.mark.parametrize("old", list(Status))
@pytest.mark.parametrize("new", list(Status))
def test_a_run_moves_only_along_the_table(old: Status, new: Status) -> None:
    assert old.may_become(new) == ((old, new) in ALLOWED)


def test_done_and_error_are_final() -> None:
    assert [status.is_final for status in Status] == [False, False, True, True]


def test_the_names_are_those_of_the_documents() -> None:
    assert [status.name for status in Status] == ["PENDING", "RUNNING", "DONE", "ERROR"]
    assert [status.value for status in Status] == ["pending", "running", "done", "error"]


@pytest.mark.parametrize("status", list(Status))
def test_a_status_is_one(status: Status) -> None:
    assert check_status(status) is status


@pytest.mark.parametrize("status", ["done", "DONE", None, 3])
def test_a_text_is_none(status: object) -> None:
    with pytest.raises(TypeError, match=r"must be a Status, not .*Use Status\.PENDING, "):
        check_status(status)
