"""Stretches of the register, each of which can be checked by itself, by any process that sees the same state of it."""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from dealtrack.core import chain
from dealtrack.errors import DealtrackError
from dealtrack.register import journal, rubbish
from dealtrack.register.comparison import Batch, Comparison, Gatherer
from dealtrack.register.connection import UNFORESEEN
from dealtrack.register.erasure import PersonalCheck
from dealtrack.register.journal import GREATEST, LEAST
from dealtrack.register.register import Register

CHUNK = 4000
"""The entries that are looked at together."""

LENGTH = 2 * CHUNK
"""The entries of a stretch: 0.15 s of work."""


class Stretch(NamedTuple):
    """A part of the register: entries after one number and up to another, and complaints of a span of ids.

    The stretches of a register leave out no entry and no id. Its complaints are mostly, but need not be, those whose
    entries it holds.
    """

    after: int
    last: int
    first_id: int
    last_id: int


class Sound(NamedTuple):
    """What a check tells of a stretch in which nothing is wrong.

    The entries of any complaint in it, those of its complaints, which are as many over all stretches, and whether the
    head that is looked for is the hash of one of them.
    """

    stretch: Stretch
    passed: int
    gathered: int
    is_found: bool


def stretches(connection: sqlite3.Connection, length: int = LENGTH) -> Iterator[Stretch]:
    """Yield the stretches of a register, each of at most so many entries, in order."""
    end = journal.Tail.of(connection).seq
    after, first_id = 0, LEAST
    while after + length < end:
        last = after + length
        found = connection.execute(
            "SELECT complaint FROM transition WHERE seq > ? AND seq <= ? AND complaint IS NOT NULL "
            "ORDER BY seq DESC LIMIT 1",
            (after, last),
        ).fetchone()
        last_id = max(found[0], first_id - 1) if found else first_id - 1
        yield Stretch(after, last, first_id, last_id)
        after, first_id = last, last_id + 1
    yield Stretch(after, end, first_id, GREATEST)


class Checker:
    """Checks stretches of a register, of which one state is seen throughout."""

    def __init__(self, register: Register, wanted: str) -> None:
        """`wanted` are the first digits of a head, in lower case, none where no head is looked for."""
        self._connection = register.connection
        self._wanted = wanted
        self._comparison = Comparison(register)
        self._personal = PersonalCheck(register.connection)

    def check(self, stretch: Stretch) -> Sound | None:
        """Return what a check tells of a stretch, None where anything is wrong in it."""
        try:
            with rubbish.put_off():
                return self._checked(stretch)
        except (sqlite3.Error, DealtrackError, *UNFORESEEN):
            return None

    def _checked(self, stretch: Stretch) -> Sound | None:
        seq, last = stretch.after, stretch.last
        # That the entry before bears it rightly is for the stretch before to check.
        previous = journal.hash_of(self._connection, seq)
        if previous is None:
            return None
        is_found = False
        rows = journal.link_rows(self._connection, seq + 1 if seq else LEAST, last)
        gatherer = Gatherer(self._connection, stretch.first_id, stretch.last_id)
        while chunk := rows.fetchmany(CHUNK):
            if chain.first_fault(chunk, previous, seq):
                return None
            seq, *_, previous = chunk[-1]
            is_found = is_found or (bool(self._wanted) and any(row[-1].hex().startswith(self._wanted) for row in chunk))
            if not all(map(self._is_made, gatherer.batches(chunk))):
                return None
        if seq != last or not all(map(self._is_made, gatherer.rest())):
            return None
        return Sound(stretch, gatherer.passed, gatherer.gathered, is_found)

    def _is_made(self, batch: Batch) -> bool:
        told = self._comparison.personal_told(batch)
        return told is not None and not any(self._personal.faults(told, batch.first, batch.last))
