"""The connection to a register's file: its settings, its transactions, SQLite's errors in words, and Ctrl-C."""

import _thread
import os
import sqlite3
import stat
import struct
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep
from types import NoneType
from typing import Any, TypeVar
from weakref import WeakSet

from dealtrack.errors import DealtrackError, NotARegister, RegisterLocked, RegisterMissing, RegisterUnusable
from dealtrack.phrase import Phrase

APPLICATION_ID = 0x6465616C  # "deal"
WAIT_SECONDS = 30
CACHE_KIB = 1 << 16
"""As much of the file as is kept in memory, where it is read or written: with SQLite's own 2 MB an import of a million
complaints writes the pages of its indexes over and over."""
LONGEST_BYTES = 1 << 26
"""The bytes of the largest value or row that a register holds: a list of a million complaints takes 8 MB."""
SQLITE_MAGIC = b"SQLite format 3\x00"

UNFORESEEN = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""The exceptions that reading a damaged register may raise in Python."""

FOLDER, NO_FILE = Phrase("it is a folder"), Phrase("it is not a regular file")

REASONS = {
    "SQLITE_FULL": Phrase("the disk is full; nothing was written"),
    "SQLITE_READONLY": Phrase("it is read-only; nothing was written"),
    "SQLITE_CORRUPT": Phrase("the file is damaged. 'dealtrack verify' shows where; restore the last backup"),
    "SQLITE_NOTADB": Phrase("the file is damaged or encrypted; restore the last backup"),
    "SQLITE_CANTOPEN": Phrase("the file or its folder cannot be opened or written to; check their permissions"),
    "SQLITE_IOERR": Phrase("the disk failed to read or write (full, removed or faulty); nothing was written"),
    "SQLITE_PERM": Phrase("you have no permission to use it"),
    "SQLITE_TOOBIG": Phrase("an entry is too large; nothing was written"),
}

# sqlite3 looks for an adapter of each value of these: where there is none, to find that out takes twice as long.
sqlite3.register_adapter(NoneType, lambda none: none)
sqlite3.register_adapter(bool, int)


def catalogue_error(error: sqlite3.Error, path: Path) -> DealtrackError:
    """Return the catalogue's error for a fault that SQLite reports."""
    name = "SQLITE_CORRUPT" if is_undecodable(error) else getattr(error, "sqlite_errorname", None) or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return RegisterLocked(path=path, seconds=WAIT_SECONDS)
    reason = next((reason for prefix, reason in REASONS.items() if name.startswith(prefix)), None)
    if reason is None and name.startswith("SQLITE_CONSTRAINT"):
        reason = Phrase(
            "it refused an entry that contradicts its content ({error}); nothing was written. 'dealtrack "
            "verify' shows what is wrong",
            error=error,
        )
    reason = reason or Phrase("{error}; if this persists, restore the last backup", error=error)
    return RegisterUnusable(path=path, reason=reason)


def is_undecodable(error: sqlite3.Error) -> bool:
    """Tell whether a text of the file is no text any more; the message would print it, personal data or not."""
    return getattr(error, "sqlite_errorname", None) is None and str(error).startswith("Could not decode")


@contextmanager
def faults_of(path: Path) -> Iterator[None]:
    """Raise the errors of SQLite inside the block as errors of the catalogue."""
    try:
        yield
    except sqlite3.Error as error:
        await_interrupt(error)
        raise catalogue_error(error, path) from error


def check_file(path: Path) -> None:
    """Check, without opening it as a database, that a path holds an SQLite file.

    Raises RegisterMissing, NotARegister or RegisterUnusable.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise NotARegister(path=path, reason=FOLDER if stat.S_ISDIR(mode) else NO_FILE)
        with path.open("rb") as file:
            magic = file.read(len(SQLITE_MAGIC))
    except (FileNotFoundError, NotADirectoryError):
        raise RegisterMissing(path=path) from None
    except (OSError, ValueError) as error:
        raise RegisterUnusable(path=path, reason=getattr(error, "strerror", None) or str(error)) from None
    if magic != SQLITE_MAGIC:
        raise NotARegister(path=path, reason=Phrase("it is empty") if not magic else Phrase("it is not an SQLite file"))


def real_path(path: Path) -> Path:
    """Return a path with its symbolic links resolved; a circle of links is left as it is."""
    return Path(os.path.realpath(path))


def beside(path: Path, suffix: str) -> Path:
    """Return the place of what is kept beside a register's own file, whatever link leads to that."""
    place = real_path(path)
    return place.with_name(f"{place.name}{suffix}")


