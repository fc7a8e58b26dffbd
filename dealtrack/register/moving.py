"""Moving a register: copied whole, from a file to a server or back, and checked before it is there."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from dealtrack.core import chain
from dealtrack.errors import NotMoved
from dealtrack.phrase import Phrase
from dealtrack.register import journal
from dealtrack.register.engine import PROJECTED_TABLES, Address, Database
from dealtrack.register.evidence import CopiedEvidence, copy_evidence
from dealtrack.register.mailbox import waiting
from dealtrack.register.opening import engine_of
from dealtrack.register.personal import personal_faults
from dealtrack.register.register import Register

ROW_ORDER = {"clock": "1, 2, 3", "policy": "1, 2"}
"""The columns by which the rows of tables are in order, by place, where the first does not do."""


class Move(NamedTuple):
    """What a move brought to a place: the number and hash of the last entry, and the evidence.

    `is_closed` tells that the register which was copied takes no entries any more.
    """

    entries: int
    head: str
    evidence: CopiedEvidence
    is_closed: bool


def move(register: Register, address: Address) -> Move:
    """Copy a register to an address where none is; wholly, or not at all. Nobody records in it meanwhile.

    Evidence that is missing or altered stays behind, as is said in the result. Raises RegisterExists and NotMoved.
    """
    engine = engine_of(address)
    copied = CopiedEvidence(0, 0, [])

    def finish(database: Database) -> None:
        nonlocal copied
        copy = Register(engine, database)
        copied = copy_evidence(register, [register.engine.evidence(register)], engine.evidence(copy))
        if fault := next(_faults(register, copy), ""):
            reason = Phrase("{fault}; 'dealtrack verify' shows how to recover", fault=fault)
            raise NotMoved(path=register.address, place=address, reason=reason)

    with register.engine.held(register):
        if mails := waiting(register):
            reason = Phrase(
                "{count} complaints of other offices wait there, and would stay behind; take them over first: "
                "'dealtrack transfer --take-over'",
                count=len(mails),
            )
            raise NotMoved(path=register.address, place=address, reason=reason)
        engine.take_in(register.database, finish)
        is_closed = register.engine.close_to_entries(register)
        return Move(*register.head(), copied, is_closed)


def _faults(register: Register, copy: Register) -> Iterator[str]:
    """Yield what is wrong with a copy, whose evidence was held against its hashes as it was copied.

    The tables that follow from the journal are compared with those of the register itself: to make them anew takes
    three times as long, and says no more of the copy.
    """
    with copy.one_state():
        if broken := chain.first_fault(journal.link_rows(copy.database)):
            yield Phrase("entry {seq}: {reason}", seq=broken.seq, reason=broken.reason)
        if copy.head() != register.head():
            yield Phrase("the copy does not end with the same entry")
        if damage := copy.engine.damage(copy):
            yield damage
        yield from copy.engine.schema_faults(copy)
        yield from personal_faults(copy.database)
        for table in PROJECTED_TABLES:
            read = f"SELECT * FROM {table} ORDER BY {ROW_ORDER.get(table, '1')}"
            rows = zip_longest(register.database.stream(read), copy.database.stream(read))
            if any(before != after for before, after in rows):
                yield Phrase("the copy differs in table {table}", table=table)
