"""Office hours of working days, as a calendar file has them, and the time that lies within them."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Any

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.moments import local_day

HOURS = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
DAY_OF_YEAR = re.compile(r"(\d\d)-(\d\d)")
LEAP_YEAR = 2000
MINUTES = 24 * 60


@cache
def parse_hours(text: str) -> tuple[int, int]:
    """Return the opening and closing of `09:00-12:00` in minutes of a local day; raises ValueError."""
    written = HOURS.fullmatch(text.strip())
    opens, closes = (int(written[place]) * 60 + int(written[place + 1]) for place in (1, 3)) if written else (0, 0)
    if not written or max(int(written[2]), int(written[4])) > 59 or not opens < closes <= MINUTES:
        raise ValueError
    return opens, closes


@cache
def parse_days_of_year(text: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the first and the last day, month and day, both included, of `05-01/09-30` or `12-24`; raises ValueError.

    A span may run into the next year.
    """
    ends = []
    for part in text.split("/"):
        if not (written := DAY_OF_YEAR.fullmatch(part.strip())):
            raise ValueError
        day = date(LEAP_YEAR, int(written[1]), int(written[2]))
        ends.append((day.month, day.day))
    if len(ends) > 2:
        raise ValueError
    return ends[0], ends[-1]


def is_in_year(day: date, first: tuple[int, int], last: tuple[int, int]) -> bool:
    """Tell whether a day lies in the part of each year from one month and day to another, both included."""
    at = (day.month, day.day)
    return first <= at <= last or (last < first and not last < at < first)


def hours_on(office_hours: Iterable[Mapping[str, Any]], day: date) -> Mapping[str, Any] | None:
    """Return the office hours that hold on a day if it is worked; None where none do.

    Hours without days of the year hold on all days that no others hold on.
    """
    seasons = (
        each for each in office_hours if "days" not in each or is_in_year(day, *parse_days_of_year(each["days"]))
    )
    return min(seasons, key=lambda each: "days" not in each, default=None)


def office_spans(calendar: WorkingCalendar, day: date, zone: tzinfo) -> list[tuple[datetime, datetime]]:
    """Return the openings and closings of a day's office hours, in UTC, none on a rest day; raises OutsideCalendar.

    A closing at 24:00 is the first second of the next day.
    """
    hours = hours_on(calendar.rules.office_hours, day) if calendar.is_worked(day) else None
    if hours is None:
        return []
    midnight = datetime.combine(day, time())

    def at(minutes: int) -> datetime:
        return (midnight + timedelta(minutes=minutes)).replace(tzinfo=zone).astimezone(UTC)

    return [(at(opens), at(closes)) for opens, closes in map(parse_hours, hours["hours"])]


def office_time(calendar: WorkingCalendar, first: datetime, last: datetime, zone: tzinfo) -> timedelta:
    """Return the office time from one moment to a later one; raises OutsideCalendar."""
    total, day, end = timedelta(), local_day(first, zone), local_day(last, zone)
    while day <= end:
        for opens, closes in office_spans(calendar, day, zone):
            total += max(min(closes, last) - max(opens, first), timedelta())
        day = calendar.nth_after(day, 1)
    return total


def after_office_time(calendar: WorkingCalendar, start: datetime, length: timedelta, zone: tzinfo) -> datetime:
    """Return the moment, in UTC, at which so much office time has passed from a start on; raises OutsideCalendar.

    A closing at which the last of it has passed is that moment. Of no time it is the start itself.
    """
    day, left = local_day(start, zone), length
    while left:
        for opens, closes in office_spans(calendar, day, zone):
            begins = max(opens, start)
            if begins + left <= closes:
                return begins + left
            left -= max(closes - begins, timedelta())
        day = calendar.nth_after(day, 1)
    return start
