"""Checking the register: its chain, its tables against its journal, and a head kept elsewhere."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dealtrack.core import chain
from dealtrack.register import journal
from dealtrack.register.erasure import personal_faults
from dealtrack.register.evidence import evidence_faults
from dealtrack.register.rebuilding import differences
from dealtrack.register.register import Register
from dealtrack.register.schema import schema_faults
from dealtrack.register.search import index_faults

SHORTEST_HEAD = 8


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of the register found: its length, its head, and all that is wrong."""

    entries: int
    head: str
    faults: list[str]


class Seen:
    """Looks for a hash among the links that pass."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self.found = False

    def passing(self, links: Iterable[chain.Link]) -> Iterator[chain.Link]:
        """Yield the links, remembering whether one has the hash that is wanted."""
        for link in links:
            if self._wanted and link.hash.hex().startswith(self._wanted):
                self.found = True
            yield link


def verify(register: Register, head: str = "") -> Verification:
    """Check the journal's chain, that all else is as it says, and that a head kept elsewhere is still in it.

    All else: the tables made from it, the search index, personal data and evidence files.

    A head is a hash in hexadecimal, or at least its first eight digits.
    """
    wanted = head.strip().lower()
    known = Seen(wanted)
    fault = chain.first_fault(known.passing(journal.links(register.connection)))
    faults = [f"the journal was altered at entry {fault.seq}: {fault.reason}"] if fault else []
    if not fault and wanted and not (known.found and len(wanted) >= SHORTEST_HEAD):
        faults.append(f"the head {wanted} is not in the journal: its tail was cut off, or it is another register")
    altered = schema_faults(register.connection)
    faults += altered
    if not fault and not altered:
        # What follows rests on the journal and reads the tables by their columns.
        faults += differences(register)
        faults += index_faults(register.connection)
        faults += personal_faults(register)
        faults += evidence_faults(register)
    seq, last = register.head()
    return Verification(seq, last, faults)
