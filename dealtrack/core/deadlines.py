"""Deadlines: the day on which a count ends, where it is rolled to, and what pauses and extensions do to it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.moments import ONE_DAY, last_day, local_day
from dealtrack.core.policy import HOURS, ClockRule, Roll, Unit

LAST_SECOND = time(23, 59, 59)
ONE_HOUR = timedelta(hours=1)


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

    The start day is not counted, unless the rule says so: it is then day 1, in working days where it is one. A length
    of 0 means the start day, in working days the next one where that is a rest day. Of each pause, the days after its
    first day up to its last are not counted. Source: Civil Code of the PRC art. 201 to 203.
    """
    first_counts = rule.counts_first_day and length > 0
    if rule.unit is Unit.WORKING_DAY:
        if first_counts and calendar.is_worked(start):
            length -= 1
        elif length == 0:
            start = calendar.next_working(start)
        day = calendar.nth_after(start, length)
        for pause, resume in pauses:
            if pause < day:
                length += calendar.count_between(pause, resume)
                day = calendar.nth_after(start, length)
        return day, day
    if rule.unit is Unit.MONTH:
        year, month = divmod(start.year * 12 + start.month - 1 + length, 12)
        last = last_day(year, month + 1)
        # Where the month has no corresponding day, it ends with its last.
        day = last.replace(day=min(start.day, last.day)) - ONE_DAY * (first_counts and start.day <= last.day)
    else:
        day = start + timedelta(days=length * (7 if rule.unit is Unit.WEEK else 1) - first_counts)
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


def plain_deadline(
    rule: ClockRule, start: datetime, calendar: WorkingCalendar, zone: tzinfo
) -> tuple[datetime, date, bool]:
    """Return the deadline of a clock never paused nor extended, in UTC, with its day, and whether it is provisional.

    Raises OutsideCalendar.
    """
    if rule.unit in HOURS:
        return HourCount(rule, start, calendar, zone).result()[:3]
    return plain_deadlines(rule, calendar, zone)[local_day(start, zone)]


def _is_provisional(rule: ClockRule, start: date, counted: date, due: date, calendar: WorkingCalendar) -> bool:
    if rule.unit is Unit.WORKING_DAY:
        # Whether the day of the start is worked matters where it can be the due day.
        return not calendar.is_confirmed(start - ONE_DAY * (rule.counts_first_day or not rule.length), due)
    return rule.roll is not Roll.NONE and not calendar.is_confirmed(counted - ONE_DAY, due)


Result = tuple[datetime, date, bool, date | None]
"""A deadline in UTC, its day, whether it is provisional, and of a count of days the day on which it ended."""


class Count:
    """The count of one clock of days, as pauses and extensions come to it in order; it raises OutsideCalendar."""

    __slots__ = ("_back", "_calendar", "_first", "_in_doubt", "_length", "_pauses", "_rule", "_start", "_zone", "units")

    def __init__(self, rule: ClockRule, start: datetime, calendar: WorkingCalendar, zone: tzinfo) -> None:
        """Begin with a start, in UTC; its day is not counted unless the rule says so."""
        self._rule, self._calendar, self._zone = rule, calendar, zone
        self._first = self._start = local_day(start, zone)
        self.units = self._length = rule.length
        self._pauses: list[tuple[date, date]] = []
        self._back: tuple[date, date] | None = None
        self._in_doubt = False

    def _due(self) -> tuple[date, date]:
        # Once a pause has ended with nothing left to count, nothing is left until an extension.
        return self._back or due_day(self._rule, self._start, self._length, self._pauses, self._calendar)

    def deadline(self) -> datetime:
        """Return the last moment, inclusive and in UTC."""
        return deadline(self._due()[1], self._rule.closes, self._zone)

    def extend(self, by: int) -> None:
        """Lengthen the count by so many units."""
        self.units += by
        self._length += by
        self._back = None

    def pause(self, pause: Pause) -> Pause:
        """Take out a pause that has ended and began by the deadline; return it with what it did.

        Of the days of the count those after its first day up to its last fall out. Where none was left to count, what
        was left of the due day is given back: the deadline is the end of its last day, or of the next working day.
        """
        assert pause.end is not None
        first, last = local_day(pause.start, self._zone), local_day(pause.end, self._zone)
        counted, rolled = self._due()
        if first < counted:
            # After a day given back the count starts with it, which may lie after this pause began.
            self._pauses += [(max(first, self._start), last)] if last > self._start else []
            return pause
        back = max(rolled, self._calendar.next_working(last))
        self._in_doubt = self._in_doubt or not self._calendar.is_confirmed(last - ONE_DAY, back)
        self._start, self._length, self._pauses, self._back = back, 0, [], (last, back)
        self._rule = self._rule._replace(counts_first_day=False)
        return pause._replace(counted=counted, given_back=back)

    def result(self) -> Result:
        """Return the deadline that the count has come to."""
        counted, rolled = self._due()
        start = self._first if self._rule.unit is Unit.WORKING_DAY else self._start
        is_provisional = self._in_doubt or _is_provisional(self._rule, start, counted, rolled, self._calendar)
        return deadline(rolled, self._rule.closes, self._zone), rolled, is_provisional, counted


