"""Where the registers of tests lie: in files, or with DEALTRACK_TEST_ENGINE=postgres in schemas of a server.

In both cases tests make, copy and read them by the functions here; none of them imports what the other case needs.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dealtrack.register.engine import PROJECTED_TABLES, Address
from tests.guards import without_triggers

if TYPE_CHECKING:
    from tests.postgres import Server

ENGINE_VARIABLE = "DEALTRACK_TEST_ENGINE"
ENGINES = ("sqlite", "postgres")
ENGINE = os.environ.get(ENGINE_VARIABLE) or ENGINES[0]
IS_SERVER = ENGINE == "postgres"

HAS_VIEWS = not IS_SERVER
"""Whether a register has the views that Datasette shows: only a file has."""
TABLES = ("personal", *PROJECTED_TABLES)
LONGEST_LOGIN = 63
"""In bytes: what PostgreSQL keeps of a name."""

_running: "list[Server]" = []


def why_not() -> str:
    """Return why the engine that the environment names cannot be tested, empty where it can."""
    if ENGINE not in ENGINES:
        return f"{ENGINE_VARIABLE} is {ENGINE!r}; it may be {' or '.join(ENGINES)}"
    if IS_SERVER:
        from tests.postgres import why_not

        return why_not()
    return ""


def use_server(server: "Server") -> None:
    """Let the registers that lie on a server lie on this one."""
    from getpass import getuser

    _running[:] = [server]
    if IS_SERVER:
        # Who is named nowhere is, to libpq, the user of the machine.
        server.add_login(getuser())
        os.environ |= with_login({"DEALTRACK_ACTOR": "clerk"})


def new_place(folder: Path, name: str = "register.db") -> Address:
    """Return where there is no register yet: a file of this name in a folder, or a schema."""
    if not IS_SERVER:
        return folder / name
    (server,) = _running
    return server.address(server.new_name("register"), login="")


def copy_register(made: Address, place: Address) -> None:
    """Put a copy of a register that nobody has open in another place, instead of the one that may be there."""
    if isinstance(made, Path):
        assert isinstance(place, Path)
        place.write_bytes(made.read_bytes())
        place.chmod(0o600)
    else:
        assert not isinstance(place, Path)
        (server,) = _running
        server.copy_office(made.office, place.office)


def remove_register(place: Address) -> None:
    """Remove a register, if it is there."""
    if isinstance(place, Path):
        for suffix in ("", "-wal", "-shm"):
            Path(f"{place}{suffix}").unlink(missing_ok=True)
    else:
        (server,) = _running
        server.drop_office(place.office)


def is_there(place: Address) -> bool:
    """Tell whether there is a register, or a beginning of one, in a place."""
    if isinstance(place, Path):
        return place.exists()
    (server,) = _running
    return bool(server.run(f"SELECT 1 FROM pg_namespace WHERE nspname = '{place.office}'"))


@contextmanager
def locked(place: Address) -> Iterator[None]:
    """Keep everybody else from writing to a register during the block, as one does who records."""
    if isinstance(place, Path):
        with closing(sqlite3.connect(place, isolation_level=None)) as database, database:
            database.execute("BEGIN IMMEDIATE")
            yield
    else:
        (server,) = _running
        with server.locked(place.office):
            yield


def rows(place: Address, sql: str) -> list[tuple[Any, ...]]:
    """Return what a statement reads of a register's tables, without dealtrack."""
    if isinstance(place, Path):
        with closing(sqlite3.connect(f"{place.as_uri()}?mode=ro", uri=True)) as database:
            return database.execute(sql).fetchall()
    (server,) = _running
    return server.rows(place.office, sql)


def content(place: Address) -> list[list[tuple[Any, ...]]]:
    """Return all rows of a register, table by table."""
    return [sorted(rows(place, f"SELECT * FROM {table}"), key=repr) for table in ("transition", *TABLES)]


def alter(place: Address, *statements: str) -> None:
    """Alter a register's tables as one can who has a program for databases, without dealtrack."""
    if isinstance(place, Path):
        with closing(sqlite3.connect(place)) as database, database:
            for statement in statements:
                database.execute(statement)
    else:
        (server,) = _running
        server.alter(place.office, *statements)


def forge(place: Address, statement: str) -> None:
    """Alter a register's journal as one can who owns it, past what guards it."""
    if isinstance(place, Path):
        with closing(sqlite3.connect(place)) as database, database, without_triggers(database):
            database.execute(statement)
    else:
        (server,) = _running
        server.forge(place.office, statement)


def with_login(environment: dict[str, str]) -> dict[str, str]:
    """Return an environment with the login that the clerk in it has on the server, which is made where it is new."""
    login = environment.get("DEALTRACK_ACTOR", "").strip()
    is_name = login.isprintable() and 0 < len(login.encode()) <= LONGEST_LOGIN
    if not IS_SERVER or "PGUSER" in environment or not is_name:
        return environment
    (server,) = _running
    server.add_login(login)
    return {**environment, "PGUSER": login}
