"""What the journal makes of complaints: their rows in every table, and the digests of their personal data."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dealtrack.core.lifecycle import Kind
from dealtrack.register import journal, projection, search
from dealtrack.register.plain import Plain

if TYPE_CHECKING:
    from dealtrack.register.register import Register

Row = tuple[Any, ...]
PERSONAL = '"personal":'
"""How the journal's text tells of personal data, between the words of a detail."""

TELLING = frozenset({Kind.RECEIVED, Kind.AMENDED})


class Made(NamedTuple):
    """What the journal makes of a complaint: the rows of it, its clocks and the search index, and a personal digest.

    `personal` is the complaint, the last entry that tells of personal data, and its digest there; None without one.
    """

    row: Row
    runs: list[Row]
    text: search.Row
    personal: tuple[int, int, str] | None


class Maker:
    """Makes complaints again from their entries in the journal."""

    def __init__(self, register: "Register") -> None:
        self._register = register
        self._plain = Plain(register)

    def make(self, id_: int, entries: Sequence[Row]) -> Made:
        """Return what the journal makes of a complaint by its entries, rows of at least its COLUMNS, in order."""
        told = self._plain.retell(entries)
        if told is not None:
            said = told.details[0]
            digest = said.get("personal")
            received = entries[0]
            return Made(
                self._plain.complaint_row(id_, told),
                self._plain.clock_rows(id_, told, [entry[0] for entry in entries]),
                search.plain_row(id_, said),
                (id_, received[0], digest) if digest is not None and PERSONAL in received[6] else None,
            )
        history = list(map(journal.transition_of, entries))
        complaint, clocks = self._register.project(history)
        row, runs = projection.rows_of(complaint, clocks, projection.import_key_of(history))
        runs.sort()
        personal = None
        for entry, (*_, text) in zip(history, (entry[:7] for entry in entries), strict=True):
            if entry.kind in TELLING and PERSONAL in text and entry.detail.get("personal") is not None:
                personal = (id_, entry.seq, entry.detail["personal"])
        return Made(row, runs, search.row_of(complaint, history), personal)
