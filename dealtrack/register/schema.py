"""The schema of the register, as migrations that each bring it one version further."""

import sqlite3
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from dealtrack.errors import NotARegister, RegisterNewer, RegisterOlder
from dealtrack.phrase import Phrase
from dealtrack.register.connection import APPLICATION_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlite_utils import Database

PACKAGE = "dealtrack.register.migrations"
MIGRATIONS = (
    "m001_journal_and_projection", "m002_reading_views", "m003_clocks_by_due_day", "m004_import_blocks",
    "m005_holiday_spans",
)  # fmt: skip
"""The migrations in their order: modules in dealtrack/register/migrations, each with a function of its own name."""

VERSION = len(MIGRATIONS)
"""The schema version that this dealtrack reads and writes."""

PROJECTED_TABLES = (
    "clock", "complaint", "calendar_day", "calendar_revision", "policy", "platform", "zone_offset", "fact",
)  # fmt: skip
"""The tables that can be made again from the journal, in an order in which they can be emptied."""

BARS_OTHERS = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'transition'"


def create_projection(connection: sqlite3.Connection) -> None:
    """Make the schema in an empty database, with a journal that takes any part of another one."""
    migrate(connection)
    for (name,) in connection.execute(BARS_OTHERS).fetchall():
        connection.execute(f"DROP TRIGGER {name}")


def migrate(connection: sqlite3.Connection, upto: int = VERSION) -> None:
    """Bring a register to a schema version, each migration whole or not at all, within a transaction that is held."""
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

    db = Database(connection, execute_plugins=False)
    migrations = Migrations("dealtrack")
    for version, name in enumerate(MIGRATIONS[:upto], start=1):
        migrations(name=name)(_numbered(name, version))
    migrations.apply(db)


def _numbered(name: str, version: int) -> "Callable[[Database], None]":
    def run(db: "Database") -> None:
        step: Callable[[sqlite3.Connection], None] = getattr(import_module(f"{PACKAGE}.{name}"), name)
        step(db.conn)
        db.execute(f"PRAGMA user_version = {version}")

    return run


def schema_faults(connection: sqlite3.Connection, version: int = VERSION) -> list[str]:
    """Return where tables, indexes, triggers or views are not as the migrations up to a version make them.

    SQLite's own are left out.
    """
    ask = "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        migrate(made, version)
        expected, held = (dict(db.execute(ask)) for db in (made, connection))
    altered = sorted(name for name in {*expected, *held} if expected.get(name) != held.get(name))
    return [Phrase("the schema was altered at {name}", name=name) for name in altered]


def tables_and_views(connection: sqlite3.Connection) -> tuple[list[str], dict[str, list[str]]]:
    """Return the names of all tables, SQLite's own and the search index's among them, and the views' columns."""
    listed = connection.execute("SELECT name, type FROM pragma_table_list WHERE schema = 'main'").fetchall()
    columns = "SELECT name FROM pragma_table_info(?)"
    views = {
        name: [column for (column,) in connection.execute(columns, (name,))] for name, kind in listed if kind == "view"
    }
    return sorted(name for name, kind in listed if kind != "view"), views


def check_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the schema version of an opened register, at most the present one.

    Raises NotARegister for another program's database and RegisterNewer for a newer schema.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise NotARegister(path=path, reason="it is another program's database")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise RegisterNewer(path=path, found=version, known=VERSION)
    if version < 1:
        raise RegisterOlder(path=path, found=version, known=VERSION, reason="its making was broken off")
    return int(version)
