"""The schema of the register, as migrations that each bring it one version further."""

import hashlib
import sqlite3
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from dealtrack.core.text import first_few, fit_text
from dealtrack.errors import NotARegister, RegisterAltered, RegisterNewer, RegisterOlder
from dealtrack.phrase import Phrase
from dealtrack.register.connection import APPLICATION_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlite_utils import Database

PACKAGE = "dealtrack.register.migrations"
MIGRATIONS = (
    "m001_journal_and_projection", "m002_reading_views", "m003_clocks_by_due_day", "m004_import_blocks",
    "m005_holiday_spans", "m006_calendar_rulings", "m007_search_scans",
)  # fmt: skip
"""The migrations in their order: modules in dealtrack/register/migrations, each with a function of its own name."""

VERSION = len(MIGRATIONS)
"""The schema version that this dealtrack reads and writes."""

PROJECTED_TABLES = ("clock", "complaint", "search_text", "calendar_ruling", "policy", "platform", "zone_offset", "fact")
"""The tables that can be made again from the journal, in an order in which they can be emptied."""

TABLES = frozenset({
    *PROJECTED_TABLES, "transition", "personal", "_sqlite_migrations",
    "search_index", "search_index_data", "search_index_idx", "search_index_config",
    "calendar_day", "calendar_revision", "import_block",
})  # fmt: skip
"""All tables of a register, of an older schema too; those of any other name are another program's."""

Item = tuple[str, str, str, str | None]
"""What stands in a schema: its type, its name, the table that it belongs to, and the SQL that makes it."""

ITEMS = "SELECT type, name, tbl_name, sql FROM sqlite_schema"

AS_MADE = "83e63ac2f0480cafa1fc81618d6866daba36758858ad56cdb0a7f3ed237c7059"
"""The digest, by `digest_of`, of the present schema as its migrations make it: they need not be run to know it again.

A schema of another digest is compared item by item, which takes 100 ms.
"""

SHOWN_NAME = 60

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


def is_foreign(item: Item) -> bool:
    """Tell whether an item of a schema is a table of another program or SQLite's, or an index of such a table."""
    kind, name, table, _ = item
    return kind in ("table", "index") and not TABLES & {name.lower(), table.lower()}


def is_view(item: Item) -> bool:
    """Tell whether an item of a schema is a view that stands in no table's place: no command reads one."""
    return item[0] == "view" and item[1].lower() not in TABLES


def digest_of(connection: sqlite3.Connection) -> str:
    """Return a digest of what commands work with in a schema: no tables of others, views or notes of migrations."""
    items = sorted(connection.execute(ITEMS), key=lambda item: tuple(map(str, item)))
    own = [item for item in items if not (is_foreign(item) or is_view(item) or item[2] == "_sqlite_migrations")]
    return hashlib.sha256(repr(own).encode()).hexdigest()


def check_schema(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Check, before anything is read, that nothing in a schema makes SQLite do what dealtrack did not ask for.

    Raises RegisterAltered.
    """
    if version == VERSION and digest_of(connection) == AS_MADE:
        return
    from dealtrack.register.alterations import alterations

    names = [fit_text(item.name, SHOWN_NAME) for item in alterations(connection, version) if item.bars_use]
    if names:
        raise RegisterAltered(path=path, names=first_few(names))


def schema_faults(connection: sqlite3.Connection, version: int = VERSION) -> list[str]:
    """Return where tables, indexes, triggers or views are not as the migrations up to a version make them.

    The tables of other programs are left out.
    """
    from dealtrack.register.alterations import alterations

    return [
        Phrase("the schema was altered at {name}", name=fit_text(item.name, SHOWN_NAME))
        for item in alterations(connection, version)
    ]


def tables_and_views(connection: sqlite3.Connection) -> tuple[list[str], dict[str, list[str]]]:
    """Return the names of all tables, SQLite's own among them, and the views' columns.

    The columns are those of the views as they are made: a view of the register itself is not asked, nor trusted.
    """
    listed = connection.execute("SELECT name, type FROM pragma_table_list WHERE schema = 'main'").fetchall()
    columns = "SELECT name FROM pragma_table_info(?)"
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        migrate(made)
        views = {
            name: [column for (column,) in made.execute(columns, (name,))] for name, kind in listed if kind == "view"
        }
    return sorted(name for name, kind in listed if kind != "view"), views


def check_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the schema version of an opened register, at most the present one, whose schema may be used.

    Raises NotARegister for another program's database, RegisterNewer for a newer schema, and RegisterAltered.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise NotARegister(path=path, reason="it is another program's database")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise RegisterNewer(path=path, found=version, known=VERSION)
    if version < 1:
        raise RegisterOlder(path=path, found=version, known=VERSION, reason="its making was broken off")
    check_schema(connection, path, version)
    return int(version)
