"""The schema of the register: its tables and views, how an empty file gets them, and whether a file has them as made.

Type, name, table and SQL of everything in a file are compared. What dealtrack has not made is another program's own as
long as it is a table or an index of such a table; anything else is an alteration, and so is a table that refers to one
of dealtrack's.

To change the schema, change it here and in register/postgres, raise VERSION of register/engine.py, and add a table that
goes to FORMER: an upgrade makes again all tables that follow from the journal, and takes over those of KEPT_TABLES.
Before that, keep a register of the present version in tests/data (tests/make_register.py).
"""

import json
import re
from collections.abc import Iterable
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from dealtrack.core.text import first_few, fit_text
from dealtrack.errors import NotARegister, RegisterAltered, RegisterNewer, RegisterOlder
from dealtrack.phrase import Phrase
from dealtrack.register.engine import PROJECTED_TABLES, SHOWN_NAME, VERSION, Database
from dealtrack.register.sqlite.connection import APPLICATION_ID, Connection, memory_database, pragma
from dealtrack.register.sqlite.views import VIEWS

KEPT_SCHEMA = """
CREATE TABLE transition (
    seq INTEGER PRIMARY KEY,
    complaint INTEGER,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    actor TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX transition_complaint ON transition (complaint) WHERE complaint IS NOT NULL;
CREATE INDEX transition_own ON transition (kind) WHERE complaint IS NULL;
CREATE TRIGGER transition_grows_at_its_end BEFORE INSERT ON transition
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM transition)
  OR NEW.previous IS NOT coalesce((SELECT hash FROM transition ORDER BY seq DESC LIMIT 1), zeroblob(32))
BEGIN
    SELECT raise(ABORT, 'the journal only grows at its end');
END;
CREATE TRIGGER transition_is_never_changed BEFORE UPDATE ON transition
BEGIN
    SELECT raise(ABORT, 'the journal is never changed');
END;
CREATE TRIGGER transition_is_never_deleted BEFORE DELETE ON transition
BEGIN
    SELECT raise(ABORT, 'nothing is deleted from the journal');
END;
CREATE TABLE personal (
    complaint INTEGER PRIMARY KEY,
    consumer TEXT,
    phone TEXT,
    email TEXT,
    address TEXT,
    salt BLOB NOT NULL,
    phone_key TEXT,
    email_key TEXT
) STRICT;
CREATE INDEX personal_phone ON personal (phone_key) WHERE phone_key IS NOT NULL;
CREATE INDEX personal_email ON personal (email_key) WHERE email_key IS NOT NULL;
"""
"""The tables that no upgrade may change: the journal, and personal data, which it does not hold."""

PROJECTED_SCHEMA = """
CREATE TABLE fact (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE platform (
    name TEXT PRIMARY KEY,
    definition TEXT NOT NULL,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE policy (
    name TEXT NOT NULL,
    in_force TEXT NOT NULL,
    definition TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (name, in_force)
) STRICT, WITHOUT ROWID;
CREATE TABLE calendar_ruling (
    day TEXT PRIMARY KEY,
    worked INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    issued TEXT NOT NULL,
    scope TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE zone_offset (
    since TEXT PRIMARY KEY,
    seconds INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE complaint (
    id INTEGER PRIMARY KEY,
    number TEXT,
    platform TEXT NOT NULL,
    category TEXT NOT NULL,
    seller TEXT,
    owner TEXT,
    handler TEXT,
    policy TEXT NOT NULL,
    policy_version TEXT NOT NULL,
    status TEXT NOT NULL,
    resumes_to TEXT,
    received_at TEXT,
    accepted_at TEXT,
    forwarded_at TEXT,
    completed_at TEXT,
    withdrawn_at TEXT,
    rejected_at TEXT,
    merged_at TEXT,
    outcome TEXT,
    amount TEXT,
    summary TEXT,
    first_contact INTEGER NOT NULL,
    reopenings INTEGER NOT NULL,
    backdated INTEGER NOT NULL,
    merged_into INTEGER,
    limits TEXT,
    import_key TEXT
) STRICT;
CREATE INDEX complaint_number ON complaint (number) WHERE number IS NOT NULL;
CREATE INDEX complaint_import_key ON complaint (import_key) WHERE import_key IS NOT NULL;
CREATE INDEX complaint_open ON complaint (id) WHERE status NOT IN ('closed', 'voided');
CREATE TABLE clock (
    complaint INTEGER NOT NULL REFERENCES complaint (id),
    name TEXT NOT NULL,
    round INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    due_at TEXT,
    due_day TEXT,
    ended_at TEXT,
    "end" TEXT,
    paused INTEGER NOT NULL,
    provisional INTEGER NOT NULL,
    revision INTEGER,
    PRIMARY KEY (complaint, name, round)
) STRICT, WITHOUT ROWID;
CREATE INDEX clock_running ON clock (due_at) WHERE ended_at IS NULL AND due_at IS NOT NULL;
CREATE INDEX clock_late ON clock (due_at, ended_at) WHERE ended_at > due_at;
CREATE INDEX clock_ended ON clock (due_day) WHERE ended_at IS NOT NULL;
CREATE INDEX clock_paused ON clock (complaint) WHERE paused = 1;
CREATE TABLE search_text (
    complaint INTEGER PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;
"""
"""The tables that are made again from the journal."""