class HourCount:
    """The count of one clock of hours, as pauses and extensions come to it in order; moments in UTC.

    Hours run from the moment of the start itself, or from the next full local hour where the rule leaves out the one
    in which it falls. Of working hours the office hours alone are counted; these raise OutsideCalendar.
    Source: Civil Code of the PRC art. 201(2); Civil Procedure Law of the PRC art. 85.
    """

    __slots__ = ("_calendar", "_first", "_left", "_moment", "_rule", "_zone", "units")

    def __init__(self, rule: ClockRule, start: datetime, calendar: WorkingCalendar, zone: tzinfo) -> None:
        """Begin with a start, in UTC; what is left to count is so from the moment that the count has come to."""
        self._rule, self._calendar, self._zone = rule, calendar, zone
        self._first = self._moment = start if rule.counts_first_hour else next_full_hour(start, zone)
        self.units = rule.length
        self._left = ONE_HOUR * rule.length

    def deadline(self) -> datetime:
        """Return the last moment, inclusive and in UTC."""
        if self._rule.unit is Unit.HOUR:
            return self._moment + self._left
        from dealtrack.core.office_hours import after_office_time  # few policies count in office hours

        return after_office_time(self._calendar, self._moment, self._left, self._zone)

    def extend(self, by: int) -> None:
        """Lengthen the count by so many hours."""
        self.units += by
        self._left += ONE_HOUR * by

    def pause(self, pause: Pause) -> Pause:
        """Take out a pause that has ended and began by the deadline: what was left then is counted from its end."""
        assert pause.end is not None
        if pause.start > self._moment:
            self._left -= time_between(self._rule.unit, self._moment, pause.start, self._calendar, self._zone)
        self._moment = max(self._moment, pause.end)
        return pause

    def result(self) -> Result:
        """Return the deadline that the count has come to."""
        due = self.deadline()
        day = local_day(due, self._zone)
        is_provisional = self._rule.unit is Unit.WORKING_HOUR and not self._calendar.is_confirmed(
            local_day(self._first, self._zone) - ONE_DAY, day
        )
        return due, day, is_provisional, None


class LimitCount:
    """The deadline of a clock whose limit is written on the complaint itself, as pauses and extensions come to it.

    They move it by the clock's own unit; of a clock of days its hour stays. It raises OutsideCalendar.
    """

    __slots__ = ("_calendar", "_counted", "_due", "_hour", "_in_doubt", "_rule", "_zone", "units")

    def __init__(self, rule: ClockRule, limit: datetime, calendar: WorkingCalendar, zone: tzinfo) -> None:
        """Begin with the limit, in UTC."""
        self._rule, self._calendar, self._zone = rule._replace(counts_first_day=False), calendar, zone
        self._due, self._hour = limit, limit.astimezone(zone).time()
        self._counted = local_day(limit, zone)
        self.units = 0
        self._in_doubt = False

    def deadline(self) -> datetime:
        """Return the last moment, inclusive and in UTC."""
        return self._due

    def extend(self, by: int) -> None:
        """Lengthen the limit by so many units."""
        self.units += by
        if self._rule.unit in HOURS:
            self._move_by(ONE_HOUR * by)
        else:
            day = local_day(self._due, self._zone)
            counted, rolled = due_day(self._rule, day, by, (), self._calendar)
            self._move_to(counted, rolled, _is_provisional(self._rule, day, counted, rolled, self._calendar))

    def pause(self, pause: Pause) -> Pause:
        """Move the limit by a pause that has ended and began by the deadline; return it with what it did."""
        assert pause.end is not None
        rule, calendar = self._rule, self._calendar
        if rule.unit in HOURS:
            self._move_by(time_between(rule.unit, pause.start, pause.end, calendar, self._zone))
            return pause
        first, last, day = (local_day(moment, self._zone) for moment in (pause.start, pause.end, self._due))
        if first < self._counted:
            if rule.unit is Unit.WORKING_DAY:
                paused = calendar.count_between(first, last)
                counted = rolled = calendar.nth_after(day, paused) if paused else day
            elif last > first:
                counted, rolled = due_day(rule, day, 0, [(first, last)], calendar)
            else:
                counted = rolled = day
            self._move_to(counted, rolled, _is_provisional(rule, first, counted, rolled, calendar))
            return pause
        back = max(day, calendar.next_working(last))
        self._move_to(last, back, not calendar.is_confirmed(last - ONE_DAY, back))
        return pause._replace(counted=day, given_back=back)

    def _move_by(self, time: timedelta) -> None:
        if self._rule.unit is Unit.HOUR:
            self._due += time
            return
        from dealtrack.core.office_hours import after_office_time  # few policies count in office hours

        before = self._due
        self._due = after_office_time(self._calendar, before, time, self._zone)
        days = local_day(before, self._zone) - ONE_DAY, local_day(self._due, self._zone)
        self._in_doubt = self._in_doubt or not self._calendar.is_confirmed(*days)

    def _move_to(self, counted: date, day: date, is_provisional: bool) -> None:
        """Move the limit to a day; `counted` is the one from which on nothing is left to count."""
        self._counted = counted
        self._due = deadline(day, self._hour, self._zone)
        self._in_doubt = self._in_doubt or is_provisional

    def result(self) -> Result:
        """Return the deadline that the limit has come to."""
        return self._due, local_day(self._due, self._zone), self._in_doubt, None


def next_full_hour(moment: datetime, zone: tzinfo) -> datetime:
    """Return the first full hour of local time after a moment, in UTC."""
    while True:
        local = moment.astimezone(zone)
        moment += ONE_HOUR - timedelta(minutes=local.minute, seconds=local.second)
        # In a zone whose summer time is half an hour it may take another step.
        if not moment.astimezone(zone).minute:
            return moment


def time_between(unit: Unit, first: datetime, last: datetime, calendar: WorkingCalendar, zone: tzinfo) -> timedelta:
    """Return what a clock of hours counts from one moment to a later one; working hours raise OutsideCalendar."""
    if unit is Unit.HOUR:
        return last - first
    from dealtrack.core.office_hours import office_time  # few policies count in office hours

    return office_time(calendar, first, last, zone)