def connect(path: Path, *, create: bool = False, read_only: bool = False) -> sqlite3.Connection:
    """Open a register's file; every transaction on it is begun and ended by hand.

    With `create` the file is an empty draft, and is not checked before. Nor is one that this process has open already:
    opening and closing it once more would drop the locks on it. A link is followed, as SQLite follows it, so that what
    lies beside the file is looked for where SQLite puts it.
    Raises RegisterMissing, NotARegister or RegisterUnusable.
    """
    if create:
        with faults_of(path):
            return _connection(path, "mode=rw")
    if not _is_open_here(path):
        check_file(path)
        check_log(path)
    with faults_of(path):
        try:
            return interruptible(_connection(path, "mode=ro" if read_only else "mode=rw"))
        except UnicodeDecodeError:
            raise RegisterUnusable(path=path, reason=REASONS["SQLITE_CORRUPT"]) from None
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith(UNWRITABLE) or not _is_at_rest(path):
                raise
            return interruptible(_connection(path, "immutable=1", error))


class Connection(sqlite3.Connection):
    """A connection to a register's file.

    `unwritable` is the error for which the file can only be read as it lies there, None where it can be written;
    `state` is how the file was then. `file` tells which file it is, whatever is put in its place later; None where
    that is not certain. `place` is the path by which it was opened.
    """

    unwritable: sqlite3.Error | None = None
    state: tuple[int, ...] | None = None
    file: tuple[int, int] | None = None
    place: Path | None = None

    def count_names(self) -> int:
        """Return how many names (hard links) the file has; 1 where that is not known.

        SQLite keeps the last entries in a file beside each name, and does not know of the others.
        """
        if self.place is None:
            return 1
        with suppress(OSError):
            return os.stat(self.place).st_nlink  # noqa: PTH116  # every command comes here
        return 1

    def close(self) -> None:
        """Close the connection, which holds no file from then on."""
        self.file = None
        super().close()


_connections: "WeakSet[Connection]" = WeakSet()

UNWRITABLE = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR_SHM", "SQLITE_FULL")
"""How SQLite refuses even to read where it cannot make its files beside the register's."""


def _connection(path: Path, how: str, unwritable: sqlite3.Error | None = None) -> Connection:
    state = _state(path) if unwritable else None
    uri = f"{real_path(path).as_uri()}?{how}"
    before = _file(path)
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=WAIT_SECONDS, factory=Connection)
    connection.unwritable, connection.state = unwritable, state
    connection.file = before if before == _file(path) else None
    connection.place = path
    _connections.add(connection)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_BYTES)
    try:
        # Somebody else may have put views and checks into the file: they may call no function that has effects.
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA ignore_check_constraints=ON")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA recursive_triggers=ON")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA cache_size={-CACHE_KIB}")
        # What is deleted leaves no bytes behind: personal data is erased for good.
        connection.execute("PRAGMA secure_delete=ON")
        # Temporary tables and sorting stay in memory, so that no personal data gets into temporary files.
        connection.execute("PRAGMA temp_store=MEMORY")
        # Nothing can be read yet where the files beside it cannot be made.
        connection.execute("PRAGMA schema_version").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _is_open_here(path: Path) -> bool:
    file = _file(path)
    return file is not None and any(connection.file == file for connection in _connections)


def _is_at_rest(path: Path) -> bool:
    """Tell whether a register's own file is all of it: SQLite's other files hold none of its entries."""
    path = real_path(path)
    for suffix in ("-wal", "-journal"):
        with suppress(FileNotFoundError):
            if Path(f"{path}{suffix}").stat().st_size:
                return False
    return True


def _file(path: Path) -> tuple[int, int] | None:
    try:
        file = os.stat(path)  # noqa: PTH116  # every command comes here
    except OSError:
        return None
    return file.st_dev, file.st_ino


def _state(path: Path) -> tuple[int, ...]:
    file = path.stat()
    return file.st_ino, file.st_size, file.st_mtime_ns


