"""The working calendar as rows of the register: written when it is made or revised, looked up day by day."""

import sqlite3
from collections.abc import Iterable
from datetime import date

from dealtrack.core.calendar import ONE_DAY, CalendarRules, Day, DayKind, DayList, HolidaySpan
from dealtrack.errors import OutsideCalendar
from dealtrack.register import journal


class StoredDays:
    """The days of the present calendar, each read from the register when first asked for."""

    def __init__(self, connection: sqlite3.Connection, first: date, last: date) -> None:
        self._connection = connection
        self.first, self.last = first, last
        self._days: dict[date, Day] = {}
        self._numbers: dict[date, int] = {}
        self._working: dict[int, date] = {}

    def day(self, day: date) -> Day:
        """Return all that is known of a day."""
        known = self._days.get(day)
        if known is None:
            row = self._connection.execute(
                "SELECT worked, kind, name, source, confirmed, number, span FROM calendar_day WHERE day = ?",
                (day.isoformat(),),
            ).fetchone()
            if row is None:
                raise OutsideCalendar(day=day, first=self.first, last=self.last)
            worked, kind, name, source, confirmed, number, span = row
            known = Day(day, bool(worked), DayKind(kind), name, source, bool(confirmed), number, _span_of(span))
            self._days[day] = known
        return known

    def number(self, day: date) -> int:
        """Return the running number of a day: the working days up to it, itself included."""
        known = self._numbers.get(day)
        if known is None:
            row = self._connection.execute(
                "SELECT number FROM calendar_day WHERE day = ?", (day.isoformat(),)
            ).fetchone()
            if row is None:
                raise OutsideCalendar(day=day, first=self.first, last=self.last)
            self._numbers[day] = known = row[0]
        return known

    def read_numbers(self) -> None:
        """Read the running numbers of all days once, so that none is asked of the register any more."""
        if len(self._numbers) <= (self.last - self.first).days:
            rows = self._connection.execute("SELECT day, number FROM calendar_day")
            self._numbers = {date.fromisoformat(day): number for day, number in rows}

    def working(self, number: int) -> date:
        """Return the working day that has this running number."""
        known = self._working.get(number)
        if known is None:
            row = self._connection.execute(
                "SELECT day FROM calendar_day WHERE number = ? AND worked = 1", (number,)
            ).fetchone()
            if row is None:
                edge = self.last + ONE_DAY if number > 0 else self.first - ONE_DAY
                raise OutsideCalendar(day=edge, first=self.first, last=self.last)
            self._working[number] = known = date.fromisoformat(row[0])
        return known


def write_days(connection: sqlite3.Connection, days: Iterable[Day]) -> None:
    """Write the rows of days, in place of those that stood there."""
    connection.executemany(
        "INSERT OR REPLACE INTO calendar_day VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                day.day.isoformat(),
                day.worked,
                day.kind.value,
                day.name,
                day.source,
                day.confirmed,
                day.number,
                span_column(day.span),
            )
            for day in days
        ),
    )


def span_column(span: HolidaySpan | None) -> str | None:
    """Return a day's span as the register keeps it: first and last day with a slash, None before spans were known."""
    return None if span is None else "/".join(map(str, span))


def _span_of(column: str | None) -> HolidaySpan | None:
    if not column:
        return None if column is None else ()
    first, _, last = column.partition("/")
    return date.fromisoformat(first), date.fromisoformat(last)


def revisions(connection: sqlite3.Connection) -> list[tuple[int, int]]:
    """Return the calendar's revisions in order, each with the journal entry that made it."""
    return [
        (revision, seq)
        for revision, seq in connection.execute("SELECT revision, seq FROM calendar_revision ORDER BY revision")
    ]


def rules_at(connection: sqlite3.Connection, revision: int) -> CalendarRules:
    """Return the calendar's rules as a revision left them."""
    rules: CalendarRules | None = None
    for number, seq in revisions(connection):
        if number > revision:
            break
        detail = journal.entry_at(connection, seq).detail
        rules = CalendarRules.from_data(detail["calendar"]) if rules is None else rules.revised(detail)
    assert rules is not None
    return rules


def day_list(connection: sqlite3.Connection, revision: int) -> DayList:
    """Return the whole calendar of a revision, in memory."""
    return DayList(rules_at(connection, revision))
