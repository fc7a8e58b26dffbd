"""The connection to a register's file: opened with the rules that keep it durable, its faults put in plain words."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dealtrack.errors import (
    DealtrackError,
    NotARegister,
    RegisterLocked,
    RegisterMissing,
    RegisterUnusable,
)

APPLICATION_ID = 0x6465616C  # "deal"
PATIENCE_SECONDS = 30
SQLITE_MAGIC = b"SQLite format 3\x00"

REASONS = {
    "SQLITE_FULL": "the disk is full; nothing was written",
    "SQLITE_READONLY": "it is read-only; nothing was written",
    "SQLITE_CORRUPT": "the file is damaged. 'dealtrack verify' names where; go back to the last backup",
    "SQLITE_NOTADB": "the file is damaged or encrypted; go back to the last backup",
    "SQLITE_CANTOPEN": "the file or its folder cannot be opened or written to; check their rights",
    "SQLITE_IOERR": "the disk failed to read or write (full, removed or faulty); nothing was written",
    "SQLITE_PERM": "the rights to it are missing",
    "SQLITE_CONSTRAINT": "it refused an entry that does not fit ({error}); nothing was written",
    "SQLITE_TOOBIG": "an entry is too large; nothing was written",
}


def translate(error: sqlite3.Error, path: Path) -> DealtrackError:
    """Return the catalogue's error for a fault that SQLite reports."""
    name = getattr(error, "sqlite_errorname", None) or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return RegisterLocked(path=path, seconds=PATIENCE_SECONDS)
    known = next((reason for prefix, reason in REASONS.items() if name.startswith(prefix)), None)
    reason = known.format(error=error) if known else f"{error}; go back to the last backup if this lasts"
    return RegisterUnusable(path=path, reason=reason)


@contextmanager
def faults_of(path: Path) -> Iterator[None]:
    """Put SQLite's faults inside the block into the catalogue's words."""
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error, path) from error


def check_file(path: Path) -> None:
    """Check, without opening it as a database, that a path holds an SQLite file.

    Raises RegisterMissing, NotARegister or RegisterUnusable.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "not a plain file"
            raise NotARegister(path=path, reason=f"it is {kind}")
        with path.open("rb") as file:
            magic = file.read(len(SQLITE_MAGIC))
    except (FileNotFoundError, NotADirectoryError):
        raise RegisterMissing(path=path) from None
    except (OSError, ValueError) as error:
        raise RegisterUnusable(path=path, reason=getattr(error, "strerror", None) or str(error)) from None
    if magic != SQLITE_MAGIC:
        raise NotARegister(path=path, reason="it is empty" if not magic else "it is no SQLite file")


def connect(path: Path, *, create: bool = False, read_only: bool = False) -> sqlite3.Connection:
    """Open a register's file; every transaction on it is begun and ended by hand.

    A file made here is readable and writable by its owner alone. Raises RegisterMissing, NotARegister or
    RegisterUnusable.
    """
    if create:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except OSError as error:
            raise RegisterUnusable(path=path, reason=error.strerror or str(error)) from None
    else:
        check_file(path)
    return _connection(path, "ro" if read_only else "rw")


def reader(path: Path) -> sqlite3.Connection:
    """Open a register's file once more beside a connection of this process, to read what that one has not changed.

    The file is not looked at first: to open and close it otherwise would drop the locks that this process holds.
    """
    return _connection(path, "ro")


def _connection(path: Path, mode: str) -> sqlite3.Connection:
    with faults_of(path):
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=PATIENCE_SECONDS)
        try:
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA recursive_triggers=ON")
            connection.execute("PRAGMA synchronous=FULL")
            # What is deleted leaves no bytes behind: personal data is erased for good.
            connection.execute("PRAGMA secure_delete=ON")
            # What is sorted or kept aside meanwhile never stands in a file of its own.
            connection.execute("PRAGMA temp_store=MEMORY")
        except sqlite3.Error:
            connection.close()
            raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all that the block writes, or nothing; the write lock is taken first, so that it is waited for."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def reading(connection: sqlite3.Connection) -> Iterator[None]:
    """Show the block one state of the register throughout, whatever others write meanwhile; nobody is kept waiting."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
