"""What the journal makes of complaints: their rows in every table, and the digests of their personal data."""

from collections.abc import Iterable, Sequence
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


class AllMade(NamedTuple):
    """What the journal makes of many complaints: each as `Made` tells, the rows of all one after another."""

    rows: list[Row]
    runs: list[Row]
    texts: list[search.Row]
    personal: list[tuple[int, int, str]]


class Maker:
    """Makes complaints again from their entries in the journal."""

    def __init__(self, register: "Register") -> None:
        self._register = register
        self._plain = Plain(register)

    def make(self, id_: int, entries: Sequence[Row]) -> Made:
        """Return what the journal makes of a complaint by its entries, rows of at least its COLUMNS, in order."""
        made = self.make_all([(id_, entries)])
        return Made(made.rows[0], made.runs, made.texts[0], made.personal[0] if made.personal else None)

    def make_all(self, histories: Iterable[tuple[int, Sequence[Row]]]) -> AllMade:
        """Return what the journal makes of many complaints, by the id and the entries of each, as `make` takes them."""
        made = AllMade([], [], [], [])
        said: list[tuple[str, ...]] = []
        places: list[int] = []
        for id_, entries in histories:
            told = self._plain.retell(entries)
            if told is None:
                self._add_usual(made, id_, entries)
                continue
            detail = told.details[0]
            said.append(search.said_in(detail))
            places.append(len(made.texts))
            made.rows.append(self._plain.complaint_row(id_, told))
            made.runs.extend(self._plain.clock_rows(id_, told, [entry[0] for entry in entries]))
            made.texts.append((id_, "", ""))
            digest, received = detail.get("personal"), entries[0]
            if digest is not None and PERSONAL in received[6]:
                made.personal.append((id_, received[0], digest))
        ids = [made.texts[place][0] for place in places]
        for place, text in zip(places, search.plain_rows(ids, said), strict=True):
            made.texts[place] = text
        return made

    def _add_usual(self, made: AllMade, id_: int, entries: Sequence[Row]) -> None:
        history = list(map(journal.transition_of, entries))
        complaint, clocks = self._register.project(history)
        row, runs = projection.rows_of(complaint, clocks, projection.import_key_of(history))
        runs.sort()
        made.rows.append(row)
        made.runs.extend(runs)
        made.texts.append(search.row_of(complaint, history))
        personal = None
        for entry, (*_, text) in zip(history, (entry[:7] for entry in entries), strict=True):
            if entry.kind in TELLING and PERSONAL in text and entry.detail.get("personal") is not None:
                personal = (id_, entry.seq, entry.detail["personal"])
        if personal is not None:
            made.personal.append(personal)
