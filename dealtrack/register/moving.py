"""Moving a register: copied whole, from a file to a server or back, and checked before it is there."""

from collections.abc import Iterator
from typing import NamedTuple

from dealtrack.core import chain
from dealtrack.errors import MoveUncertain, NotMoved, RecordingUncertain
from dealtrack.phrase import Phrase
from dealtrack.register import journal
from dealtrack.register.engine import Address, Database
from dealtrack.register.evidence import CopiedEvidence, copy_evidence
from dealtrack.register.mailbox import waiting
from dealtrack.register.opening import engine_of
from dealtrack.register.personal import personal_faults
from dealtrack.register.register import Register


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

    Evidence that is missing or altered stays behind, as is said in the result. Raises RegisterExists, NotMoved and
    MoveUncertain.
    """
    engine = engine_of(address)
    copied = CopiedEvidence(0, 0, [])
    own_fault = ""

    def check(database: Database) -> None:
        nonlocal own_fault
        own_fault = next(_own_faults(database), "")

    def finish(database: Database) -> None:
        nonlocal copied
        copy = Register(engine, database)
        copied = copy_evidence(register, [register.engine.evidence(register)], engine.evidence(copy))
        if fault := own_fault or next(_copy_faults(copy, register.database), ""):
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
        try:
            engine.take_in(register.database, check, finish)
        except RecordingUncertain as error:
            raise MoveUncertain(path=register.address, place=address, reason=error.values["reason"]) from error
        is_closed = register.engine.close_to_entries(register)
        return Move(*register.head(), copied, is_closed)


def _own_faults(database: Database) -> Iterator[str]:
    """Yield what is wrong with a register's journal and personal data.

    The tables that follow from the journal are not made anew: that takes three times as long, and says no more of a
    copy that has the same rows.
    """
    if broken := chain.first_fault(journal.link_rows(database)):
        yield Phrase("entry {seq}: {reason}", seq=broken.seq, reason=broken.reason)
    yield from personal_faults(database)


def _copy_faults(copy: Register, source: Database) -> Iterator[str]:
    """Yield where a copy is not as its source; its evidence was held against its hashes as it was copied."""
    with copy.one_state():
        if damage := copy.engine.damage(copy):
            yield damage
        yield from copy.engine.schema_faults(copy)
        for table in copy.engine.differing_tables(copy.database, source):
            yield Phrase("the copy differs in table {table}", table=table)
