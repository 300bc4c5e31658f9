"""The URL of a PostgreSQL ledger: what to connect with, and what of it may be shown."""

from __future__ import annotations

import re

from pycaddy.errors import LedgerError

__all__ = ["conninfo", "is_postgres", "public", "schema_of"]

SCHEMA = "pycaddy"
"""Where the tables lie when the URL does not say."""

_PREFIXES = ("postgresql://", "postgres://")
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_HOSTS = re.compile(r"(?:(?:[^:@\[\]]*|\[[^\]]*\])(?::[0-9]*)?)")
# All other options of libpq may be secrets, or hold some.
_SHOWN = {"dbname", "host", "hostaddr", "port", "schema", "service", "user"} | {
    "sslcert", "sslkey", "sslmode", "sslrootcert", "target_session_attrs",
}  # fmt: skip
# A server that is cut off without a word is noticed in half a minute instead of two hours.
_DEFAULTS = {
    "application_name": "pycaddy",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}


def is_postgres(address: str) -> bool:
    """Whether *address* is the URL of a PostgreSQL ledger."""
    return address.startswith(_PREFIXES)


def public(url: str) -> str:
    """Return *url* without secrets. It opens the ledger where libpq finds the password elsewhere.

    Raises:
        LedgerError: It cannot be read. The message shows nothing of it.
    """
    from urllib.parse import urlencode

    user, hosts, path, query = _parts(url)
    kept = {name: value for name, value in query if name in _SHOWN}
    if kept.get("schema") == SCHEMA:
        del kept["schema"]
    at = f"{user}@" if user else ""
    options = f"?{urlencode(kept, safe='/')}" if kept else ""
    return f"postgresql://{at}{hosts}{path}{options}"


def schema_of(url: str) -> str:
    """Return the schema that the tables lie in.

    Raises:
        LedgerError: It is no plain name.
    """
    schema = dict(_parts(url)[3]).get("schema", SCHEMA)
    if not _SCHEMA.fullmatch(schema) or schema.startswith("pg_"):
        raise LedgerError(
            f"The schema {schema!r} of the ledger's URL is no plain name. Use small letters, "
            "digits and '_', as in ?schema=lab.",
            ledger=public(url),
        )
    return schema


def conninfo(url: str) -> str:
    """Return what libpq is to connect with, secrets included."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    before, _, query = url.partition("?")
    own = "&".join(part for part in query.split("&") if not part.startswith("schema="))
    try:
        given = conninfo_to_dict(f"{before}?{own}" if own else before)
    except psycopg.Error:
        # From None: libpq's message quotes what it could not read, which may be the password.
        raise _unreadable() from None
    options = {**_DEFAULTS, **{name: str(value) for name, value in given.items()}}
    ours = f"-c search_path={schema_of(url)} -c idle_in_transaction_session_timeout=60s"
    options["options"] = f"{ours} {options.get('options', '')}".strip()
    return make_conninfo("", **options)


def _parts(url: str) -> tuple[str, str, str, list[tuple[str, str]]]:
    """Return user, hosts, path and options."""
    from urllib.parse import parse_qsl

    rest = url.partition("://")[2]
    authority, slash, path = rest.partition("/")
    if "?" in authority:
        authority, _, query = rest.partition("?")
        slash = path = ""
    else:
        path, _, query = path.partition("?")
    login, _, hosts = authority.rpartition("@")
    # A password with a "/" or "?" that is not encoded would be taken for a host and shown.
    astray = "@" in path or "#" in rest or ("@" in query and not login)
    if astray or not all(map(_HOSTS.fullmatch, hosts.split(","))):
        raise _unreadable()
    return login.partition(":")[0], hosts, slash + path, parse_qsl(query)


def _unreadable() -> LedgerError:
    return LedgerError(
        "The URL of the PostgreSQL ledger cannot be read. It looks like "
        "postgresql://user@host/database?schema=lab, and characters such as / ? # @ : % in a "
        "password are written as %2F %3F %23 %40 %3A %25.",
        ledger="postgresql://...",
    )
