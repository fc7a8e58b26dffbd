"""What a register's database offers, whichever engine keeps it: SQLite in a file, or a PostgreSQL server.

All SQL is written once, with `?` for each value, in what both engines understand. What they write differently has a
name in `Dialect`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from dealtrack.errors import NotPermitted, RecordingUncertain, RegisterLocked, RegisterUnusable, ServerLost
from dealtrack.phrase import Phrase

if TYPE_CHECKING:
    from dealtrack.register.evidence_files import EvidenceFiles
    from dealtrack.register.mailbox import Mailbox
    from dealtrack.register.store import Store

Row = tuple[Any, ...]

VERSION = 8
"""The version of the schema that this dealtrack reads and writes, on every engine."""

PROJECTED_TABLES = (
    "clock", "complaint", "search_text", "calendar_ruling", "policy", "platform", "zone_offset", "fact",
)  # fmt: skip
"""The tables that can be made again from the journal, in an order in which they can be emptied."""

SHOWN_NAME = 60
"""How much of a name that somebody may have forged is shown."""

WAIT_SECONDS = 30
"""How long a command waits for another's lock."""

UNFORESEEN = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""The exceptions that reading a damaged register may raise in Python."""


class FaultKind(StrEnum):
    """What can be wrong with a database, as far as callers tell one fault from another."""

    BUSY = "busy"
    FULL = "full"
    READ_ONLY = "read-only"
    DAMAGED = "damaged"
    UNREADABLE = "unreadable"
    """A text of it is no text any more."""
    CONSTRAINT = "constraint"
    DENIED = "denied"
    """The login has no right to do it."""
    GONE = "gone"
    """The server, or the connection to it."""
    UNCERTAIN = "uncertain"
    """The connection broke while the server recorded: it is not known whether it did."""
    ABSENT = "absent"
    """A table or schema that is asked for is not there, or may not be seen."""
    OTHER = "other"


class EngineFault(Exception):
    """A fault that an engine reports; `reason` says it to the user."""

    def __init__(self, kind: FaultKind, reason: Phrase) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


@contextmanager
def faults_of(address: object) -> Iterator[None]:
    """Raise the faults of an engine inside the block as errors of the catalogue."""
    try:
        yield
    except EngineFault as fault:
        match fault.kind:
            case FaultKind.BUSY:
                raise RegisterLocked(path=address, seconds=WAIT_SECONDS) from fault
            case FaultKind.GONE:
                raise ServerLost(address=address, reason=fault.reason) from fault
            case FaultKind.DENIED:
                raise NotPermitted(address=address, reason=fault.reason) from fault
            case FaultKind.UNCERTAIN:
                raise RecordingUncertain(address=address, reason=fault.reason) from fault
        raise RegisterUnusable(path=address, reason=fault.reason) from fault


class Dialect(NamedTuple):
    """How an engine writes what the engines write differently; `{}` stands for a column."""

    any_of: str
    """That a column is one of the values of a list, which `Database.listed` makes one value."""
    holds: str
    """That a text holds another, given as a value."""
    field: str
    """A field of the JSON object that a column holds, as text; the field is the second `{}`."""
    hexadecimal: str
    """Bytes in hexadecimal, in lower case."""
    join: str
    """A join that is looked up in the order in which it is written."""

    def among(self, column: str) -> str:
        """Return the condition that a column is one of the values of a list."""
        return self.any_of.format(column)

    def contains(self, column: str) -> str:
        """Return the condition that a column holds a text."""
        return self.holds.format(column)

    def detail(self, column: str, name: str) -> str:
        """Return a field of the JSON object in a column."""
        return self.field.format(column, name)


class SelectStatement(NamedTuple):
    """A statement that reads, and its values."""

    sql: str
    values: Sequence[Any] = ()


class Database(Protocol):
    """A connection to a register's tables. Every method raises EngineFault."""

    dialect: Dialect
    is_remote: bool
    """Whether each question costs a trip to a server, so that several are better asked at once."""

    @property
    def login(self) -> str:
        """Return who is logged in on a server, whom the journal names; nothing where the register is a file."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return all rows that a statement reads."""

    def row(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """Return the first row that a statement reads, None without any."""

    def stream(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        """Yield the rows that a statement reads, however many: they are never all in memory."""

    def trip(self, questions: Sequence[SelectStatement]) -> list[list[Row]]:
        """Return the rows of several statements, in one trip to a server; none may read bytes."""

    def write(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Do what a statement says, within `writing`; a server does it at the latest before what is read next."""

    def write_many(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows to a table, within `writing`; each has a value for every column."""

    def listed(self, values: Iterable[Any]) -> Any:
        """Return the one value that stands for many in `Dialect.among`."""

    def writing(self) -> AbstractContextManager[None]:
        """Write all that the block writes, or nothing, once nobody else writes."""

    def one_state(self) -> AbstractContextManager[None]:
        """Let the block read one state of the register, whatever others write meanwhile; nobody waits for it."""

    def version(self) -> int:
        """Return a number that changes with all that others write."""

    def patience(self, seconds: float) -> None:
        """Wait so long for another's lock from now on."""

    def interrupt(self) -> None:
        """Break off what is being read or written, from another thread."""

    def close(self) -> None:
        """Close the connection."""


def replacing(table: str, columns: Sequence[str], keys: int = 1) -> str:
    """Return the statement that adds a row, in place of one with the same first columns, which are its key."""
    updated = ", ".join(f"{column} = excluded.{column}" for column in columns[keys:])
    marks = ", ".join("?" * len(columns))
    names = ", ".join(columns)
    return (
        f"INSERT INTO {table} ({names}) VALUES ({marks}) "
        f"ON CONFLICT ({', '.join(columns[:keys])}) DO UPDATE SET {updated}"
    )


class ServerAddress(NamedTuple):
    """Where a register lies on a PostgreSQL server."""

    text: str
    """The address as it was given, without a password: what is shown."""
    parameters: dict[str, str]
    """What libpq connects by, by its own keywords."""
    office: str
    """The schema."""

    def __str__(self) -> str:
        return self.text


Address = Path | ServerAddress
"""Where a register lies: in a file, or on a server."""


class Upgrade(NamedTuple):
    """What opening an older register did: the schema versions before and after, and the backup made between them.

    Where it could not be done, `reason` says why: the register was then read as it would be, and stands as it was.
    `changes` tells what rules that changed since have made of its complaints, a line for each kind of change.
    """

    old: int
    new: int
    backup: Path | None = None
    reason: str = ""
    changes: Sequence[Phrase] = ()


class Finding(NamedTuple):
    """What the doctor says of a register: a code that stays the same, a sentence, and whether it can be mended."""

    code: str
    message: str
    can_be_mended: bool = True


class SealCheck(NamedTuple):
    """Where the journals of offices are not as they were sealed, and which could not be checked, or not wholly."""

    faults: Sequence[str] = ()
    unchecked: Sequence[str] = ()


class Remains(NamedTuple):
    """What may still hold erased data.

    `in_log` is True where another program, or the disk, kept the write-ahead file from being emptied: the bytes
    stay in it until the next command that writes can empty it, or the register is closed by the last that has it open.
    `drafts` are what killed commands left behind and could not be removed. `in_archive` is True on a server: its log,
    the archive of that and its own backups hold the data until whoever manages the server lets them go.
    """

    in_log: bool = False
    drafts: Sequence[Path] = ()
    in_archive: bool = False


class Engine(Protocol):
    """What keeps the register at one address, beyond the reading and writing of its tables."""

    @property
    def address(self) -> Address:
        """Return where the register lies."""

    def opened(self, *, read_only: bool) -> AbstractContextManager[Database]:
        """Open the register's database for the block; raises RegisterMissing, NotARegister or RegisterUnusable."""

    def upgraded(
        self, database: Database, *, read_only: bool, now: Callable[[], datetime] | None
    ) -> tuple[Database, Upgrade | None]:
        """Return an opened register's database brought to the present schema, and what that did.

        With `read_only` the register stays as it is. Raises NotARegister, RegisterNewer, RegisterOlder,
        OfficeOlder and RegisterAltered.
        """

    def create(self, fill: Callable[[Database], None]) -> None:
        """Make a register with an empty journal, let it be filled, and put it in its place when it is whole.

        Raises RegisterExists or RegisterUnusable.
        """

    def take_in(self, source: Database, check: Callable[[Database], None], finish: Callable[[Database], None]) -> None:
        """Make a register with all rows of another, let it be finished, and put it in its place when it is whole.

        Before that `check` gets the source or the copy: whichever is nearer, as both have the same rows.
        Raises RegisterExists or RegisterUnusable.
        """

    def differing_tables(self, copy: Database, source: Database) -> list[str]:
        """Return the tables of a copy that is being finished that have other rows than those of its source."""

    def held(self, register: "Store") -> AbstractContextManager[None]:
        """Let nobody record in the register during the block, which reads one state of it."""

    def close_to_entries(self, register: "Store") -> bool:
        """Let nobody record in the register from now on, so that its owner can undo it; tell whether that was done."""

    def identity(self) -> object:
        """Return what tells what stands at the address from what is put there later; raises RegisterMissing."""

    def evidence(self, register: "Store") -> "EvidenceFiles":
        """Return what keeps the register's evidence files."""

    def mailbox(self, register: "Store") -> "Mailbox | None":
        """Return what hands complaints from office to office; None for a register in a file."""

    def count_names(self, register: "Store") -> int:
        """Return how many names (hard links) the register's file has: SQLite keeps the last entries of each apart."""

    def finish_writing(self, register: "Store") -> None:
        """Do what is left to do once a recording was committed."""

    def back_up(self, register: "Store", target: Path) -> tuple[int, str]:
        """Copy the register, as it stands at one moment, to an SQLite file; return the copy's last number and hash.

        The copy takes its place when it is whole and checked, and is its owner's alone. Raises BackupFailed.
        """

    def damage(self, register: "Store") -> str:
        """Return what is wrong in the form of what is stored, in one line; nothing where it is sound."""

    def schema_faults(self, register: "Store") -> list[str]:
        """Return where tables, indexes, triggers or views are not as they were made, those of other programs aside."""

    def check_seals(self, register: "Store") -> SealCheck:
        """Hold the journals of offices against this register's seals; only the national one has any."""

    def foreign_names(self, register: "Store") -> list[str]:
        """Return the tables that other programs keep beside the register's, and their indexes, by name."""

    def erase_afresh(self, register: "Store") -> None:
        """Write the table of personal data anew, so that nothing of the rows deleted within this recording is left."""

    def remains(self, register: "Store") -> Remains:
        """Remove what is left of erased data once that was committed; return what could not be removed."""

    def findings(self, register: "Store", now: datetime) -> Iterator[Finding]:
        """Yield what a keeper should mend of what the register lies on, and what there is only to know."""

    def facts(self, register: "Store") -> Iterator[tuple[str, str]]:
        """Yield what the register lies on, as name and value."""
