"""The connection to a register's file: its settings, its transactions, SQLite's errors in words, and Ctrl-C."""

import _thread
import json
import os
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep
from types import NoneType
from typing import Any
from weakref import WeakSet

from dealtrack.errors import RegisterUnusable
from dealtrack.phrase import Phrase
from dealtrack.register.engine import WAIT_SECONDS, Dialect, EngineFault, FaultKind, Row, SelectStatement, faults_of
from dealtrack.register.sqlite.file import check_file, check_log, identity_of, is_at_rest, real_path, state_of

APPLICATION_ID = 0x6465616C  # "deal"
CACHE_KIB = 1 << 16
"""As much of the file as is kept in memory, where it is read or written: with SQLite's own 2 MB an import of a million
complaints writes the pages of its indexes over and over."""
LONGEST_BYTES = 1 << 26
"""The bytes of the largest value or row that a register holds: a list of a million complaints takes 8 MB."""
DIALECT = Dialect(
    any_of="{} IN (SELECT value FROM json_each(?))",
    holds="instr({}, ?) > 0",
    field="json_extract({}, '$.{}')",
    hexadecimal="lower(hex({}))",
    join="CROSS JOIN",
)

DAMAGED = Phrase("the file is damaged. 'dealtrack verify' shows where; restore the last backup")

FAULTS = {
    "SQLITE_FULL": (FaultKind.FULL, Phrase("the disk is full; nothing was written")),
    "SQLITE_READONLY": (FaultKind.READ_ONLY, Phrase("it is read-only; nothing was written")),
    "SQLITE_CORRUPT": (FaultKind.DAMAGED, DAMAGED),
    "SQLITE_NOTADB": (FaultKind.DAMAGED, Phrase("the file is damaged or encrypted; restore the last backup")),
    "SQLITE_CANTOPEN": (
        FaultKind.OTHER,
        Phrase("the file or its folder cannot be opened or written to; check their permissions"),
    ),
    "SQLITE_IOERR": (
        FaultKind.OTHER,
        Phrase("the disk failed to read or write (full, removed or faulty); nothing was written"),
    ),
    "SQLITE_PERM": (FaultKind.OTHER, Phrase("you have no permission to use it")),
    "SQLITE_TOOBIG": (FaultKind.OTHER, Phrase("an entry is too large; nothing was written")),
}

# sqlite3 looks for an adapter of each value of these: where there is none, to find that out takes twice as long.
sqlite3.register_adapter(NoneType, lambda none: none)
sqlite3.register_adapter(bool, int)


def fault_of(error: sqlite3.Error) -> EngineFault:
    """Return the fault that SQLite reports; raises KeyboardInterrupt where an interrupt ended the statement."""
    _await_interrupt(error)
    name = getattr(error, "sqlite_errorname", None) or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return EngineFault(FaultKind.BUSY, Phrase("it is open in another program; close that first"))
    if not name and str(error).startswith("Could not decode"):
        # The message would print the text, personal data or not.
        return EngineFault(FaultKind.UNREADABLE, DAMAGED)
    known = next((fault for prefix, fault in FAULTS.items() if name.startswith(prefix)), None)
    if known is None and name.startswith("SQLITE_CONSTRAINT"):
        reason = Phrase(
            "it refused an entry that contradicts its content ({error}); nothing was written. 'dealtrack "
            "verify' shows what is wrong",
            error=error,
        )
        return EngineFault(FaultKind.CONSTRAINT, reason)
    other = Phrase("{error}; if this persists, restore the last backup", error=error)
    return EngineFault(*(known or (FaultKind.OTHER, other)))


@contextmanager
def in_words() -> Iterator[None]:
    """Raise the errors of SQLite inside the block as EngineFault."""
    try:
        yield
    except sqlite3.Error as error:
        raise fault_of(error) from error


def connect(path: Path, *, create: bool = False, read_only: bool = False) -> "Connection":
    """Open a register's file; every transaction on it is begun and ended by hand.

    With `create` the file is an empty draft, and is not checked before. Nor is one that this process has open already:
    opening and closing it once more would drop the locks on it. A link is followed, as SQLite follows it, so that what
    lies beside the file is looked for where SQLite puts it.
    Raises RegisterMissing, NotARegister or RegisterUnusable.
    """
    if create:
        with faults_of(path), in_words():
            return _connection(path, "mode=rw")
    if not _is_open_here(path):
        check_file(path)
        check_log(path)
    with faults_of(path), in_words():
        try:
            return interruptible(_connection(path, "mode=ro" if read_only else "mode=rw"))
        except UnicodeDecodeError:
            raise RegisterUnusable(path=path, reason=DAMAGED) from None
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith(UNWRITABLE) or not is_at_rest(path):
                raise
            return interruptible(_connection(path, "immutable=1", error))


