"""The working calendar in the register: its revisions and layers in the journal, the present rulings in a table."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dealtrack.core.calendar import CalendarRules, DayKind, Ruling, WorkingCalendar, ruling_from_data, rulings_from_data
from dealtrack.core.calendar_changes import Notice, with_notices
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
    """The rulings of the present calendar, each read from its row when it is first asked for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        rows = connection.execute("SELECT day, worked FROM calendar_ruling")
        self.worked = {date.fromisoformat(day): bool(worked) for day, worked in rows}
        """Which of the ruled days are worked."""
        self._read: dict[date, Ruling] = {}

    def __getitem__(self, day: date) -> Ruling:
        if day in self.worked and day not in self._read:
            rows = self._connection.execute("SELECT * FROM calendar_ruling WHERE day = ?", (day.isoformat(),))
            self._read.update((day, ruling_from_data(data)) for _, *data in rows)
        return self._read[day]

    def __iter__(self) -> Iterator[date]:
        return iter(self.worked)

    def __len__(self) -> int:
        return len(self.worked)


def stored_calendar(connection: sqlite3.Connection, fact: str, revision: int) -> WorkingCalendar:
    """Return the present calendar as `write_rules` wrote it; the fact is the calendar without its rulings."""
    stored = StoredRulings(connection)
    rules = CalendarRules.from_data({**json.loads(fact), "rulings": {}})._replace(rulings=stored)
    return WorkingCalendar(rules, revision, stored.worked)


@dataclass(frozen=True, slots=True)
class Layers:
    """What makes a register's calendar: the shipped one, the imported notices, and the days that clerks amended."""

    shipped: CalendarRules
    notices: tuple[Notice, ...]
    amended: Mapping[date, Ruling]

    def rules(
        self, shipped: CalendarRules | None = None, notice: Notice | None = None, amended: Mapping[date, Ruling] = {}
    ) -> CalendarRules:
        """Return the calendar, with another one shipped, a further notice or further days amended where given.

        Raises IssueDayUnknown or IssueDaysEqual.
        """
        notices = [*self.notices, *([notice] if notice else [])]
        return with_notices(shipped or self.shipped, notices, {**self.amended, **amended})


def read_layers(connection: sqlite3.Connection) -> Layers:
    """Return the layers of a register's calendar, as its journal tells them."""
    whole: CalendarRules | None = None
    shipped: CalendarRules | None = None
    notices: list[Notice] = []
    amended: dict[date, Ruling] = {}
    for entry in journal.events(connection, [Event.MADE, Event.CALENDAR_REVISED]):
        detail = entry.detail
        if whole is None or shipped is None:
            whole = shipped = CalendarRules.from_data(detail["calendar"])
            continue
        before, whole = whole, whole.revised(detail)
        own = detail.get("own")
        if own is None:
            # An earlier dealtrack kept no layers: its refresh left one calendar with all in it.
            shipped = shipped.revised(detail["shipped"]) if "shipped" in detail else whole
            if detail.get("dropped_own"):
                notices, amended = [], {}
        elif "notice" in own:
            notices.append(Notice.from_data(own["notice"]))
        elif detail.get("how") == "import":
            notices.append(_notice_of_old(detail, before))
        else:
            amended.update(rulings_from_data(own["rulings"]))
    assert shipped is not None
    return Layers(shipped, tuple(notices), amended)


def _notice_of_old(detail: Mapping[str, Any], before: CalendarRules) -> Notice:
    """Return the notice that an import took in before notices were kept whole: the days that it ruled otherwise."""
    rulings = rulings_from_data(detail["own"]["rulings"])
    days = {day: (_off_of(ruling), ruling.name) for day, ruling in rulings.items()}
    years = frozenset(detail["own"]["official"]) - before.official
    return Notice(days, years, detail.get("source", ""))


def _off_of(ruling: Ruling) -> bool | None:
    return None if ruling.kind is DayKind.WEEKEND else not ruling.worked
