"""The tables of complaints held against the journal at one go: do they agree? Where not, the slower way says so."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from dealtrack.register import journal
from dealtrack.register.journal import GREATEST, LEAST
from dealtrack.register.making import Maker, Row
from dealtrack.register.register import Register

BATCH = 2000
HELD = (
    "SELECT * FROM complaint WHERE id BETWEEN ? AND ? ORDER BY id",
    "SELECT * FROM clock WHERE complaint BETWEEN ? AND ? ORDER BY complaint, name, round",
    "SELECT complaint, text, former FROM search_text WHERE complaint BETWEEN ? AND ? ORDER BY complaint",
)


class Batch(NamedTuple):
    """The whole histories of all complaints from one number to another, both included, by id: rows of the journal."""

    first: int
    last: int
    histories: list[tuple[int, list[Row]]]


def batches(connection: sqlite3.Connection) -> Iterator[Batch]:
    """Yield all complaints of the journal in batches by id, which leave no number out."""
    histories = journal.rows_by_complaint(connection)
    first = LEAST
    while some := list(islice(histories, BATCH)):
        last = some[-1][0]
        yield Batch(first, last, some)
        first = last + 1
    yield Batch(first, GREATEST, [])


class Gatherer:
    """Gathers whole histories out of a part of the journal while it passes in order of entry, to read it but once.

    Those gathered are of the complaints of a span of ids. An import writes the entries of a complaint one after
    another, so that all of them pass together; those of others are looked up once their first one passes.
    """

    def __init__(self, connection: sqlite3.Connection, first: int = LEAST, last: int = GREATEST) -> None:
        """`first` and `last` are the ids of the span, both included."""
        self._connection = connection
        self._first, self._last = first, last
        self.passed = self.gathered = 0
        """Entries of any complaint that passed, and those that are in a history: over all parts they are as many."""

    def batches(self, rows: Sequence[Row]) -> Iterator[Batch]:
        """Yield all complaints of the span up to the greatest id among some rows, but those yielded before."""
        passing: dict[int, list[Row]] = {}
        for row in rows:
            if row[1] is not None:
                self.passed += 1
                if row[1] in passing:
                    passing[row[1]].append(row)
                else:
                    passing[row[1]] = [row]
        if passing:
            yield from self._upto(min(max(passing), self._last), passing)

    def rest(self) -> Iterator[Batch]:
        """Yield the complaints of the span that are left, and what else of it has no number in the journal."""
        yield from self._upto(self._last, {})

    def _upto(self, last: int, passing: Mapping[int, list[Row]]) -> Iterator[Batch]:
        if last < self._first:
            return
        # Counted in the index alone: 0.1 us an entry.
        counts = self._connection.execute(
            "SELECT complaint, count(*) FROM transition WHERE complaint BETWEEN ? AND ? GROUP BY complaint ORDER BY 1",
            (self._first, last),
        )
        while some := counts.fetchmany(BATCH):
            end = some[-1][0] if len(some) == BATCH else last
            yield Batch(self._first, end, [(id_, self._history(passing, id_, count)) for id_, count in some])
            self._first = end + 1
        if self._first <= last:
            yield Batch(self._first, last, [])
            self._first = last + 1

    def _history(self, passing: Mapping[int, list[Row]], id_: int, count: int) -> list[Row]:
        found = passing.get(id_, [])
        if len(found) != count:
            found = journal.rows_of(self._connection, id_)
        self.gathered += len(found)
        return found


class Comparison:
    """Holds the tables against what the journal makes, and tells whether they agree: it does not say where they do not.

    Lists of rows are equal or not in one step, in a third of the time that it takes to go through them side by side.
    """

    def __init__(self, register: Register) -> None:
        self._connection = register.connection
        self._maker = Maker(register)

    def personal_told(self, batch: Batch) -> list[tuple[int, int, str]] | None:
        """Return what the journal tells of personal data in a batch, None where the tables are not as it makes them."""
        *made, told = self._maker.make_all(batch.histories)
        for rows, statement in zip(made, HELD, strict=True):
            if self._connection.execute(statement, (batch.first, batch.last)).fetchall() != rows:
                return None
        return told


def complaints_agree(register: Register) -> bool:
    """Tell whether the tables of complaints are as the journal makes them."""
    comparison = Comparison(register)
    return all(comparison.personal_told(batch) is not None for batch in batches(register.connection))
