"""Migration 7: a search looks through one text a complaint; the index of it, and all that kept it, is gone."""

import sqlite3

from dealtrack.core.search_text import search_text
from dealtrack.register import journal
from dealtrack.register.migrations.script import run_script

TEXT = """
CREATE TABLE search_text (
    complaint INTEGER PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;
"""


def m007_search_scans(connection: sqlite3.Connection) -> None:
    """Drop the index and its texts; write of each complaint what its history ever said."""
    try:
        connection.execute("DROP TABLE search_index")
    except sqlite3.DatabaseError:
        _drop_unreadable(connection)
    connection.execute("DROP TABLE search_text")
    run_script(connection, TEXT)
    texts = ((id_, search_text(entry.detail for entry in history)) for id_, history in journal.histories(connection))
    connection.executemany("INSERT INTO search_text VALUES (?, ?)", texts)


def _drop_unreadable(connection: sqlite3.Connection) -> None:
    """Drop an index that SQLite cannot read any more: it would read it first."""
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("DELETE FROM sqlite_schema WHERE name = 'search_index'")
    connection.execute("PRAGMA writable_schema = RESET")
    for kept in ("data", "idx", "config"):
        connection.execute(f"DROP TABLE IF EXISTS search_index_{kept}")