def check_unchanged(connection: sqlite3.Connection, path: Path) -> None:
    """Check that a file that was read without locks was not written to meanwhile; raises RegisterUnusable."""
    if not isinstance(connection, Connection) or not connection.unwritable:
        return
    if connection.state != _state(path) or not _is_at_rest(path):
        raise RegisterUnusable(path=path, reason="it was written to while being read; do not rely on what was shown")


def check_log(path: Path) -> None:
    """Check that the file with the last entries was not taken away; raises RegisterUnusable.

    SQLite removes the index of that file (-shm) before the file itself (-wal): an index alone, that tells of
    entries not yet in the register's file, means that the file was lost, and the entries with it.
    """
    path = real_path(path)
    try:
        with open(f"{path}-shm", "rb") as index:  # noqa: PTH123  # as quick as can be: every command comes here
            if os.path.exists(f"{path}-wal"):  # noqa: PTH110  # the same
                return
            head = index.read(100)
    except OSError:
        return
    if len(head) == 100 and head[12]:
        (written,), (moved,) = struct.unpack_from("=I", head, 16), struct.unpack_from("=I", head, 96)
        if written > moved and not os.path.exists(f"{path}-wal"):  # noqa: PTH110  # the same
            reason = Phrase(
                "{name}-wal, with its last entries, is gone. Put it back, or give those entries up: remove "
                "{name}-shm, then run 'dealtrack verify --head' with the last checksum you know",
                name=path.name,
            )
            raise RegisterUnusable(path=path, reason=reason)


def check_names(connection: sqlite3.Connection) -> None:
    """Check that a register's file has one name: entries can be lost beside another one.

    A name that a killed command left behind is taken away first. Raises RegisterUnusable.
    """
    if not isinstance(connection, Connection) or connection.place is None or connection.count_names() < 2:
        return
    from dealtrack.register.drafts import remove_drafts  # a file has more than one name only where something went wrong

    real = real_path(connection.place)
    remove_drafts(real.parent, real.name)
    count = connection.count_names()
    if count > 1:
        reason = Phrase(
            "its file has {count} names (hard links), and entries made under one can be lost under another; "
            "nothing was written. Keep one name, or copy the file (cp) and use the copy",
            count=count,
        )
        raise RegisterUnusable(path=connection.place, reason=reason)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all that the block writes, or nothing. It first waits for the write lock."""
    if isinstance(connection, Connection) and connection.unwritable:
        raise connection.unwritable
    check_names(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def pragma(connection: sqlite3.Connection, name: str) -> Any:
    """Return the value of a setting of SQLite's, or of what it counts or checks; of several columns the first."""
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


@contextmanager
def reading(connection: sqlite3.Connection) -> Iterator[None]:
    """Let the block read one state of the register, whatever others write meanwhile; nobody has to wait for it."""
    is_outermost = not connection.in_transaction
    if is_outermost:
        connection.execute("BEGIN")
    try:
        yield
    finally:
        if is_outermost:
            # A fault may have ended it already.
            with suppress(sqlite3.OperationalError):
                connection.execute("ROLLBACK")


Opened = TypeVar("Opened", bound=sqlite3.Connection)

_STEPS_BETWEEN = 20_000
"""How many steps SQLite takes, of 0.05 us and more, until it lets an interrupt through."""


def interruptible(connection: Opened) -> Opened:
    """Let Ctrl-C end what SQLite does; only for a connection of the main thread, which alone gets the signal."""
    connection.set_progress_handler(_interrupts().__next__, _STEPS_BETWEEN)
    return connection


def _interrupts() -> Generator[bool, None, None]:
    """Yield whether to break off what SQLite does: once there was an interrupt, which is raised again afterwards.

    SQLite drops what is raised while it asks, and only an error of its own would come of the interrupt.
    """
    while True:
        try:
            while True:
                yield False
        except KeyboardInterrupt:
            _thread.start_new_thread(_interrupt_again, ())
        yield True


def _interrupt_again() -> None:
    # Not before SQLite has its answer, or the interrupt would be lost in it.
    sleep(0.01)
    _thread.interrupt_main()


def await_interrupt(error: sqlite3.Error) -> None:
    """Raise the interrupt that ended a statement, where one did.

    It comes again by itself as a rule; where it came again while SQLite still asked, SQLite has dropped it.
    """
    if getattr(error, "sqlite_errorname", None) == "SQLITE_INTERRUPT":
        for _ in range(100):
            sleep(0.01)
        raise KeyboardInterrupt
