"""The morning page's spans of time: since when a clock is newly overdue, and what today and the next day hold."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.deadlines import deadline
from dealtrack.core.moments import local_day
from dealtrack.core.standing import Lateness


@dataclass(frozen=True, slots=True)
class Morning:
    """A moment among the working days around it.

    `since` is the same hour of the working day before its day, exclusive: the morning page before this one was
    written then. `until` is the last moment, inclusive, of the next working day, `following`. Both in UTC.
    """

    day: date
    is_worked: bool
    since: datetime
    following: date
    until: datetime


def morning_of(moment: datetime, calendar: WorkingCalendar, zone: tzinfo) -> Morning:
    """Return the working days around a moment as they lie in a time zone; raises OutsideCalendar."""
    local = moment.astimezone(zone)
    day = local.date()
    is_worked = calendar.is_worked(day)
    # The working days up to a rest day end with the one before it; those up to a working day, with itself.
    previous = calendar.nth_after(day, -1 if is_worked else 0)
    following = calendar.nth_after(day, 1)
    since = datetime.combine(previous, local.time(), zone).astimezone(moment.tzinfo)
    return Morning(day, is_worked, since, following, deadline(following, None, zone))


def is_new(lateness: Lateness, morning: Morning) -> bool:
    """Tell whether the deadline of an overdue clock has passed since the last working day."""
    return lateness.clock.due is not None and lateness.clock.due > morning.since


def is_due_today(lateness: Lateness, morning: Morning, zone: tzinfo) -> bool:
    """Tell whether a running clock falls due on the morning's own day."""
    return lateness.clock.due is not None and local_day(lateness.clock.due, zone) <= morning.day
