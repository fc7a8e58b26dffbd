"""The journal: all entries of the register, added only at its end and chained by hashes; the tables follow from it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple

from dealtrack.core import chain
from dealtrack.core.details import is_detail
from dealtrack.core.lifecycle import NO_DETAIL, Kind, Transition
from dealtrack.core.moments import from_store, in_calendar, to_store
from dealtrack.errors import BadEntry
from dealtrack.register.engine import UNFORESEEN, Database, Row, SelectStatement

LEAST, GREATEST = -(2**63), 2**63 - 1
"""The numbers that SQLite can hold."""

COLUMNS = "seq, complaint, kind, at, recorded_at, actor, detail"
LAST = "SELECT seq, {hash}, recorded_at FROM transition ORDER BY seq DESC LIMIT 1"
"""What reads the last entry; `hash` stands for its hash in hexadecimal."""
OF_COMPLAINTS = "complaint IS NOT NULL"
FIRST_BATCH = 20
"""How many histories are read at first where many are asked for."""
CLOCKS_DIFFER = timedelta(minutes=1)
"""So much the clocks of machines may differ, and somebody may wait for another's recording, before it is told."""


class Event(StrEnum):
    """What can happen to the register itself; such entries belong to no complaint."""

    MADE = "made"
    POLICY_TAKEN_IN = "policy-taken-in"
    POLICY_CORRECTED = "policy-corrected"
    PLATFORM_ENTERED = "platform-entered"
    PLATFORM_EDITED = "platform-edited"
    PLATFORM_CHECKED = "platform-checked"
    PLATFORM_RENAMED = "platform-renamed"
    PLATFORM_MERGED = "platform-merged"
    PLATFORM_REMOVED = "platform-removed"
    CALENDAR_REVISED = "calendar-revised"
    RECHECKED = "rechecked"
    ERASED = "erased"
    SEALED = "sealed"
    """The heads of all offices' journals were kept, in the national register."""


class Entry(NamedTuple):
    """An entry of the register's own; moments in UTC."""

    seq: int
    kind: Event
    at: datetime
    recorded_at: datetime
    actor: str
    detail: Mapping[str, Any]


class LastEntry:
    """The number, hash and moment of the journal's last entry, also while a transaction adds to it."""

    __slots__ = ("hash", "recorded_at", "seq")

    def __init__(self, seq: int, hash_: bytes, recorded_at: str) -> None:
        self.seq, self.hash, self.recorded_at = seq, hash_, recorded_at

    @classmethod
    def of(cls, database: Database) -> "LastEntry":
        """Return the last entry of a journal; number 0 for an empty one."""
        hash_ = database.dialect.hexadecimal.format("hash")
        return cls.from_rows(database.rows(LAST.format(hash=hash_)))

    @classmethod
    def from_rows(cls, rows: Sequence[Row]) -> "LastEntry":
        """Return the last entry of a journal from what LAST reads of it."""
        return cls(rows[0][0], bytes.fromhex(rows[0][1]), rows[0][2]) if rows else cls(0, chain.BEFORE_FIRST, "")


class JournalWriter:
    """Adds entries at the journal's end within one transaction, a batch at a time.

    An entry's recorded_at never lies before that of the entry before it, even where the machine's clock
    was set back.
    """

    BATCH = 5000

    def __init__(self, database: Database, last: LastEntry, now: datetime, actor: str) -> None:
        self._database = database
        self._last = last
        recorded_at = max(to_store(now), self._last.recorded_at)
        self.recorded_at = from_store(recorded_at)
        self._recorded_text = recorded_at
        self._actor = actor
        self._unwritten: list[tuple[int, int | None, str, datetime, datetime, str, Mapping[str, Any]]] = []

    @property
    def next_seq(self) -> int:
        """Return the number of the next entry."""
        return self._last.seq + len(self._unwritten) + 1

    def add(self, entries: Sequence[Transition]) -> None:
        """Add a complaint's transitions, whose numbers are the next ones."""
        assert entries[0].seq == self.next_seq
        self._unwritten += entries
        if len(self._unwritten) >= self.BATCH:
            self.flush()

    def event(self, kind: Event, detail: Mapping[str, Any], at: datetime | None = None) -> int:
        """Add an entry of the register's own and return its number."""
        seq = self.next_seq
        self._unwritten.append((seq, None, kind, at or self.recorded_at, self.recorded_at, self._actor, detail))
        return seq

    @property
    def has_unwritten(self) -> bool:
        """Tell whether some added entries are not yet written to the file."""
        return bool(self._unwritten)

    def flush(self) -> None:
        """Write to the file the entries that are not yet written."""
        links, hash_ = [], self._last.hash
        # sqlite3 stores a bytearray faster than bytes.
        own = bytearray(hash_)
        for seq, complaint, kind, at, _, _, detail in self._unwritten:
            entry = (seq, complaint, str(kind), to_store(at), self._recorded_text, self._actor, chain.canonical(detail))
            hash_, previous = chain.entry_hash(*entry, hash_), own
            own = bytearray(hash_)
            links.append((*entry, previous, own))
        self._database.write_many("transition", links)
        self._last.seq, self._last.hash = self._last.seq + len(links), hash_
        self._unwritten.clear()


_decode = json.JSONDecoder().raw_decode


def _read_json(text: str) -> Any:
    """Return the value of a JSON text as the journal writes it, without spaces around it."""
    value, end = _decode(text)
    if end != len(text):
        raise ValueError(text)
    return value


_KINDS: Mapping[str, Kind] = {kind.value: kind for kind in Kind}
_moment = lru_cache(16)(from_store)
"""Reads a moment and remembers the last 16: all entries of one import have the same moment."""


