"""The working calendar in the register: its revisions in the journal, the present rulings in a table."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import date

from dealtrack.core.calendar import CalendarRules, Ruling, WorkingCalendar, ruling_from_data
from dealtrack.core.chain import canonical
from dealtrack.register import journal
from dealtrack.register.journal import Event


def revisions(connection: sqlite3.Connection) -> list[int]:
    """Return the journal entries that made the calendar's revisions, from the first."""
    rows = connection.execute(
        "SELECT seq FROM transition WHERE complaint IS NULL AND kind IN (?, ?)",
        (Event.MADE.value, Event.CALENDAR_REVISED.value),
    )
    return sorted(seq for (seq,) in rows)


def rules_at(connection: sqlite3.Connection, revision: int) -> CalendarRules:
    """Return the calendar's rules as a revision, from 1, left them."""
    first, *changes = (journal.entry_at(connection, seq).detail for seq in revisions(connection)[:revision])
    rules = CalendarRules.from_data(first["calendar"])
    for change in changes:
        rules = rules.revised(change)
    return rules


def write_rules(connection: sqlite3.Connection) -> None:
    """Write the present calendar, as the journal tells it, in place of what stood there.

    Its rulings are rows, and all else that it says is one fact.
    """
    rules = rules_at(connection, len(revisions(connection)))
    data = rules._replace(rulings={}).to_data()
    del data["rulings"]
    connection.execute("INSERT OR REPLACE INTO fact VALUES ('calendar', ?)", (canonical(data),))
    connection.execute("DELETE FROM calendar_ruling")
    connection.executemany(
        "INSERT INTO calendar_ruling VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((day.isoformat(), *ruling) for day, ruling in rules.rulings.items()),
    )


class StoredRulings(Mapping[date, Ruling]):
    """The rulings of the present calendar, those of a year read from their rows when they are asked for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._years: dict[int, dict[date, Ruling]] = {}

    def of_year(self, year: int) -> Mapping[date, Ruling]:
        """Return the rulings of a year."""
        if year not in self._years:
            rows = self._connection.execute(
                "SELECT * FROM calendar_ruling WHERE day BETWEEN ? AND ?", (f"{year:04d}-01-01", f"{year:04d}-12-31")
            )
            self._years[year] = {date.fromisoformat(day): ruling_from_data(data) for day, *data in rows}
        return self._years[year]

    def __getitem__(self, day: date) -> Ruling:
        return self.of_year(day.year)[day]

    def __iter__(self) -> Iterator[date]:
        rows = self._connection.execute("SELECT day FROM calendar_ruling ORDER BY day").fetchall()
        return iter([date.fromisoformat(day) for (day,) in rows])

    def __len__(self) -> int:
        return len(list(iter(self)))


def stored_calendar(connection: sqlite3.Connection, fact: str, revision: int) -> WorkingCalendar:
    """Return the present calendar as `write_rules` wrote it; the fact is the calendar without its rulings."""
    rulings = StoredRulings(connection)
    rules = CalendarRules.from_data({**json.loads(fact), "rulings": {}})._replace(rulings=rulings)
    return WorkingCalendar(rules, revision, rulings.of_year)
