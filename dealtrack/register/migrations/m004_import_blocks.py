"""Migration 4: an import knows blocks of rows again that were taken in before, and passes them over unread."""

import sqlite3

from dealtrack.register.migrations.script import run_script

BLOCKS = """
CREATE TABLE import_block (
    digest BLOB PRIMARY KEY,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""


def m004_import_blocks(connection: sqlite3.Connection) -> None:
    """Make the table of blocks."""
    run_script(connection, BLOCKS)