KEPT_TABLES = ("transition", "personal")
COPIED_TABLES = (*KEPT_TABLES, *reversed(PROJECTED_TABLES))
"""All tables, in an order in which they can be filled."""
COPIED_AT_ONCE = 5000
COMPARED_ROWS = {"transition": "1 DESC LIMIT 1", "clock": "1, 2, 3", "policy": "1, 2"}
"""By which columns, by place, the rows of tables are ordered to be compared, where the first does not do.

The last entry stands for all: its hash covers those before it, where the chain is whole.
"""

READ_TABLES = ("complaint", "clock")
"""The tables that an upgrade reads, to tell what becomes of complaints, before they are made again."""

FORMER = (
    "search_index", "search_index_data", "search_index_idx", "search_index_config",
    "calendar_day", "calendar_revision", "import_block", "_sqlite_migrations",
)  # fmt: skip
"""The tables that only older schemas have."""

LATER_COLUMNS = ("merged_at TEXT", "merged_into INTEGER", "limits TEXT")
"""The columns of complaint that only the present schema has."""

TABLES = frozenset((*KEPT_TABLES, *PROJECTED_TABLES, *FORMER))
"""All tables of a register, of an older schema too; those of any other name are another program's."""


class SchemaItem(NamedTuple):
    """What stands in a schema: its type, its name, its table, and its SQL, which an index of SQLite's own has not."""

    type: str
    name: str
    table: str
    sql: str

    @property
    def is_foreign(self) -> bool:
        """Tell whether it is a table of another program or SQLite's, or an index of such a table."""
        return self.type in ("table", "index") and not TABLES & {self.name.lower(), self.table.lower()}

    @property
    def is_view(self) -> bool:
        """Tell whether it is a view that stands in no table's place: no command reads one."""
        return self.type == "view" and self.name.lower() not in TABLES


_PLAIN_INDEX = r'CREATE (UNIQUE )?INDEX [^()]+\(([\w\s,]|"\w+")*\)'
"""An index of whole columns: it makes SQLite work out nothing."""

_REFERENCES = 'SELECT count(*) FROM pragma_foreign_key_list(?) WHERE lower("table") IN (SELECT value FROM json_each(?))'


def _items(script: str) -> list[SchemaItem]:
    """Return what the statements of a script make, each of which begins with a line."""
    items = []
    for statement in f"\n{script.strip()}".split("\nCREATE ")[1:]:
        sql = f"CREATE {statement.strip().removesuffix(';')}"
        _, kind, name, *_ = sql.split(maxsplit=3)
        table = sql.split(" ON ")[1].split(maxsplit=1)[0] if kind in ("INDEX", "TRIGGER") else name
        items.append(SchemaItem(kind.lower(), name, table, sql))
    return items


_KEPT_ITEMS = _items(KEPT_SCHEMA)
_PROJECTED_ITEMS = _items(PROJECTED_SCHEMA + VIEWS)


DROPPED_TABLES = frozenset((*PROJECTED_TABLES, *FORMER))
DROPPED_VIEWS = DROPPED_TABLES | {item.name for item in _PROJECTED_ITEMS if item.is_view}
"""The tables and views of these names are dropped in an upgrade; those of the present schema are then made again."""


