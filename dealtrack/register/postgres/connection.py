"""The connection to a register on a PostgreSQL server: what is written waits for what is read next."""

import json
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any

import psycopg2
from psycopg2 import extensions

from dealtrack.register.engine import WAIT_SECONDS, Dialect, EngineFault, FaultKind, Row, SelectStatement, ServerAddress
from dealtrack.register.postgres.faults import fault, fault_of, given_up
from dealtrack.register.postgres.values import bound, literal, marked, row_of
from dealtrack.register.postgres.waiting import ServerConnection, cancel, connect, wait

CHUNK = 2_000
"""The rows of a stream that come in one trip."""
BATCH = 1_000
"""The rows that one statement inserts: more at once take the server longer for each."""
QUEUE_BYTES = 1 << 20
"""So much is queued at most before it is sent."""

DIALECT = Dialect(
    any_of="{} = ANY(?)",
    holds="strpos({}, ?) > 0",
    field="(({})::json ->> '{}')",
    hexadecimal="encode({}, 'hex')",
    join="JOIN",
)


class ServerDatabase:
    """A connection to the tables of an office on a server, which are those of the schema of that name.

    Whole numbers and truths are read as int, other numbers as float, bytes as bytes. What is written is queued, and
    goes to the server with what is read next, or with the end of the recording. `trips` counts how often the server was
    waited for.
    Raises EngineFault, and NotConnected where the server lets nobody in.
    """

    dialect = DIALECT
    is_remote = True

    def __init__(self, address: ServerAddress) -> None:
        self.trips = 0
        self._patience = float(WAIT_SECONDS)
        self._connection = self._connect(address)
        self._cursor = self._connection.cursor()
        self._queue: list[bytes] = []
        self._queued_bytes = 0
        # The statement that begins the present transaction: "" outside of one.
        self._begin = ""
        self._is_writing = False
        self._is_altering = False
        # Whether the server knows of the present transaction.
        self._is_begun = False
        self._streams = 0
        # The streams that end with the present transaction, and those that are to be closed before the next one.
        self._own_streams: set[str] = set()
        self._ended_streams: list[bytes] = []

    @property
    def login(self) -> str:
        """Return who is logged in."""
        return str(self._connection.info.user)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return all rows that a statement reads."""
        return self._read(self._bound(sql, values))

    def row(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """Return the first row that a statement reads, None without any."""
        rows = self.rows(sql, values)
        return rows[0] if rows else None

    def stream(self, sql: str, values: Sequence[Any] = ()) -> Generator[Row, None, None]:
        """Yield the rows that a statement reads: as they are at the first of them, whatever is written meanwhile.

        A stream that is begun within `writing` or `one_state` ends with it.
        """
        self._streams += 1
        name = f"stream_{self._streams}"
        is_own = bool(self._begin)
        declared = f"DECLARE {name} NO SCROLL CURSOR {'' if is_own else 'WITH HOLD '}FOR ".encode()
        fetch, close = f"FETCH {CHUNK} FROM {name}".encode(), f"CLOSE {name}".encode()
        if is_own:
            self._own_streams.add(name)
        rows = self._read(b"%b%b;%b" % (declared, self._bound(sql, values), fetch))
        try:
            while rows:
                yield from rows
                rows = self._read(fetch) if len(rows) == CHUNK else []
        finally:
            if not is_own:
                self._ended_streams.append(close)
            elif name in self._own_streams:
                self._own_streams.remove(name)
                self._add(close)

    def trip(self, questions: Sequence[SelectStatement]) -> list[list[Row]]:
        """Return the rows of several statements, in one trip; none may read bytes."""
        if len(questions) < 2:
            return [self.rows(*question) for question in questions]
        parts = [
            b"(SELECT coalesce(json_agg(row_to_json(row_read)),'[]') FROM (%b) row_read)::text" % self._bound(*question)
            for question in questions
        ]
        ((*texts,),) = self._read(b"SELECT " + b",".join(parts))
        return [json.loads(text, object_pairs_hook=row_of) for text in texts]

    def write(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Queue a statement that writes, within `writing`; its fault comes with what is read next, or at the end."""
        self._check_writing()
        self._add(self._bound(sql, values))

    def write_many(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows to a table, within `writing`; each has a value for every column."""
        self._check_writing()
        each = iter(rows)
        while batch := list(islice(each, BATCH)):
            lines = ",\n".join([f"({','.join(map(literal, row))})" for row in batch])
            try:
                statement = f"INSERT INTO {table} VALUES {lines}".encode()
            except UnicodeEncodeError as error:
                raise fault(FaultKind.UNREADABLE) from error
            if b"\0" in statement:
                raise fault(FaultKind.UNREADABLE)
            self._add(statement)

    def write_now(self, statement: bytes) -> None:
        """Do at once what a statement says, values and all; outside of a recording it is one by itself."""
        self._send(statement)

    def listed(self, values: Iterable[Any]) -> list[Any]:
        """Return the one value that stands for many in `Dialect.among`."""
        return [*map(bound, values)]

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write all that the block writes, or nothing.

        The lock that keeps others from writing is taken with what is read first. Raises EngineFault, UNCERTAIN where
        the connection breaks at the end.
        """
        with self._transaction(f"SET LOCAL lock_timeout = {self._milliseconds};SELECT seq FROM head FOR UPDATE"):
            yield

    @contextmanager
    def altering(self) -> Iterator[None]:
        """Write all that the block writes, or nothing, also where there is no register yet: no lock is taken."""
        with self._transaction(f"SET LOCAL lock_timeout = {self._milliseconds}"):
            self._is_altering = True
            try:
                yield
            finally:
                self._is_altering = False

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """Let the block read one state of the register, whatever others write meanwhile; nobody waits for it."""
        if self._begin:
            yield
            return
        self._begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        try:
            yield
        finally:
            self._forget()

    def version(self) -> int:
        """Return the number of the journal's last entry."""
        ((seq,),) = self._read(b"SELECT seq FROM head")
        return int(seq)

    def patience(self, seconds: float) -> None:
        """Wait so long for another's lock from the next recording on."""
        self._patience = seconds

    def interrupt(self) -> None:
        """Break off what is being read or written, from another thread."""
        cancel(self._connection)

    def close(self) -> None:
        """Close the connection; the server drops what was not recorded."""
        self._connection.close()

    @property
    def _milliseconds(self) -> int:
        # For the server, 0 is to wait for ever.
        return max(1, round(self._patience * 1000))

    @contextmanager
    def _transaction(self, settings: str) -> Iterator[None]:
        if self._is_altering:
            # A register that is being made is nobody else's yet.
            yield
            return
        if self._begin:
            raise RuntimeError("a recording cannot begin before another has ended")
        self._begin = f"BEGIN ISOLATION LEVEL READ COMMITTED;SET LOCAL statement_timeout = 0;{settings}"
        self._is_writing = True
        try:
            yield
            if self._is_begun or self._queue:
                self._commit()
        except BaseException:
            self._roll_back()
            raise
        finally:
            self._forget()

    @property
    def _is_recorded(self) -> bool:
        """Return whether what was sent last has ended a transaction, with all that it wrote."""
        return bool(self._cursor.statusmessage == "COMMIT")

    def _commit(self) -> None:
        self._send(b"COMMIT", is_last=True)
        if not self._is_recorded:
            # A fault before, which the caller took for harmless, has ended the transaction.
            raise given_up()

    def _roll_back(self) -> None:
        """Let go of the lock at once; after a fault the server has done so by itself."""
        if self._is_begun and self._connection.info.transaction_status == extensions.TRANSACTION_STATUS_INTRANS:
            self._queue.clear()
            with suppress(EngineFault):
                self._send(b"ROLLBACK")

    def _forget(self) -> None:
        """Forget a transaction; where the server still is in it, what is sent next ends it."""
        self._queue.clear()
        self._own_streams.clear()
        self._begin, self._is_writing, self._is_begun, self._queued_bytes = "", False, False, 0

    def _check_writing(self) -> None:
        if not self._is_writing:
            raise RuntimeError("nothing is written outside of a recording")

    def _add(self, statement: bytes) -> None:
        self._queue.append(statement)
        self._queued_bytes += len(statement)
        if self._queued_bytes > QUEUE_BYTES:
            self._send(self._queue.pop())

    def _bound(self, sql: str, values: Sequence[Any]) -> bytes:
        try:
            return self._cursor.mogrify(marked(sql), tuple(map(bound, values)))
        except ValueError as error:
            # A zero character, or half of one: the message would print it, personal data or not.
            raise fault(FaultKind.UNREADABLE) from error
        except psycopg2.Error as error:
            raise fault_of(error, bool(self._connection.closed)) from error

    def _read(self, statement: bytes) -> list[Row]:
        self._send(statement)
        try:
            return self._cursor.fetchall()
        except ValueError as error:
            raise fault(FaultKind.UNREADABLE) from error

    def _with_queue(self, statement: bytes) -> bytes:
        """Return a statement with all that must be sent before it, which is no longer queued."""
        before: list[bytes] = []
        is_idle = self._connection.info.transaction_status == extensions.TRANSACTION_STATUS_IDLE
        if self._is_begun and is_idle:
            # A fault before, which the caller took for harmless, kept it from beginning.
            raise given_up()
        if not self._is_begun:
            if not is_idle:
                before.append(b"ROLLBACK")
            before += self._ended_streams
            self._ended_streams.clear()
            if self._begin:
                before.append(self._begin.encode())
                self._is_begun = True
        statements = b";".join([*before, *self._queue, statement])
        self._queue.clear()
        self._queued_bytes = 0
        return statements

    def _connect(self, address: ServerAddress) -> ServerConnection:
        return connect(address)

    def _execute(self, statements: bytes) -> None:
        wait(self._connection, lambda: self._cursor.execute(statements))

    def _send(self, statement: bytes, is_last: bool = False) -> None:
        """Send a statement with all that is queued; `is_last` tells that it records what was written."""
        statements = self._with_queue(statement)
        self.trips += 1
        try:
            # Its `statusmessage` is never that of a statement before.
            self._cursor = self._connection.cursor()
            self._execute(statements)
        except psycopg2.Error as error:
            if self._connection.is_interrupted and not (is_last and self._connection.closed):
                raise KeyboardInterrupt from error
            raise fault_of(error, bool(self._connection.closed), is_last) from error
        except KeyboardInterrupt as interrupt:
            if is_last and self._connection.closed:
                raise fault(FaultKind.UNCERTAIN, "Ctrl-C") from interrupt
            if not self._is_recorded:
                raise
        if self._connection.is_interrupted and not self._is_recorded:
            raise KeyboardInterrupt
