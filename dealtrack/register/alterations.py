"""The schema of a register held against the one that its migrations make: what differs, and what others have added.

Type, name, table and SQL of everything in it are compared. What dealtrack has not made is another program's own as long
as it is a table or an index of such a table; anything else is an alteration, and so is a table that refers to one of
dealtrack's.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing, suppress
from typing import NamedTuple

from dealtrack.register import schema
from dealtrack.register.schema import ITEMS, Item, is_foreign, is_view

PLAIN_INDEX = re.compile(r'CREATE (UNIQUE )?INDEX [^()]+\(([\w\s,]|"\w+")*\)', re.ASCII)
"""An index of whole columns: it makes SQLite work out nothing."""

REFERENCES = 'SELECT count(*) FROM pragma_foreign_key_list(?) WHERE lower("table") IN (SELECT value FROM json_each(?))'


class Alteration(NamedTuple):
    """Where a schema is not as it was made; `bars_use` where SQLite might do the unforeseen there, or find nothing."""

    name: str
    bars_use: bool


def alterations(connection: sqlite3.Connection, version: int) -> list[Alteration]:
    """Return where a schema is not as the migrations up to a version make it, by name."""
    expected, present = _made(version), Counter(connection.execute(ITEMS))
    foreign = [item for item in present if is_foreign(item)]
    differing = {
        *((item, False) for item in expected - present),
        *((item, True) for item in present - expected if not is_foreign(item)),
    }
    bars: dict[str, bool] = {}
    for item, is_added in differing:
        bars[item[1]] = bars.get(item[1], False) or _bars_use(item, is_added)
    for name in _referring(connection, foreign):
        bars[name] = False
    if _noted(connection) != list(schema.MIGRATIONS[:version]):
        bars["user_version"] = version < schema.VERSION
    return [Alteration(name, bars[name]) for name in sorted(bars)]


def _made(version: int) -> Counter[Item]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        schema.migrate(made, version)
        return Counter(made.execute(ITEMS))


def _bars_use(item: Item, is_added: bool) -> bool:
    kind, _, _, sql = item
    if not is_added:
        return kind == "table"
    return not is_view(item) and not (kind == "index" and PLAIN_INDEX.fullmatch(sql or ""))


def _referring(connection: sqlite3.Connection, foreign: Iterable[Item]) -> list[str]:
    """Return the names of others' tables that refer to dealtrack's: what these hold could not be changed freely."""
    import json

    own = json.dumps(sorted(schema.TABLES))
    tables = [name for kind, name, *_ in foreign if kind == "table"]
    return [name for name in tables if connection.execute(REFERENCES, (name, own)).fetchone() != (0,)]


def _noted(connection: sqlite3.Connection) -> list[str] | None:
    """Return the migrations that a register notes as done, None where it cannot be told."""
    with suppress(sqlite3.DatabaseError):
        rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'dealtrack' ORDER BY name")
        return [name for (name,) in rows]
    return None


def foreign_names(connection: sqlite3.Connection) -> list[str]:
    """Return the tables that other programs keep in a register, and their indexes, by name; none of SQLite's own."""
    items = {item for item in connection.execute(ITEMS) if is_foreign(item)}
    return sorted(name for _, name, _, sql in items if sql is not None and not name.lower().startswith("sqlite_"))
