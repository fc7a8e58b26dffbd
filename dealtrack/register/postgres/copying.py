"""A register's rows copied to a server: a tenth of the time that it takes to insert them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from hashlib import sha256
from io import RawIOBase
from itertools import islice
from select import select
from types import NoneType
from typing import Any

import psycopg2
from psycopg2 import errorcodes

from dealtrack.register.engine import FaultKind, ServerAddress
from dealtrack.register.postgres.connection import ServerDatabase
from dealtrack.register.postgres.faults import fault, fault_of
from dealtrack.register.postgres.waiting import ServerConnection, connect, wait, waited_for_by

PIECE = 1 << 14
"""The bytes that are sent at once: a socket that takes any takes as many."""
BATCH = 500
"""The rows that are written as text at once: more at once take longer for each."""
ESCAPED = (
    (b"\\", rb"\\"), (b"\b", rb"\b"), (b"\t", rb"\t"), (b"\n", rb"\n"), (b"\v", rb"\v"), (b"\f", rb"\f"),
    (b"\r", rb"\r"),
)  # fmt: skip
"""What stands for something else in what is copied, and how it is written: as the server itself writes it."""


class CopyingDatabase(ServerDatabase):
    """A connection that copies many rows, to tables that it has made itself in the same transaction."""

    def __init__(self, address: ServerAddress) -> None:
        self._sent: dict[str, bytes] = {}
        self._work: Callable[[], object] | None = None
        super().__init__(address)

    def write_many(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Add all its rows to a table that this transaction has made; each has a value for every column."""
        self._check_writing()
        # Nobody else knows the table yet: rows that are frozen need not be written again once all may see them.
        self._sent[table] = self._copy(f"COPY {table} FROM STDIN (FREEZE)", rows)

    def differs(self, table: str) -> bool:
        """Return whether a table holds anything else than the rows that were added to it."""
        # The server gives them back in the order in which it got them, and writes each value as is done here.
        return self._copy(f"COPY {table} TO STDOUT", ()) != self._sent[table]

    def write_meanwhile(self, work: Callable[[], object]) -> None:
        """Let the server do what is queued, and meanwhile do some work here."""
        self._work = work
        try:
            self._send(b"SELECT")
        finally:
            self._work = None

    def _copy(self, statement: str, rows: Iterable[Sequence[Any]]) -> bytes:
        """Copy rows to a table, or a table's rows from it; return their hash."""
        self._send(b"SELECT")
        text = _CopiedText(self._connection.fileno(), rows)
        try:
            self._cursor.copy_expert(statement, text)
        except psycopg2.Error as error:
            if error.pgcode == errorcodes.QUERY_CANCELED:
                raise text.fault or KeyboardInterrupt from error
            raise fault_of(error, bool(self._connection.closed)) from error
        return text.hash.digest()

    def _connect(self, address: ServerAddress) -> ServerConnection:
        connection = connect(address, is_copying=True)
        connection.autocommit = True
        return connection

    def _execute(self, statements: bytes) -> None:
        with waited_for_by(partial(wait, send=self._work)):
            self._cursor.execute(statements)


class _CopiedText(RawIOBase):
    """Rows as the text that COPY reads, or the text that it writes; `fault` is what went wrong with the rows."""

    def __init__(self, socket: int, rows: Iterable[Sequence[Any]]) -> None:
        self._socket = socket
        self._pieces = (text[start : start + PIECE] for text in _batches(rows) for start in range(0, len(text), PIECE))
        self.fault: BaseException | None = None
        self.hash = sha256()

    def read(self, _: int = -1, /) -> bytes:
        """Return the next piece, whatever its size, nothing at the end."""
        try:
            # Else what the server has not taken yet is all kept, and moved about with each piece that it takes.
            while not select([], [self._socket], [], 1)[1]:
                pass
            text = next(self._pieces, b"")
        except BaseException as error:
            self.fault = error
            raise
        self.hash.update(text)
        return text

    def write(self, text: Any, /) -> int:
        """Take what the server writes."""
        self.hash.update(text)
        return len(text)


def _batches(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    each = iter(rows)
    while batch := list(islice(each, BATCH)):
        columns = map(_column, zip(*batch, strict=True))
        try:
            yield b"\n".join([*map(b"\t".join, zip(*columns, strict=True)), b""])
        except UnicodeEncodeError as error:
            raise fault(FaultKind.UNREADABLE) from error


def _column(values: Sequence[Any]) -> list[bytes]:
    """Return the values of a column as COPY reads them: most columns hold values of one type, and need no loop."""
    types = set(map(type, values))
    if types == {str}:
        return _texts(values)
    if types == {bytes}:
        return [rb"\\x" + value.hex().encode() for value in values]
    if NoneType in types:
        present = iter(_column([value for value in values if value is not None]))
        return [rb"\N" if value is None else next(present) for value in values]
    if len(types) > 1:
        return [text for value in values for text in _column([value])]
    return "\n".join(map(str, values)).encode().split(b"\n")


def _texts(values: Sequence[str]) -> list[bytes]:
    # Bytes are looked through faster than text that is not Latin.
    whole = "\0".join(values).encode()
    for character, escape in ESCAPED:
        whole = whole.replace(character, escape)
    texts = whole.split(b"\0")
    if len(texts) != len(values):
        raise fault(FaultKind.UNREADABLE)
    return texts
