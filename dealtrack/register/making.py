"""What the journal makes of complaints: their rows in every table."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dealtrack.register import journal, projection, search
from dealtrack.register.plain import Plain

if TYPE_CHECKING:
    from dealtrack.register.register import Register

Row = tuple[Any, ...]


class Made(NamedTuple):
    """What the journal makes of a complaint: the rows of it, its clocks and the search index."""

    row: Row
    runs: list[Row]
    text: search.Row


class AllMade(NamedTuple):
    """What the journal makes of many complaints: each as `Made` tells, the rows of all one after another."""

    rows: list[Row]
    runs: list[Row]
    texts: list[search.Row]


class Maker:
    """Makes complaints again from their entries in the journal."""

    def __init__(self, register: "Register") -> None:
        self._register = register
        self._plain = Plain(register)

    def make(self, id_: int, entries: Sequence[Row]) -> Made:
        """Return what the journal makes of a complaint by its entries, rows of at least its COLUMNS, in order."""
        made = self.make_all([(id_, entries)])
        return Made(made.rows[0], made.runs, made.texts[0])

    def make_all(self, histories: Iterable[tuple[int, Sequence[Row]]]) -> AllMade:
        """Return what the journal makes of many complaints, by the id and the entries of each, as `make` takes them."""
        made = AllMade([], [], [])
        said: list[tuple[str, ...]] = []
        places: list[int] = []
        for id_, entries in histories:
            told = self._plain.retell(entries)
            if told is None:
                self._add_usual(made, entries)
                continue
            said.append(search.said_in(told.details[0]))
            places.append(len(made.texts))
            made.rows.append(self._plain.complaint_row(id_, told))
            made.runs.extend(self._plain.clock_rows(id_, told, [entry[0] for entry in entries]))
            made.texts.append((id_, "", ""))
        ids = [made.texts[place][0] for place in places]
        for place, text in zip(places, search.plain_rows(ids, said), strict=True):
            made.texts[place] = text
        return made

    def _add_usual(self, made: AllMade, entries: Sequence[Row]) -> None:
        history = list(map(journal.transition_of, entries))
        complaint, clocks = self._register.project(history)
        row, runs = projection.rows_of(complaint, clocks, projection.import_key_of(history))
        runs.sort()
        made.rows.append(row)
        made.runs.extend(runs)
        made.texts.append(search.row_of(complaint, history))
