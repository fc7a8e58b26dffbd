"""Deadlines: the day on which a count ends, where it is rolled to, and what pauses and extensions do to it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.moments import ONE_DAY, last_day, local_day
from dealtrack.core.policy import ClockRule, Roll, Unit

LAST_SECOND = time(23, 59, 59)


class Pause(NamedTuple):
    """A pause: its days after the day of `start` and up to the day of `end` are not counted; moments in UTC.

    Where it began when the count had ended, on the due day, `counted` is the day on which it had, and `given_back`
    the one to whose end the deadline then moved.
    """

    start: datetime
    end: datetime | None
    reason: str = ""
    counted: date | None = None
    given_back: date | None = None


def deadline(day: date, closes: time | None, zone: tzinfo) -> datetime:
    """Return the last moment, inclusive and in UTC, of a due day: its closing time, or its last second.

    Source: Civil Code of the PRC art. 203.
    """
    return datetime.combine(day, closes or LAST_SECOND, zone).replace(fold=1).astimezone(UTC)


def due_day(
    rule: ClockRule, start: date, length: int, pauses: Iterable[tuple[date, date]], calendar: WorkingCalendar
) -> tuple[date, date]:
    """Return the day that ends a clock's count, and the due day that it is rolled to.

    The start day is not counted. Of each pause, the days after its first day up to its last are not counted.
    Source: Civil Code of the PRC art. 201 to 203.
    """
    if rule.unit is Unit.WORKING_DAY:
        day = calendar.nth_after(start, length)
        for pause, resume in pauses:
            if pause < day:
                length += calendar.count_between(pause, resume)
                day = calendar.nth_after(start, length)
        return day, day
    if rule.unit is Unit.MONTH:
        year, month = divmod(start.year * 12 + start.month - 1 + length, 12)
        last = last_day(year, month + 1)
        day = last.replace(day=min(start.day, last.day))
    else:
        day = start + timedelta(days=length * (7 if rule.unit is Unit.WEEK else 1))
    for pause, resume in pauses:
        if pause < day:
            day += resume - pause
    match rule.roll:
        case Roll.NEXT_WORKING_DAY:
            return day, calendar.next_working(day)
        case Roll.AFTER_STATUTORY_HOLIDAY:
            return day, calendar.after_holiday(day)
        case Roll.NONE:
            return day, day


class Deadlines(dict[date, tuple[datetime, date, bool]]):
    """The deadlines of a clock never paused nor extended: in UTC, with their days, and whether they are provisional.

    They are found by the day on which the clock starts, each counted when it is first asked for: a million complaints
    have some thousand days of receipt, and looking one up takes 0.1 us.
    """

    __slots__ = ("_calendar", "_rule", "_zone")

    def __init__(self, rule: ClockRule, calendar: WorkingCalendar, zone: tzinfo) -> None:
        self._rule, self._calendar, self._zone = rule, calendar, zone

    def __missing__(self, start: date) -> tuple[datetime, date, bool]:
        rule = self._rule
        counted, rolled = due_day(rule, start, rule.length, (), self._calendar)
        is_provisional = _is_provisional(rule, start, counted, rolled, self._calendar)
        values = self[start] = deadline(rolled, rule.closes, self._zone), rolled, is_provisional
        return values


def plain_deadlines(rule: ClockRule, calendar: WorkingCalendar, zone: tzinfo) -> Deadlines:
    """Return the table of a clock's plain deadlines, which the calendar keeps; asked for a day it counts that one.

    It raises OutsideCalendar.
    """
    table: Deadlines | None = calendar.deadlines.get((rule, zone))
    if table is None:
        table = calendar.deadlines[rule, zone] = Deadlines(rule, calendar, zone)
    return table


def _is_provisional(rule: ClockRule, start: date, counted: date, due: date, calendar: WorkingCalendar) -> bool:
    if rule.unit is Unit.WORKING_DAY:
        return not calendar.is_confirmed(start, due)
    return rule.roll is not Roll.NONE and not calendar.is_confirmed(counted - ONE_DAY, due)


class Count:
    """The count of one clock, as pauses and extensions come to it in order; it raises OutsideCalendar."""

    __slots__ = ("_calendar", "_in_doubt", "_length", "_pauses", "_rule", "_start", "first", "units")

    def __init__(self, rule: ClockRule, first: date, calendar: WorkingCalendar) -> None:
        """`first` is the day of the start, which is not counted."""
        self._rule, self._calendar = rule, calendar
        self.first = self._start = first
        self.units = self._length = rule.length
        self._pauses: list[tuple[date, date]] = []
        self._in_doubt = False

    def due(self) -> tuple[date, date]:
        """Return the day that ends the count, and the due day that it is rolled to."""
        return due_day(self._rule, self._start, self._length, self._pauses, self._calendar)

    def extend(self, by: int) -> None:
        """Lengthen the count by so many units."""
        self.units += by
        self._length += by

    def pause(self, pause: Pause, zone: tzinfo) -> Pause:
        """Take out a pause that has ended and began by the deadline; return it with what it did.

        Of the days of the count those after its first day up to its last fall out. Where none was left to count, what
        was left of the due day is given back: the deadline is the end of its last day, or of the next working day.
        """
        assert pause.end is not None
        first, last = local_day(pause.start, zone), local_day(pause.end, zone)
        counted, rolled = self.due()
        if first < counted:
            self._pauses.append((first, last))
            return pause
        back = max(rolled, self._calendar.next_working(last))
        self._in_doubt = self._in_doubt or not self._calendar.is_confirmed(last - ONE_DAY, back)
        self._start, self._length, self._pauses = back, 0, []
        return pause._replace(counted=counted, given_back=back)

    def is_provisional(self) -> bool:
        """Tell whether the due day hangs on a day whose year is not officially published."""
        start = self.first if self._rule.unit is Unit.WORKING_DAY else self._start
        return self._in_doubt or _is_provisional(self._rule, start, *self.due(), self._calendar)
