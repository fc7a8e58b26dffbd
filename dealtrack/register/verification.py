"""Checking the register: its chain, its tables against its journal, and a head kept elsewhere."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from dealtrack.core import chain
from dealtrack.errors import BadEntry, BadHistory, DealtrackError, RegisterUnusable
from dealtrack.phrase import Phrase
from dealtrack.register import journal
from dealtrack.register.alterations import foreign_names
from dealtrack.register.comparison import complaints_agree
from dealtrack.register.connection import UNFORESEEN, is_undecodable, reading
from dealtrack.register.erasure import personal_faults
from dealtrack.register.evidence import evidence_faults
from dealtrack.register.form import damage_of, form_checked
from dealtrack.register.rebuilding import check_journal, differences, differing_tables
from dealtrack.register.register import Register
from dealtrack.register.schema import schema_faults
from dealtrack.register.search import index_faults
from dealtrack.register.sharing import LARGE, IsSame, sharing, watched
from dealtrack.register.stretch import LENGTH, Checker, stretches

SHORTEST_HEAD = 8
MOST_ALTERATIONS = 20
"""How many alterations of the schema are named."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of the register found: its length, its head, and all that is wrong.

    `rebuilds` tells that the journal is whole, and that what is wrong can be made again from it. `foreign` names the
    tables of other programs, and their indexes, which are not checked.
    """

    entries: int
    head: str
    faults: list[str]
    rebuilds: bool = False
    foreign: list[str] = field(default_factory=list)


class Seen:
    """Looks for a hash among the links that pass, and counts them."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self.found = False
        self.count = 0

    def passing(self, links: Iterable[chain.Link]) -> Iterator[chain.Link]:
        """Yield the links, remembering whether one has the hash that is wanted."""
        for link in links:
            self.count += 1
            if self._wanted and link.hash.hex().startswith(self._wanted):
                self.found = True
            yield link


def verify(
    register: Register, head: str = "", *, evidence: bool = True, large: int = LARGE, stretch: int = LENGTH
) -> Verification:
    """Check the journal's chain, that all else is as it says, and that a head kept elsewhere is still in it.

    All else: the file's own form, the tables made from the journal, the search index, personal data and,
    unless left out, evidence files. One state of the register is checked throughout, and nobody waits for it.

    A head is a hash in hexadecimal, or at least its first eight digits. A register of as many entries as `large` or
    more is checked by two processes, each taking a stretch of so many entries at a time. Raises RegisterUnusable
    where the file is damaged so that it cannot be read whole.
    """
    wanted = head.strip().lower()
    with watched(register, large) as is_same, reading(register.connection):
        if not _is_whole(register, wanted, is_same, stretch):
            return _explained(register, wanted, evidence)
        kept = evidence_faults(register) if evidence else []
        return Verification(*register.head(), kept, not kept, foreign_names(register.connection))


def _is_whole(register: Register, wanted: str, is_same: IsSame | None = None, stretch: int = LENGTH) -> bool:
    """Tell whether nothing is wrong, evidence files aside, going through the journal but once."""
    try:
        with form_checked(register) as is_form_sound:
            return _agrees(register, wanted, is_same, stretch) and is_form_sound()
    except (sqlite3.Error, DealtrackError, *UNFORESEEN):
        return False


def _agrees(register: Register, wanted: str, is_same: IsSame | None, length: int) -> bool:
    connection = register.connection
    with sharing(register, wanted, is_same) as shared:
        shared.begin(stretches(connection, length))
        if schema_faults(connection) or any(differing_tables(connection)):
            return False
        is_found, passed, gathered = not wanted, 0, 0
        for sound in shared.checked(Checker(register, wanted)):
            if sound is None:
                return False
            is_found = is_found or sound.is_found
            passed += sound.passed
            gathered += sound.gathered
        # Each entry of a complaint is in just one history.
        return is_found and passed == gathered


def _explained(register: Register, wanted: str, evidence: bool) -> Verification:
    damage = damage_of(register.connection)
    known = Seen(wanted)
    try:
        fault = chain.first_fault(known.passing(journal.links(register.connection)))
    except sqlite3.DatabaseError:
        fault = chain.Fault(known.count + 1, Phrase("it cannot be read"))
    if damage:
        journal_is = (
            Phrase("is broken at entry {seq}", seq=fault.seq)
            if fault
            else Phrase("is whole, {count} entries", count=known.count)
        )
        reason = Phrase(
            "the file is damaged ({damage}); its journal {journal}. Go back to the last backup",
            damage=damage,
            journal=journal_is,
        )
        raise RegisterUnusable(path=register.path, reason=reason)
    faults: list[str] = [_altered_at(*fault)] if fault else []
    if not fault and wanted and not known.found:
        faults.append(
            Phrase(
                "the head {wanted} is not in the journal: its tail was cut off, or it is another register",
                wanted=wanted,
            )
        )
    altered = schema_faults(register.connection)
    faults += altered[:MOST_ALTERATIONS]
    is_sound = not faults
    if not fault and not altered:
        # What follows rests on the journal and reads the tables by their columns.
        try:
            check_journal(register.connection)
            made = [*_table_faults(register), *index_faults(register.connection)]
            personal = _readable(lambda: personal_faults(register), Phrase("the table of personal data"))
            kept = [*personal, *(evidence_faults(register) if evidence else ())]
            is_sound = is_sound and not kept
            faults += [*made, *kept]
        except (BadEntry, BadHistory) as error:
            is_sound = False
            faults.append(_altered_by(error))
    seq, last = register.head()
    return Verification(seq, last, faults, is_sound, foreign_names(register.connection))


def _altered_at(seq: object, reason: object) -> Phrase:
    return Phrase("the journal was altered at entry {seq}: {reason}", seq=seq, reason=reason)


def _altered_by(error: BadEntry | BadHistory) -> Phrase:
    return _altered_at(error.values["seq"], error.values.get("reason", Phrase("it holds what no entry can")))


def _readable(find: Callable[[], Iterable[str]], tables: str) -> Iterator[str]:
    """Yield what is found wrong in tables, and at last that they cannot be read, where that is so."""
    try:
        yield from find()
    except UNFORESEEN:
        yield Phrase("{tables} holds what no register can", tables=tables)
    except sqlite3.Error as error:
        if not is_undecodable(error):
            raise
        yield Phrase("{tables} holds what is no text", tables=tables)


def table_faults(register: Register) -> Iterator[str]:
    """Yield where the tables are not as the journal makes them, and at last that they cannot be read, if so."""
    with reading(register.connection):
        if not _tables_agree(register):
            yield from _table_faults(register)


def _tables_agree(register: Register) -> bool:
    try:
        return not any(differing_tables(register.connection)) and complaints_agree(register)
    except (sqlite3.Error, DealtrackError, *UNFORESEEN):
        return False


def _table_faults(register: Register) -> Iterator[str]:
    return _readable(lambda: differences(register), Phrase("a table"))


def first_damage(register: Register) -> str:
    """Return the first thing found wrong in the file, its journal or its tables, nothing where they are whole."""
    connection = register.connection
    with reading(connection):
        damage = damage_of(connection)
        if damage:
            return damage
        fault = chain.first_fault(journal.links(connection))
        if fault:
            return _altered_at(*fault)
        try:
            check_journal(connection)
            return next(table_faults(register), "")
        except (BadEntry, BadHistory) as error:
            return _altered_by(error)
