"""Which complaint of the register a row of a file belongs to."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import count
from typing import NamedTuple

from dealtrack.core.chain import canonical
from dealtrack.core.complaint_state import make_complaint
from dealtrack.core.lifecycle import Kind, Transition, effective, former_moments
from dealtrack.core.platform import match_platform
from dealtrack.core.text import first_few
from dealtrack.errors import UnknownComplaint
from dealtrack.exchange.complaint_row import ComplaintRow
from dealtrack.exchange.histories import HistoryEntry
from dealtrack.exchange.reconcile import Contradiction, is_another_person, is_same_person, personal_of
from dealtrack.register.queries import Personal
from dealtrack.register.recorder import Recorder
from dealtrack.register.register import Register


class Receipt(NamedTuple):
    """What a row without a number says of its receipt, and its place, from 1, among the rows that say the same."""

    text: str
    place: int

    def key(self, place: int = 0) -> str:
        """Return what the complaint at a place among its like is known by; without a place, at the row's own."""
        return sha256(f"{self.text}{place or self.place}".encode()).hexdigest()[:32]


@dataclass(slots=True)
class Recognition:
    """Finds for the rows of one file, in their order, the complaints that they belong to.

    A row is known by its number; in an export of dealtrack's own also by its id, which keeps complaints apart that
    share a number. A row without a number is known by its words on the receipt, by the person where both name one, and
    by its place among its like. `person` returns the personal data of a complaint.
    """

    register: Register
    recorder: Recorder
    person: Callable[[int], Personal | None]
    _seen: dict[str, int] = field(default_factory=dict)
    _alike: dict[str, tuple[int, list[int]]] = field(default_factory=dict)
    _matched: set[int] = field(default_factory=set)
    _row_ids: dict[int, int] = field(default_factory=dict)

    def find(self, row: ComplaintRow, receipt: Receipt | None) -> tuple[int | None, str | None]:
        """Return the complaint that a row tells of, None for a new one, and the key of one without a number.

        Raises Contradiction where its number stands for several.
        """
        if row.number is not None:
            return self._by_number(row, row.number), None
        assert receipt is not None
        complaint, key = self._by_receipt(row, receipt)
        complaint = complaint or self._by_id(row)
        if complaint is not None:
            self._matched.add(complaint)
        return complaint, key

    def _by_receipt(self, row: ComplaintRow, receipt: Receipt) -> tuple[int | None, str]:
        """Return the complaint without a number that a row tells of, None for a new one, and the key of that.

        It is the one of the same person; else the first, of those that no other row tells of, that may be.
        """
        named = personal_of(row)
        probed, free = self._alike.get(receipt.text, (0, []))
        same = next((id_ for id_ in free if is_same_person(named, self.person(id_))), None)
        key = ""
        for place in count(probed + 1) if same is None else ():
            key = receipt.key(place)
            complaint = self.recorder.find_import_key(key)
            if complaint is None:
                if place >= receipt.place:
                    break
                continue
            probed = place
            if complaint in self._matched:
                continue
            free.append(complaint)
            if is_same_person(named, self.person(complaint)):
                same = complaint
                break
        if same is None:
            same = next((id_ for id_ in free if not self._is_another(named, id_)), None)
        if same is not None:
            free.remove(same)
        if probed:
            self._alike[receipt.text] = probed, free
        return same, key

    def _is_another(self, named: Personal | None, complaint: int) -> bool:
        person = self.person(complaint)
        if named is None or person is None:
            return False
        return is_another_person(named, person, self.recorder.history(complaint))

    def _by_number(self, row: ComplaintRow, number: str) -> int | None:
        complaints = self.recorder.find_number(number)
        if row.id is None:
            complaints = self.recorder.meant_by_number(complaints)
            if len(complaints) > 1:
                values = {"number": number, "count": len(complaints), "ids": first_few(complaints)}
                raise Contradiction("number {number} belongs to {count} complaints in the register: {ids}", **values)
            return complaints[0] if complaints else None
        # Each row of an export is another complaint.
        free = [id_ for id_ in complaints if self._row_ids.get(id_, row.id) == row.id]
        if not free:
            return None
        return self.claim(row, row.id if row.id in free else free[0])

    def claim(self, row: ComplaintRow, complaint: int) -> int:
        """Note that a row belongs to a complaint, and return the complaint."""
        if row.id is not None:
            self._row_ids[complaint] = row.id
        if row.number is None:
            self._matched.add(complaint)
        return complaint

    def receipt(self, row: ComplaintRow) -> Receipt:
        """Return what a row without a number is known by; to be asked of each row once, in their order."""
        said = [row.moments["received"].start.isoformat(), row.platform, row.category_word, row.seller, row.summary]
        text = canonical(said)
        place = self._seen[text] = self._seen.get(text, 0) + 1
        return Receipt(text, place)

    def _by_id(self, row: ComplaintRow) -> int | None:
        """Return the complaint with the id of a row of an export, where it is the one that was exported."""
        if row.id is None:
            return None
        try:
            history = effective(self.register.named(self.recorder.history(row.id)))
            complaint = make_complaint(row.id, history)
        except UnknownComplaint:
            return None
        platform = match_platform(row.platform, self.register.platforms)
        is_it = (
            complaint.number is None
            and not {row.moments["received"].start, *_former_receipts(row.history)}.isdisjoint(
                {complaint.received, *_former_receipts(history)}
            )
            and platform is not None
            and complaint.platform == platform.name
        )
        return row.id if is_it else None


def _former_receipts(entries: Iterable[Transition | HistoryEntry]) -> list[datetime]:
    """Return the moments of receipt that a history tells of, but for the right one."""
    return former_moments([entry.detail for entry in entries], Kind.RECEIVED)
