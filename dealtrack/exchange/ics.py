"""Deadlines as a calendar file (iCalendar, RFC 5545): one event each, which a calendar program updates in place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from dealtrack import __version__
from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.clocks import Verdict
from dealtrack.core.deadlines import LAST_SECOND
from dealtrack.core.moments import ONE_DAY
from dealtrack.core.policy import HOURS
from dealtrack.core.standing import Lateness
from dealtrack.core.text import safe_text
from dealtrack.phrase import in_context, in_language

if TYPE_CHECKING:
    from icalendar import Alarm, Event

MORNING = time(9)
"""When alarms ring: on the working day before the due day, and on the due day itself."""

LAST_CALL = timedelta(hours=2)
"""How long before a deadline with an hour of its own the second alarm rings."""


REFRESH = timedelta(hours=1)
"""How often a program that subscribes to the file may look for a newer one."""

OVERDUE_PRIORITY = 1
"""The highest of iCalendar."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A running or overdue clock and what last changed it: the number of that entry, and when it was made, in UTC."""

    lateness: Lateness
    seq: int
    changed: datetime


def ics_bytes(
    deadlines: Iterable[Deadline], identity: str, calendar: WorkingCalendar, zone: tzinfo, _: Callable[[str], str]
) -> bytes:
    """Return a calendar file; `identity` tells this register's events from another's.

    A deadline at the end of a day is an event of that whole day, which takes up no time; one with an hour of its
    own is a moment. An event keeps its UID as long as its run of the clock lives; SEQUENCE and DTSTAMP are those of
    the entry that last changed it, so that what has not changed is the same to the byte. What is overdue stays on its
    day, is marked so, and was last changed when its deadline had passed.
    """
    from icalendar import Calendar, vDuration

    calendar_file = Calendar()
    calendar_file.add("prodid", f"-//dealtrack//dealtrack {__version__}//EN")
    calendar_file.add("version", "2.0")
    calendar_file.add("calscale", "GREGORIAN")
    calendar_file.add("x-wr-calname", _("Complaint deadlines"))
    # RFC 7986, and what Outlook reads.
    calendar_file.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    calendar_file.add("x-published-ttl", vDuration(REFRESH))
    for deadline in deadlines:
        calendar_file.add_component(_event(deadline, identity, calendar, zone, _))
    written: bytes = calendar_file.to_ical()
    return written


def _event(
    deadline: Deadline, identity: str, calendar: WorkingCalendar, zone: tzinfo, _: Callable[[str], str]
) -> "Event":
    from icalendar import Event

    complaint, clock = deadline.lateness.complaint, deadline.lateness.clock
    assert clock.due is not None
    assert clock.due_day is not None
    words = [str(complaint.id), complaint.number, in_context("platform", complaint.platform, _), _(complaint.category)]
    event = Event()
    event.add("uid", f"{complaint.id}.{clock.name}.{clock.round}@{identity}.dealtrack")
    is_overdue = deadline.lateness.verdict is Verdict.OVERDUE
    changed = max(deadline.changed, clock.due + timedelta(seconds=1)) if is_overdue else deadline.changed
    event.add("sequence", deadline.seq + is_overdue)
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    local = clock.due.astimezone(zone)
    whole_day = local.time() == LAST_SECOND and clock.unit not in HOURS
    if whole_day:
        event.add("dtstart", clock.due_day)
        event.add("dtend", clock.due_day + ONE_DAY)
        event.add("transp", "TRANSPARENT")
        start = datetime.combine(clock.due_day, time())
    else:
        event.add("dtstart", clock.due)
        start = local.replace(tzinfo=None)
    event.add("status", "TENTATIVE" if clock.provisional else "CONFIRMED")
    form = _("{clock} OVERDUE: {complaint}") if is_overdue else _("{clock} due: {complaint}")
    title = form.format(clock=_(clock.name), complaint=safe_text(" ".join(filter(None, words))))
    event.add("summary", f"{title} ?" if clock.provisional else title)
    event.add("description", "\n".join(_description(deadline, _)))
    event.add("categories", [safe_text(complaint.platform)])
    if is_overdue:
        # No alarm: it would ring for what is past.
        event.add("priority", OVERDUE_PRIORITY)
        return event
    before = calendar.nth_after(clock.due_day, -1 if calendar.is_worked(clock.due_day) else 0)
    event.add_component(_alarm(title, datetime.combine(before, MORNING) - start))
    last = datetime.combine(clock.due_day, MORNING) - start if whole_day else -LAST_CALL
    event.add_component(_alarm(title, last))
    return event


def _description(deadline: Deadline, _: Callable[[str], str]) -> Iterable[str]:
    complaint = deadline.lateness.complaint
    yield _("status: {status}").format(status=in_language(complaint.status, _))
    yield _("owner: {owner}").format(owner=safe_text(complaint.owner or _("nobody")))
    if deadline.lateness.clock.provisional:
        yield _("provisional: the official calendar for that year is not published yet")
    yield f"dealtrack explain {complaint.id}"


def _alarm(title: str, trigger: timedelta) -> "Alarm":
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", title)
    alarm.add("trigger", trigger)
    return alarm
