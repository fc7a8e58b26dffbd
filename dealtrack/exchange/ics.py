"""Deadlines as a calendar file (iCalendar, RFC 5545): one event each, which a calendar program updates in place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from dealtrack import __version__
from dealtrack.core.calendar import ONE_DAY, WorkingCalendar
from dealtrack.core.deadlines import LAST_SECOND
from dealtrack.core.standing import Lateness
from dealtrack.core.text import safe_text

if TYPE_CHECKING:
    from icalendar import Alarm, Event

MORNING = time(9)
"""When alarms ring: on the working day before the due day, and on the due day itself."""

LAST_CALL = timedelta(hours=2)
"""How long before a deadline with an hour of its own the second alarm rings."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A running clock and what last changed it: the number of that journal entry, and when it was made, in UTC."""

    lateness: Lateness
    seq: int
    changed: datetime


def ics_bytes(
    deadlines: Iterable[Deadline],
    identity: str,
    calendar: WorkingCalendar,
    zone: tzinfo,
    _: Callable[[str], str],
) -> bytes:
    """Return a calendar file; `identity` tells this register's events from another's.

    A deadline at the end of a day is an event of that whole day, which takes up no time; one with an hour of its
    own is a moment. An event keeps its UID as long as its run of the clock lives; SEQUENCE and DTSTAMP are those of
    the entry that last changed it, so that what has not changed is the same to the byte.
    """
    from icalendar import Calendar

    held = Calendar()
    held.add("prodid", f"-//dealtrack//dealtrack {__version__}//EN")
    held.add("version", "2.0")
    held.add("calscale", "GREGORIAN")
    held.add("x-wr-calname", _("Complaints: deadlines"))
    for deadline in deadlines:
        held.add_component(_event(deadline, identity, calendar, zone, _))
    written: bytes = held.to_ical()
    return written


def _event(
    deadline: Deadline, identity: str, calendar: WorkingCalendar, zone: tzinfo, _: Callable[[str], str]
) -> "Event":
    from icalendar import Event

    complaint, clock = deadline.lateness.complaint, deadline.lateness.clock
    assert clock.due is not None
    assert clock.due_day is not None
    known = [str(complaint.id), complaint.number, complaint.platform, _(complaint.category)]
    event = Event()
    event.add("uid", f"{complaint.id}.{clock.name}.{clock.round}@{identity}.dealtrack")
    event.add("sequence", deadline.seq)
    event.add("dtstamp", deadline.changed)
    event.add("last-modified", deadline.changed)
    local = clock.due.astimezone(zone)
    whole_day = local.time() == LAST_SECOND
    if whole_day:
        event.add("dtstart", clock.due_day)
        event.add("dtend", clock.due_day + ONE_DAY)
        event.add("transp", "TRANSPARENT")
        start = datetime.combine(clock.due_day, time())
    else:
        event.add("dtstart", clock.due)
        start = local.replace(tzinfo=None)
    event.add("status", "TENTATIVE" if clock.provisional else "CONFIRMED")
    title = _("{clock} due: {complaint}").format(
        clock=_(clock.name), complaint=safe_text(" ".join(text for text in known if text))
    )
    event.add("summary", f"{title} ?" if clock.provisional else title)
    event.add("description", "\n".join(_description(deadline, _)))
    event.add("categories", [safe_text(complaint.platform)])
    before = calendar.nth_after(clock.due_day, -1 if calendar.is_worked(clock.due_day) else 0)
    event.add_component(_alarm(title, datetime.combine(before, MORNING) - start))
    last = datetime.combine(clock.due_day, MORNING) - start if whole_day else -LAST_CALL
    event.add_component(_alarm(title, last))
    return event


def _description(deadline: Deadline, _: Callable[[str], str]) -> Iterable[str]:
    complaint = deadline.lateness.complaint
    yield _("status: {status}").format(status=_(complaint.status.value))
    yield _("owner: {owner}").format(owner=safe_text(complaint.owner or _("nobody")))
    if deadline.lateness.clock.provisional:
        yield _("provisional: the official calendar for that time is not published yet")
    yield f"dealtrack explain {complaint.id}"


def _alarm(title: str, trigger: timedelta) -> "Alarm":
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", title)
    alarm.add("trigger", trigger)
    return alarm
