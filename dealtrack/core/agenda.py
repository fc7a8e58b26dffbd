"""What of the open complaints wants attention first, and the days around a daily summary."""

from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import NamedTuple

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.clocks import Clock, Verdict, verdict
from dealtrack.core.deadlines import deadline
from dealtrack.core.lifecycle import Complaint
from dealtrack.core.moments import ONE_DAY, day_start, local_day
from dealtrack.core.standing import Lateness, Standing


class Urgency(StrEnum):
    """How a complaint wants attention, the most urgent first."""

    OVERDUE = "overdue"
    DUE_TODAY = "due-today"
    RUNNING = "running"
    PAUSED = "paused"


class AgendaItem(NamedTuple):
    """An open complaint with the clock that decides its place, None where no clock runs."""

    complaint: Complaint
    clock: Clock | None
    urgency: Urgency


def item_of(standing: Standing, moment: datetime, zone: tzinfo) -> AgendaItem:
    """Return the place of an open complaint at a moment, by its clock that runs and is due first."""
    running = [clock for clock in standing.clocks if clock.started is not None and clock.ended is None]
    due = [(clock.due, clock) for clock in running if clock.due is not None]
    if not due:
        paused = next((clock for clock in running if clock.paused), None)
        return AgendaItem(standing.complaint, paused, Urgency.PAUSED if paused else Urgency.RUNNING)
    first, clock = min(due, key=lambda pair: pair[0])
    if verdict(clock, moment) is Verdict.OVERDUE:
        return AgendaItem(standing.complaint, clock, Urgency.OVERDUE)
    today = local_day(first, zone) == local_day(moment, zone)
    return AgendaItem(standing.complaint, clock, Urgency.DUE_TODAY if today else Urgency.RUNNING)


def by_urgency(standings: Iterable[Standing], moment: datetime, zone: tzinfo) -> list[AgendaItem]:
    """Return open complaints by urgency, those due first before others; what has no deadline stands last."""
    order = list(Urgency)
    last = datetime.max.replace(tzinfo=moment.tzinfo)

    def place(item: AgendaItem) -> tuple[int, datetime, int]:
        due = item.clock.due if item.clock else None
        return order.index(item.urgency), due or last, item.complaint.id

    return sorted((item_of(standing, moment, zone) for standing in standings), key=place)


def next_change(items: Iterable[AgendaItem], moment: datetime, zone: tzinfo) -> datetime:
    """Return the moment, in UTC, from which time alone may have moved an item: a deadline's passing, or midnight."""
    midnight = day_start(local_day(moment, zone) + ONE_DAY, zone)
    ahead = (item.clock.due for item in items if item.clock and item.clock.due and item.clock.due >= moment)
    return min(midnight, min(ahead, default=midnight))


class DigestDay(NamedTuple):
    """The moment of a daily summary among the working days around it.

    `since` is the same hour of the working day before its day, exclusive: the summary before this one was
    made then. `until` is the last moment, inclusive, of the next working day, `following`. Both in UTC.
    """

    day: date
    is_worked: bool
    since: datetime
    following: date
    until: datetime


def digest_day(moment: datetime, calendar: WorkingCalendar, zone: tzinfo) -> DigestDay:
    """Return the working days around a moment as they lie in a time zone; raises OutsideCalendar."""
    local = moment.astimezone(zone)
    day = local.date()
    is_worked = calendar.is_worked(day)
    # The working days up to a rest day end with the one before it; those up to a working day, with itself.
    previous = calendar.nth_after(day, -1 if is_worked else 0)
    following = calendar.nth_after(day, 1)
    since = datetime.combine(previous, local.time(), zone).astimezone(moment.tzinfo)
    return DigestDay(day, is_worked, since, following, deadline(following, None, zone))


def is_new(lateness: Lateness, summary: DigestDay) -> bool:
    """Tell whether the deadline of an overdue clock has passed since the last working day."""
    return lateness.clock.due is not None and lateness.clock.due > summary.since


def is_due_today(lateness: Lateness, summary: DigestDay, zone: tzinfo) -> bool:
    """Tell whether a running clock falls due on the summary's own day."""
    return lateness.clock.due is not None and local_day(lateness.clock.due, zone) <= summary.day
