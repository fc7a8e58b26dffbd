"""Reading all offices of a server: one that cannot be read is named, and the others are read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dealtrack.core.moments import from_store, in_calendar, to_store
from dealtrack.phrase import Phrase
from dealtrack.register.address import NATION
from dealtrack.register.engine import (
    UNFORESEEN,
    VERSION,
    Database,
    EngineFault,
    FaultKind,
    Row,
    ServerAddress,
    faults_of,
)
from dealtrack.register.postgres.connection import ServerDatabase
from dealtrack.register.postgres.values import quoted

AT_ONCE = 25
"""So many offices are read in one trip."""

OFFICES = """
SELECT n.nspname, pg_get_userbyid(n.nspowner) = n.nspname || '_owner',
    has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(h.oid, t.attnum, 'SELECT')
FROM pg_namespace n
JOIN pg_class h ON h.relnamespace = n.oid AND h.relname = 'head'
JOIN pg_attribute t ON t.attrelid = h.oid AND t.attname = 'recorded_at'
JOIN pg_class m ON m.relnamespace = n.oid AND m.relname = 'meta'
JOIN pg_attribute a ON a.attrelid = m.oid AND a.attname = 'application_id'
WHERE n.nspname !~ '[\\x01-\\x2f\\x3a-\\x40\\x5b-\\x5e\\x60\\x7b-\\x7f]'
ORDER BY n.nspname COLLATE "C"
"""
"""All registers of the database, each with whether it has roles, and whether the login may read it.

The name of an office has letters, digits and _ alone; a schema of another name is none, whatever tables it has.
"""

PATIENCE_OF_EACH = "1s"
"""How long a lock of one office is waited for, once one of several could not be had."""


class OfficeReader:
    """Reads the offices that a login may read; the nation's register is none of them.

    `present` names them all, and `faults` those that cannot be read, or not wholly, each with the reason, as met.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.faults: dict[str, str] = {}
        self.present = [name for name, _, is_readable in database.rows(OFFICES) if is_readable and name != NATION]
        for name, version in self.rows("SELECT {name}, version FROM {schema}.meta"):
            if version != VERSION:
                self.faults[name] = version_fault(version)

    @property
    def names(self) -> list[str]:
        """Return the offices that could be read so far, by name."""
        return [name for name in self.present if name not in self.faults]

    def rows(self, select: str, values: Callable[[str], Sequence[Any]] = lambda _: ()) -> Iterator[Row]:
        """Yield what a statement reads of each office; it writes {name} for the office, and {schema} for its schema.

        Outside of a transaction, some offices come in each trip: the server locks every table of a statement and its
        indexes, and has room for some thousands of locks only, which clerks need too.
        """
        names = self.names
        for start in range(0, len(names), AT_ONCE):
            batch = names[start : start + AT_ONCE]
            try:
                yield from self._rows(select, values, batch)
            except EngineFault as fault:
                self._check(fault)
                self.database.rows("SELECT set_config('lock_timeout', ?, false)", (PATIENCE_OF_EACH,))
                for name in batch:
                    with self.reading(name):
                        yield from self._rows(select, values, [name])

    def _rows(self, select: str, values: Callable[[str], Sequence[Any]], names: Sequence[str]) -> list[Row]:
        parts = (f"({select.format(name=text_of(name), schema=quoted(name))})" for name in names)
        return self.database.rows(" UNION ALL ".join(parts), [value for name in names for value in values(name)])

    @contextmanager
    def reading(self, office: str) -> Iterator[None]:
        """Read something of an office in the block; where it cannot be read, the block ends, and the fault is kept."""
        try:
            yield
        except EngineFault as fault:
            self._check(fault)
            is_absent = fault.kind is FaultKind.ABSENT
            self.faults[office] = Phrase("it was removed, or a part of it") if is_absent else fault.reason
        except (OSError, *UNFORESEEN):
            self.faults[office] = Phrase(
                "it holds a row that no entry makes; 'dealtrack verify' with that office shows how to recover"
            )

    def _check(self, fault: EngineFault) -> None:
        """Raise a fault that is not of one office."""
        if fault.kind is FaultKind.GONE:
            raise fault


def check_moments(values: Iterable[object]) -> None:
    """Raise ValueError where one of some values is a moment that a register cannot hold."""
    for value in values:
        if isinstance(value, datetime) and not in_calendar(value):
            raise ValueError(value)


def version_fault(version: int) -> Phrase:
    """Return that an office has another schema than this dealtrack reads, and what to do."""
    if version > VERSION:
        return Phrase("it has schema {found}, newer than {known}: upgrade dealtrack", found=version, known=VERSION)
    return Phrase(
        "it has schema {found}, older than {known}: the server administrator runs 'dealtrack office upgrade'",
        found=version,
        known=VERSION,
    )


def text_of(office: str) -> str:
    """Return an office's name as a text in SQL."""
    # An office's name has letters, digits and _ alone.
    return f"'{office}'::text"


class OfficeState(NamedTuple):
    """How an office stands: its journal's length, last moment (in UTC) and hash, and its complaints and deadlines.

    `waiting` counts what other offices have transferred to it and nobody has taken over yet.
    """

    office: str
    entries: int
    last: datetime | None
    head: str
    open: int
    overdue: int
    waiting: int


class OfficeStates(NamedTuple):
    """How offices stand, by name; the time zone of the first; and those that could not be read, with the reason."""

    states: list[OfficeState]
    zone: ZoneInfo
    faults: dict[str, str]


def office_states(address: ServerAddress, moment: datetime) -> OfficeStates:
    """Return how each office that the login may read stands at a moment, in UTC."""
    with closing(ServerDatabase(address)) as database, faults_of(address):
        offices = OfficeReader(database)
        select = (
            "SELECT {name}, h.seq, h.recorded_at, encode(h.hash, 'hex'), "
            "(SELECT count(*) FROM {schema}.complaint WHERE status <> ALL (ARRAY['closed', 'voided'])), "
            "(SELECT count(*) FROM {schema}.clock WHERE ended_at IS NULL AND due_at < ?), "
            "(SELECT count(*) FROM {schema}.mailbox), "
            "(SELECT value FROM {schema}.fact WHERE name = 'timezone') FROM {schema}.head h"
        )
        rows = list(offices.rows(select, lambda _: [to_store(moment)]))
    states, zones = [], []
    for name, seq, last, head, *counts, zone in rows:
        with offices.reading(name):
            state = OfficeState(name, seq, from_store(last) if last else None, head, *counts)
            check_moments(state)
            zones.append(ZoneInfo(zone))
            states.append(state)
    return OfficeStates(states, zones[0] if zones else ZoneInfo("UTC"), offices.faults)
