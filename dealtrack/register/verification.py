"""Checking the register: its chain, its tables against its journal, and a head kept elsewhere."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from dealtrack.core import chain
from dealtrack.errors import BadEntry, BadHistory, RegisterUnusable
from dealtrack.phrase import Phrase
from dealtrack.register import journal
from dealtrack.register.engine import UNFORESEEN, Database, EngineFault, FaultKind, SealCheck
from dealtrack.register.evidence import evidence_faults
from dealtrack.register.personal import personal_faults
from dealtrack.register.rebuild import check_journal, differences
from dealtrack.register.register import Register

SHORTEST_HEAD = 8
MOST_ALTERATIONS = 20
"""How many alterations of the schema are named."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of the register found: its length, its head, and all that is wrong.

    `rebuilds` tells that the journal is whole, and that what is wrong can be made again from it. `foreign` names the
    tables of other programs, and their indexes, which are not checked, and `unchecked` the offices that could not be.
    """

    entries: int
    head: str
    faults: list[str]
    rebuilds: bool = False
    foreign: list[str] = field(default_factory=list)
    unchecked: Sequence[str] = ()


class CheckedChain(NamedTuple):
    """The first fault of the journal's chain, the entries up to there, and whether the head is the hash of one."""

    fault: chain.Break | None
    entries: int
    has_head: bool


def verify(register: Register, head: str = "", *, evidence: bool = True) -> Verification:
    """Check the journal's chain, that all else is as it says, and that a head kept elsewhere is still in it.

    All else: the file's own form, the tables made from the journal, personal data and,
    unless left out, evidence files. One state of the register is checked throughout, and nobody waits for it.

    A head is a hash in hexadecimal, or at least its first eight digits. Raises RegisterUnusable where the file is
    damaged so that it cannot be read whole.
    """
    head, database = head.strip().lower(), register.database
    with database.one_state():
        damage = register.engine.damage(register)
        fault, entries, has_head = _check_chain(database, head)
        if damage:
            journal_is = (
                Phrase("is broken at entry {seq}", seq=fault.seq)
                if fault
                else Phrase("is intact, {count} entries", count=entries)
            )
            reason = Phrase(
                "the file is damaged ({damage}); its journal {journal}; restore the last backup",
                damage=damage,
                journal=journal_is,
            )
            raise RegisterUnusable(path=register.address, reason=reason)
        faults: list[str] = [_altered_at(*fault)] if fault else []
        if not fault and not has_head:
            faults.append(
                Phrase(
                    "the checksum {wanted} is not in the journal: its last entries were cut off, or this is another "
                    "register",
                    wanted=head,
                )
            )
        altered = register.engine.schema_faults(register)
        faults += altered[:MOST_ALTERATIONS]
        is_sound = not faults
        if not fault and not altered:
            # What follows rests on the journal and reads the tables by their columns.
            try:
                compared = _journal_and_table_faults(register)
                personal = _readable(lambda: personal_faults(database), Phrase("the table of personal data"))
                kept = [*personal, *(evidence_faults(register) if evidence else ())]
                is_sound = is_sound and not kept
                faults += [*compared, *kept]
            except (BadEntry, BadHistory) as error:
                is_sound = False
                faults.append(_altered_by(error))
        found = Verification(*register.head(), faults, is_sound, register.engine.foreign_names(register))
    # Each office is a state of its own, or the server would hold locks on all of them.
    sealed = SealCheck() if fault or altered else register.engine.check_seals(register)
    rebuilds = is_sound and not sealed.faults
    return replace(found, faults=[*faults, *sealed.faults], rebuilds=rebuilds, unchecked=sealed.unchecked)


def _check_chain(database: Database, head: str) -> CheckedChain:
    """Check every entry; `head` are the first digits of a hash, in lower case, none where no head is looked for."""
    entries, has_head = 0, not head

    def rows() -> Iterator[tuple[Any, ...]]:
        nonlocal entries, has_head
        for row in journal.link_rows(database):
            entries += 1
            has_head = has_head or row[-1].hex().startswith(head)
            yield row

    try:
        fault = chain.first_fault(rows())
    except EngineFault:
        fault = chain.Break(entries + 1, Phrase("it cannot be read"))
    return CheckedChain(fault, entries, has_head)


def _journal_and_table_faults(register: Register) -> list[str]:
    """Return where the tables are not as the journal makes them; raises BadEntry and BadHistory.

    What is wrong with an entry comes first, and is looked for where the tables are not right: it takes long.
    """
    try:
        faults = list(table_faults(register))
    except (BadEntry, BadHistory):
        check_journal(register)
        raise
    if faults:
        check_journal(register)
    return faults


def _altered_at(seq: object, reason: object) -> Phrase:
    return Phrase("the journal was altered at entry {seq}: {reason}", seq=seq, reason=reason)


def _altered_by(error: BadEntry | BadHistory) -> Phrase:
    return _altered_at(error.values["seq"], error.values.get("reason", Phrase("its content is invalid")))


def _readable(find: Callable[[], Iterable[str]], tables: str) -> Iterator[str]:
    """Yield what is found wrong in tables, and at last that they cannot be read, where that is so."""
    try:
        yield from find()
    except UNFORESEEN:
        yield Phrase("{tables} has invalid content", tables=tables)
    except EngineFault as fault:
        if fault.kind is not FaultKind.UNREADABLE:
            raise
        yield Phrase("{tables} has invalid text", tables=tables)


def table_faults(register: Register) -> Iterator[str]:
    """Yield where the tables are not as the journal makes them, and at last that they cannot be read, if so."""
    return _readable(lambda: differences(register), Phrase("a table"))


def first_damage(register: Register) -> str:
    """Return the first thing found wrong in the file, its journal or its tables, nothing where they are whole."""
    database = register.database
    with database.one_state():
        damage = register.engine.damage(register)
        if damage:
            return damage
        fault = chain.first_fault(journal.link_rows(database))
        if fault:
            return _altered_at(*fault)
        try:
            check_journal(register)
            return next(table_faults(register), "")
        except (BadEntry, BadHistory) as error:
            return _altered_by(error)