def transition_of(row: Sequence[Any]) -> Transition:
    """Return the transition that a row of COLUMNS holds; raises BadEntry."""
    seq, complaint, kind, at, recorded_at, actor, text = row
    try:
        # Most transitions have no detail.
        detail = _read_json(text) if text != "{}" else NO_DETAIL
        values = seq, complaint, _KINDS[kind], from_store(at), _moment(recorded_at), actor, detail
        entry = Transition._make(values)
    except UNFORESEEN:
        raise BadEntry(seq=seq) from None
    if not is_detail(entry.kind, detail):
        raise BadEntry(seq=seq)
    return entry


def history(database: Database, complaint: int) -> list[Transition]:
    """Return all transitions of a complaint in order of entry, none for an unknown one."""
    return list(map(transition_of, rows_of(database, complaint)))


def histories(
    database: Database, condition: str = OF_COMPLAINTS, values: Sequence[Any] = ()
) -> Iterator[list[Transition]]:
    """Yield the transitions that a condition chooses, complaint by complaint, in order of entry."""
    for _, rows in rows_by_complaint(database, condition, values):
        yield list(map(transition_of, rows))


def histories_of(database: Database, ids: Iterable[int]) -> Iterator[list[Transition]]:
    """Yield the transitions of these complaints, in order of entry and of the ids; of an unknown one nothing.

    They are read in batches, small ones first: who asks for the first few need not wait for the last.
    """
    ids, size = iter(ids), FIRST_BATCH
    condition = database.dialect.among("complaint")
    while batch := list(islice(ids, size)):
        by_id = {each[0].complaint: each for each in histories(database, condition, [database.listed(batch)])}
        yield from (by_id[id_] for id_ in batch if id_ in by_id)
        size = min(size * 10, JournalWriter.BATCH)


def rows_by_complaint(
    database: Database, condition: str = OF_COMPLAINTS, values: Sequence[Any] = ()
) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    """Yield each complaint with the rows of its transitions, of COLUMNS, in order of entry, complaints by id."""
    rows = database.stream(f"SELECT {COLUMNS} FROM transition WHERE {condition} ORDER BY complaint, seq", values)
    for complaint, group in groupby(rows, key=itemgetter(1)):
        yield complaint, list(group)


def entry_of(row: Sequence[Any]) -> Entry:
    """Return the register's own entry that a row of COLUMNS holds; raises BadEntry."""
    seq, _, kind, at, recorded_at, actor, text = row
    try:
        entry = Entry(seq, Event(kind), from_store(at), from_store(recorded_at), actor, json.loads(text))
    except UNFORESEEN:
        raise BadEntry(seq=seq) from None
    if entry.detail.__class__ is not dict:
        raise BadEntry(seq=seq)
    return entry


def events(database: Database, kinds: Iterable[Event]) -> Iterator[Entry]:
    """Yield the register's own entries of some kinds, in order of entry."""
    # A query a kind spares the database a sort.
    sql = f"SELECT {COLUMNS} FROM transition WHERE complaint IS NULL AND kind = ? ORDER BY seq"
    for row in merge(*database.trip([SelectStatement(sql, (kind.value,)) for kind in kinds])):
        yield entry_of(row)


def has_event(database: Database, kind: Event) -> bool:
    """Tell whether the register has an entry of its own of a kind."""
    return database.row("SELECT 1 FROM transition WHERE complaint IS NULL AND kind = ?", (kind.value,)) is not None


def last_seq(database: Database, recorded_at: str) -> int:
    """Return the number of the last entry recorded at or before a moment, 0 where there is none."""
    row = database.row("SELECT seq FROM transition WHERE recorded_at <= ? ORDER BY seq DESC LIMIT 1", (recorded_at,))
    return row[0] if row else 0


def hash_at(database: Database, seq: int) -> bytes | None:
    """Return the hash of the entry of this number, None where there is none; the first tells registers apart."""
    row = database.row("SELECT hash FROM transition WHERE seq = ?", (seq,))
    return row[0] if row else None


def entry_at(database: Database, seq: int) -> Entry:
    """Return the register's own entry of this number."""
    (row,) = database.rows(f"SELECT {COLUMNS} FROM transition WHERE seq = ?", (seq,))
    return entry_of(row)


def rows_of(database: Database, complaint: int) -> list[tuple[Any, ...]]:
    """Return the rows of a complaint's transitions, of COLUMNS, in order of entry."""
    return database.rows(f"SELECT {COLUMNS} FROM transition WHERE complaint = ? ORDER BY seq", (complaint,))


def check_entries(database: Database) -> None:
    """Check that each entry is one that can be read, and is written as dealtrack writes it; raises BadEntry."""
    for *row, _, _ in link_rows(database):
        entry = entry_of(row) if row[1] is None else transition_of(row)
        for moment, text in ((entry.at, row[3]), (entry.recorded_at, row[4])):
            if not in_calendar(moment) or not moment.tzinfo or to_store(moment) != text:
                raise BadEntry(seq=row[0])
        if not _is_canonical(entry.detail, row[6]):
            raise BadEntry(seq=row[0])


def _is_canonical(detail: Any, text: str) -> bool:
    try:
        return chain.canonical(detail) == text and bool(text.encode())
    except UNFORESEEN:
        return False


def link_rows(database: Database) -> Iterator[Row]:
    """Return all entries in order, each with the hash of the one before it and its own, for the check of the chain."""
    return database.stream(f"SELECT {COLUMNS}, previous, hash FROM transition ORDER BY seq")
