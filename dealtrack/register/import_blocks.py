"""The blocks of rows that imports took in whole: while what they tell stands, such a block has nothing new to tell.

The table is a memory, and no record: without it every row is read again, and found to be known. A block is forgotten
as soon as one of its rows might be read otherwise.
"""

import sqlite3


def find(connection: sqlite3.Connection, digest: bytes) -> tuple[int, int] | None:
    """Return the first and last complaint of a block that was taken in, None where it was not, or may tell more."""
    found: tuple[int, int] | None = connection.execute(
        "SELECT first, last FROM import_block WHERE digest = ?", (digest,)
    ).fetchone()
    return found


def keep(connection: sqlite3.Connection, digest: bytes, first: int, last: int) -> None:
    """Keep a block whose rows tell of complaints from `first` to `last`, both included."""
    connection.execute("INSERT OR REPLACE INTO import_block VALUES (?, ?, ?)", (digest, first, last))


def forget(connection: sqlite3.Connection, complaint: int) -> None:
    """Forget the blocks that may hold a row of a complaint."""
    connection.execute("DELETE FROM import_block WHERE ? BETWEEN first AND last", (complaint,))


def forget_all(connection: sqlite3.Connection) -> None:
    """Forget every block."""
    connection.execute("DELETE FROM import_block")