def create(connection: Connection) -> None:
    """Make the schema in an empty database."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for item in _KEPT_ITEMS:
        connection.execute(item.sql)
    create_projection(connection)


def create_projection(connection: Connection) -> None:
    """Make the tables that are made again from the journal, and the views, beside those that are kept."""
    for item in _PROJECTED_ITEMS:
        connection.execute(item.sql)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def create_from(source: Database, connection: Connection) -> None:
    """Make the schema in an empty database, with all rows of another register."""
    create_unguarded(connection)
    for table in COPIED_TABLES:
        rows = source.stream(f"SELECT * FROM {table}")
        while batch := list(islice(rows, COPIED_AT_ONCE)):
            connection.write_many(table, batch)
    for item in _KEPT_ITEMS:
        if item.type == "trigger":
            connection.execute(item.sql)


def scratch_tables() -> Connection:
    """Return the tables that are filled from the histories of complaints, empty, in a database in memory."""
    connection = memory_database()
    for item in _PROJECTED_ITEMS:
        if item.table in ("complaint", "clock", "search_text") and not item.is_view:
            connection.write(item.sql)
    return connection


def create_unguarded(connection: Connection) -> None:
    """Make the schema in an empty database, without what guards the journal, so that it takes any part of another."""
    create(connection)
    for item in _KEPT_ITEMS:
        if item.type == "trigger":
            connection.execute(f"DROP TRIGGER {item.name}")


def _present(connection: Connection) -> set[SchemaItem]:
    rows = connection.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema")
    return set(map(SchemaItem._make, rows))


def _alterations(connection: Connection, version: int) -> dict[str, bool]:
    """Return the names at which a schema is not as it was made; of an older one, where an upgrade reads it or keeps it.

    The value of each tells whether the register must not be used: whether SQLite might do there what dealtrack did not
    ask for, or a table is missing.
    """
    present, expected = _present(connection), {*_KEPT_ITEMS, *_PROJECTED_ITEMS}
    foreign = [item for item in present if item.is_foreign]
    if version < VERSION:
        present, expected = (set(map(_former, filter(_is_read, items))) for items in (present, expected))
    bars = {item.name: item.type == "table" for item in expected - present}
    for item in present - expected:
        if not item.is_foreign:
            is_harmless = item.is_view or (item.type == "index" and re.fullmatch(_PLAIN_INDEX, item.sql, re.ASCII))
            bars[item.name] = bars.get(item.name, False) or not is_harmless
    bars.update(dict.fromkeys(_referring(connection, foreign), False))
    return dict(sorted(bars.items()))


def _former(item: SchemaItem) -> SchemaItem:
    """Return an item as schemas before the present one had it."""
    for column in LATER_COLUMNS:
        item = item._replace(sql=item.sql.replace(f"    {column},\n", ""))
    return item


def _is_read(item: SchemaItem) -> bool:
    """Tell whether an upgrade keeps an item of an older schema or reads it, or may be changed by it."""
    return item.type == "trigger" or item.table.lower() in KEPT_TABLES or item.name.lower() in READ_TABLES


def _referring(connection: Connection, foreign: Iterable[SchemaItem]) -> list[str]:
    """Return the names of others' tables that refer to dealtrack's: what these hold could not be changed freely."""
    own = json.dumps(sorted(TABLES))
    tables = [item.name for item in foreign if item.type == "table"]
    return [name for name in tables if connection.execute(_REFERENCES, (name, own)).fetchone() != (0,)]


def foreign_names(connection: Connection) -> list[str]:
    """Return the tables that other programs keep in a register, and their indexes, by name; none of SQLite's own."""
    foreign = {item.name for item in _present(connection) if item.is_foreign and item.sql}
    return sorted(name for name in foreign if not name.lower().startswith("sqlite_"))


def schema_faults(connection: Connection) -> list[str]:
    """Return where tables, indexes, triggers or views are not as they were made, those of other programs aside."""
    names = (fit_text(name, SHOWN_NAME) for name in _alterations(connection, VERSION))
    return [Phrase("the schema was altered at {name}", name=name) for name in names]


def tables_and_views(database: Database) -> tuple[list[str], dict[str, list[str]]]:
    """Return the names of all tables, SQLite's own among them, and the views' columns.

    The columns are those of the views as they are made: a view of the register itself is not asked, nor trusted.
    """
    listed = database.rows("SELECT name, type FROM pragma_table_list WHERE schema = 'main'")
    columns = "SELECT name FROM pragma_table_info(?)"
    with closing(memory_database()) as made:
        create(made)
        views = {name: [column for (column,) in made.rows(columns, (name,))] for name, kind in listed if kind == "view"}
    return sorted(name for name, kind in listed if kind != "view"), views


def check_schema(connection: Connection, path: Path) -> int:
    """Return the schema version of an opened register, at most the present one, whose schema may be used.

    Nothing in it may make SQLite do what dealtrack did not ask for. Raises NotARegister for another program's
    database, RegisterNewer for a newer schema, RegisterOlder for one whose making was interrupted, and RegisterAltered.
    """
    if pragma(connection, "application_id") != APPLICATION_ID:
        raise NotARegister(path=path, reason="it is another program's database")
    version = pragma(connection, "user_version")
    if version > VERSION:
        raise RegisterNewer(path=path, found=version, known=VERSION)
    if version < 1:
        raise RegisterOlder(path=path, found=version, known=VERSION, reason="Its creation was interrupted.")
    if names := [
        fit_text(name, SHOWN_NAME) for name, bars_use in _alterations(connection, version).items() if bars_use
    ]:
        raise RegisterAltered(path=path, names=first_few(names))
    return int(version)
