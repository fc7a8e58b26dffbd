"""What SQLite itself checks: the form of the file, and its search index. It can do so beside what Python checks."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from dealtrack.errors import DealtrackError
from dealtrack.register.beside import beside
from dealtrack.register.connection import UNFORESEEN, is_shared, reader_beside, reading
from dealtrack.register.journal import Tail
from dealtrack.register.search import index_faults
from dealtrack.register.store import Store

SHOWN_DAMAGE = 3


def damage_of(connection: sqlite3.Connection) -> str:
    """Return what SQLite finds wrong in the form of the file, in one line, nothing where it is sound."""
    try:
        rows = connection.execute(f"PRAGMA integrity_check({SHOWN_DAMAGE})").fetchall()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            return str(error)
        raise
    found = [line.strip() for (text,) in rows for line in str(text).splitlines() if not line.startswith("***")]
    return "" if found == ["ok"] else "; ".join(found[:SHOWN_DAMAGE])


@contextmanager
def form_checked(register: Store) -> Iterator[Callable[[], bool]]:
    """Check form and index while the block does other work; it asks at last whether both are sound, and waits for it.

    They are checked on a connection of their own, which may see a later state of the register: for its form and the
    index's agreement with the texts that is as good. What is wrong it does not say.
    """
    connection = register.connection
    tail = Tail.of(connection)
    own = reader_beside(connection, register.path) if is_shared(connection) else None
    if own is None:
        yield lambda: _is_sound(connection, tail)
        return
    with closing(own), beside(own) as helper:
        # The copy of the search index, 47 MB of a million complaints, may lie in a file without a name.
        own.execute("PRAGMA temp_store=FILE")
        yield helper.begin(lambda: _is_sound(own, tail))


def _is_sound(connection: sqlite3.Connection, tail: Tail) -> bool:
    try:
        if damage_of(connection):
            return False
        with reading(connection):
            # The register's file may have been put in another's place meanwhile.
            held = connection.execute("SELECT hash FROM transition WHERE seq = ?", (tail.seq,)).fetchone()
            return held == (tail.hash,) and not index_faults(connection)
    except (sqlite3.Error, DealtrackError, MemoryError, *UNFORESEEN):
        return False