class Connection(sqlite3.Connection):
    """A connection to a register's file, or to tables in memory: a `Database`.

    `unwritable` is the error for which the file can only be read as it lies there, None where it can be written;
    `state` is how the file was then. `file` tells which file it is, whatever is put in its place later; None where
    that is not certain. `place` is the path by which it was opened, None of tables in memory.
    """

    dialect = DIALECT
    is_remote = False
    login = ""
    unwritable: sqlite3.Error | None = None
    state: tuple[int, ...] | None = None
    file: tuple[int, int] | None = None
    place: Path | None = None

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return all rows that a statement reads."""
        try:
            return self.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise fault_of(error) from error

    def row(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """Return the first row that a statement reads, None without any."""
        try:
            row: Row | None = self.execute(sql, values).fetchone()
        except sqlite3.Error as error:
            raise fault_of(error) from error
        return row

    def stream(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        """Yield the rows that a statement reads."""
        with in_words():
            cursor = self.execute(sql, values)
        return _rest(cursor)

    def trip(self, questions: Sequence[SelectStatement]) -> list[list[Row]]:
        """Return the rows of several statements."""
        return [self.rows(*question) for question in questions]

    def write(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Do what a statement says."""
        try:
            self.execute(sql, values)
        except sqlite3.Error as error:
            raise fault_of(error) from error

    def write_many(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows to a table."""
        rows = list(rows)
        if rows:
            with in_words():
                self.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)

    def listed(self, values: Iterable[Any]) -> str:
        """Return many values as one: SQLite takes only so many."""
        return json.dumps(list(values))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write all that the block writes, or nothing; raises RegisterUnusable for a file with several names."""
        if not self.unwritable and pragma(self, "journal_mode") == "delete":
            self._use_log()
        with self.transaction():
            self._check_rights()
            yield

    def _check_rights(self) -> None:
        """Check that the file may still be written; raises EngineFault for one that was moved since it was opened.

        Who has a file open may write to it whatever its rights are by now, and root always may.
        """
        mode = 0o222
        with suppress(OSError):
            mode = self.place.stat().st_mode if self.place else mode
        if not mode & 0o222:
            raise EngineFault(*FAULTS["SQLITE_READONLY"])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all that the block writes, or nothing, in the way in which the file is written."""
        with in_words():
            if self.unwritable:
                raise self.unwritable
            check_names(self)
            self.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.execute("COMMIT")
            except BaseException:
                if self.in_transaction:
                    self.execute("ROLLBACK")
                raise

    def _use_log(self) -> None:
        """Give a register that was copied from a backup its log, so that readers do not make writers wait.

        Where somebody else has it open, that comes with a later recording.
        """
        self.patience(0)
        with suppress(sqlite3.OperationalError):
            self.execute("PRAGMA journal_mode = WAL")
        self.patience(WAIT_SECONDS)

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """Let the block read one state of the register, whatever others write meanwhile; nobody has to wait for it."""
        is_outermost = not self.in_transaction
        if is_outermost:
            self.write("BEGIN")
        try:
            yield
        finally:
            if is_outermost:
                # A fault may have ended it already.
                with suppress(sqlite3.OperationalError):
                    self.execute("ROLLBACK")

    def version(self) -> int:
        """Return a number that changes with all that others write."""
        return int(pragma(self, "data_version"))

    def patience(self, seconds: float) -> None:
        """Wait so long for another's lock from now on."""
        self.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")

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


def _rest(cursor: sqlite3.Cursor) -> Iterator[Row]:
    with in_words():
        # Not "yield from": that would close the cursor of a database which is closed already.
        for row in cursor:  # noqa: UP028
            yield row


def memory_database() -> Connection:
    """Return an empty database in memory."""
    return sqlite3.connect(":memory:", isolation_level=None, factory=Connection)


_connections: "WeakSet[Connection]" = WeakSet()

UNWRITABLE = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR_SHM", "SQLITE_FULL")
"""How SQLite refuses even to read where it cannot make its files beside the register's."""


def _connection(path: Path, how: str, unwritable: sqlite3.Error | None = None) -> Connection:
    state = state_of(path) if unwritable else None
    uri = f"{real_path(path).as_uri()}?{how}"
    before = identity_of(path)
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=WAIT_SECONDS, factory=Connection)
    connection.unwritable, connection.state = unwritable, state
    connection.file = before if before == identity_of(path) else None
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
    file = identity_of(path)
    return file is not None and any(connection.file == file for connection in _connections)


def check_unchanged(connection: Connection, path: Path) -> None:
    """Check that a file that was read without locks was not written to meanwhile; raises RegisterUnusable."""
    if not connection.unwritable:
        return
    if connection.state != state_of(path) or not is_at_rest(path):
        raise RegisterUnusable(path=path, reason="it was written to while being read; do not rely on what was shown")


def check_names(connection: Connection) -> None:
    """Check that a register's file has one name: entries can be lost beside another one.

    A name that a killed command left behind is taken away first. Raises RegisterUnusable.
    """
    if connection.place is None or connection.count_names() < 2:
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


def pragma(connection: Connection, name: str) -> Any:
    """Return the value of a setting of SQLite's, or of what it counts or checks; of several columns the first."""
    with in_words():
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


_STEPS_BETWEEN = 20_000
"""How many steps SQLite takes, of 0.05 us and more, until it lets an interrupt through."""


def interruptible(connection: Connection) -> Connection:
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


def _await_interrupt(error: sqlite3.Error) -> None:
    """Raise the interrupt that ended a statement, where one did.

    It comes again by itself as a rule; where it came again while SQLite still asked, SQLite has dropped it.
    """
    if getattr(error, "sqlite_errorname", None) == "SQLITE_INTERRUPT":
        for _ in range(100):
            sleep(0.01)
        raise KeyboardInterrupt
