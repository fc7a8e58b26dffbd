"""What is said to a clerk in lines rather than tables: changes, one complaint in full, explanations."""

from collections.abc import Iterator, Sequence
from datetime import date, tzinfo
from typing import TYPE_CHECKING

from dealtrack.core.calendar import WEEKDAY_NAMES
from dealtrack.core.clocks import LAST_SECOND, Clock
from dealtrack.core.lifecycle import Status
from dealtrack.core.moments import show_due, show_moment
from dealtrack.core.standing import Standing
from dealtrack.core.text import safe_text

if TYPE_CHECKING:
    from dealtrack.register.duplicates import Lookalike


def show_day(day: date) -> str:
    """Return a day with its weekday, as Mon 2016-11-14."""
    return f"{WEEKDAY_NAMES[day.weekday()]} {day.isoformat()}"


def due_text(clock: Clock, zone: tzinfo) -> str:
    """Return when a clock is due, with its weekday and the hour at which it ends; a dash without a deadline."""
    if clock.due is None:
        return "-"
    local = clock.due.astimezone(zone)
    hour = " 24:00" if local.time() == LAST_SECOND else ""
    day = WEEKDAY_NAMES[local.weekday()]
    return f"{day} {show_due(clock.due, zone, False)}{hour}{'?' if clock.provisional else ''}"


def name_of(standing: Standing) -> str:
    """Return what a complaint is known by: its id, number, platform and category."""
    complaint = standing.complaint
    known = [complaint.number, complaint.platform, complaint.category]
    return safe_text(f"{complaint.id} ({', '.join(text for text in known if text)})")


def state_of(standing: Standing, zone: tzinfo) -> str:
    """Return where a complaint stands and since when."""
    complaint = standing.complaint
    ended = [
        ("completed", complaint.completed),
        ("withdrawn", complaint.withdrawn),
        ("rejected", complaint.rejected),
    ]
    if complaint.status is Status.CLOSED:
        word, moment = next(((word, at) for word, at in ended if at is not None), ("closed", None))
    else:
        word = complaint.status.value
        moment = {
            Status.RECEIVED: complaint.received,
            Status.ACCEPTED: complaint.accepted,
            Status.FORWARDED: complaint.forwarded,
        }.get(complaint.status)
    return f"{word} {show_moment(moment, zone)}" if moment else word


def change_lines(standings: Sequence[Standing], zone: tzinfo) -> Iterator[str]:
    """Yield what a change made of complaints, and the deadlines that follow."""
    for standing in standings:
        yield f"complaint {name_of(standing)}: {state_of(standing, zone)}"
        width = max((len(clock.name) for clock in standing.clocks), default=0)
        for clock in standing.clocks:
            verdict = standing.verdict(clock)
            due = "" if clock.due is None else f"  due {due_text(clock, zone)}"
            yield f"  {clock.name:<{width}}  {verdict:<9}{due}".rstrip()


def lookalike_line(like: "Lookalike", zone: tzinfo) -> str:
    """Return the warning that a complaint looks like one entered before."""
    known = ", ".join(text for text in (like.number, like.platform, show_moment(like.received, zone)) if text)
    shared = ", ".join(like.shares)
    return safe_text(f"dealtrack: complaint {like.complaint} looks like {like.of} ({known}): same {shared}")


def next_command(standings: Sequence[Standing]) -> str:
    """Return the command that usually follows, for the complaints that are still open; empty where there is none."""
    for status, command in (
        (Status.RECEIVED, "forward"),
        (Status.ACCEPTED, "forward"),
        (Status.FORWARDED, "complete"),
        (Status.PAUSED, "resume"),
    ):
        ids = [str(standing.complaint.id) for standing in standings if standing.complaint.status is status]
        if ids:
            return f"dealtrack {command} {' '.join(ids[:8])}{' ...' if len(ids) > 8 else ''}"
    return ""
