"""What of a PostgreSQL URL is shown, and what is refused without being shown."""

from __future__ import annotations

import pytest

from pycaddy.errors import LedgerError
from pycaddy.stores.postgres.url import conninfo, is_postgres, public, schema_of


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://lab@db/experiments", "postgresql://lab@db/experiments"),
        ("postgres://lab:secret@db:5433/x", "postgresql://lab@db:5433/x"),
        ("postgresql://lab:se%2Fcret@a:1,b:2/x", "postgresql://lab@a:1,b:2/x"),
        ("postgresql://lab:se:cr@et@[::1]:5432/x", "postgresql://lab@[::1]:5432/x"),
        ("postgresql://db/x?password=secret&sslmode=require", "postgresql://db/x?sslmode=require"),
        ("postgresql://db/x?sslpassword=secret&schema=lab", "postgresql://db/x?schema=lab"),
        ("postgresql:///x?host=/run/postgresql&schema=pycaddy", "postgresql:///x?host=/run/postgresql"),
        ("postgresql://?service=lab&passfile=/secret", "postgresql://?service=lab"),
        ("postgresql://", "postgresql://"),
    ],
)  # fmt: skip
def test_a_url_is_shown_without_its_secrets_and_shows_the_same_again(url: str, shown: str) -> None:
    assert is_postgres(url)
    assert public(url) == shown
    assert public(shown) == shown


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://lab:se/cret@db/x",
        "postgresql://lab:se?cret@db/x",
        "postgresql://lab:se#cret@db/x",
        "postgresql://lab:secret",
        "postgresql://lab:1/secret@db",
    ],
)
def test_a_password_that_is_not_encoded_is_refused_and_not_shown(url: str) -> None:
    for read in (public, schema_of, conninfo):
        with pytest.raises(LedgerError, match="%2F") as refused:
            read(url)
        assert "cret" not in f"{refused.value}{refused.value.__cause__}{vars(refused.value)}"


def test_an_option_that_libpq_does_not_know_is_refused_without_its_value() -> None:
    with pytest.raises(LedgerError) as refused:
        conninfo("postgresql://db/x?sslpasword=secret")
    assert "secret" not in f"{refused.value}{refused.value.__cause__}"


def test_the_schema_is_ours_and_all_other_options_are_libpqs() -> None:
    given = conninfo(
        "postgresql://lab:secret@db/x?schema=lab&sslmode=verify-full&options=-c%20a%3D1"
    )
    assert "search_path=lab" in given
    assert "-c a=1" in given
    assert "sslmode=verify-full" in given
    assert "password=secret" in given
    assert "schema=lab" not in given.replace("search_path=lab", "")
    assert schema_of("postgresql://db/x") == "pycaddy"


@pytest.mark.parametrize("schema", ["Lab", "a b", "pg_mine", 'x";', "-c a", "1a", "ä"])
def test_a_schema_that_is_no_plain_name_is_refused(schema: str) -> None:
    with pytest.raises(LedgerError, match="plain name"):
        schema_of(f"postgresql://db/x?schema={schema}")
