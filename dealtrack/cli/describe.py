"""What is said to a clerk in lines rather than tables: changes, one complaint in full, explanations."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING

from dealtrack.cli.language import _, say
from dealtrack.cli.terms import say_field
from dealtrack.core.calendar import WEEKDAY_NAMES
from dealtrack.core.clocks import Clock, Verdict
from dealtrack.core.deadlines import LAST_SECOND
from dealtrack.core.lifecycle import Complaint, Kind, Status
from dealtrack.core.moments import show_moment
from dealtrack.core.policy import Policy
from dealtrack.core.standing import Standing
from dealtrack.core.text import display_width, pad_text, safe_text
from dealtrack.phrase import Word, listed

if TYPE_CHECKING:
    from dealtrack.register.search import Lookalike

Translate = Callable[[str], str]
"""Gives a message in the user's language."""


def show_day(day: date, _: Translate = _) -> str:
    """Return a day with its weekday, as Mon 2016-11-14."""
    return _("{weekday} {day}").format(weekday=_(WEEKDAY_NAMES[day.weekday()]), day=day.isoformat())


def due_text(clock: Clock, zone: tzinfo, _: Translate = _) -> str:
    """Return when a clock is due, with its weekday and the hour at which it ends; a dash without a deadline."""
    if clock.due is None:
        return "-"
    local = clock.due.astimezone(zone)
    day = show_day(local.date(), _)
    hour = "24:00" if local.time() == LAST_SECOND else show_moment(clock.due, zone)[11:]
    return f"{day} {hour}{'?' if clock.provisional else ''}"


def name_of(standing: Standing) -> str:
    """Return what a complaint is known by: its id, number, platform and category."""
    complaint = standing.complaint
    parts = [complaint.number, say_field("platform", complaint.platform), say_field("category", complaint.category)]
    return safe_text(_("{id} ({parts})", id=complaint.id, parts=_(", ").join(filter(None, parts))))


def state_of(standing: Standing, zone: tzinfo) -> str:
    """Return where a complaint stands and since when."""
    complaint = standing.complaint
    ended = [
        (Kind.COMPLETED, complaint.completed),
        (Kind.WITHDRAWN, complaint.withdrawn),
        (Kind.REJECTED, complaint.rejected),
    ]
    moment: datetime | None
    if complaint.status is Status.CLOSED:
        ends = ((say_field("kind", kind), at) for kind, at in ended if at is not None)
        word, moment = next(ends, (say_field("status", "closed"), None))
    else:
        word = say_field("status", complaint.status)
        moment = {
            Status.RECEIVED: complaint.received,
            Status.ACCEPTED: complaint.accepted,
            Status.FORWARDED: complaint.forwarded,
        }.get(complaint.status)
    return f"{word} {show_moment(moment, zone)}" if moment else word


def change_lines(standings: Sequence[Standing], zone: tzinfo) -> Iterator[str]:
    """Yield what a change made of complaints, and the deadlines that follow."""
    room = max(display_width(say_field("verdict", verdict)) for verdict in Verdict)
    for standing in standings:
        yield _("complaint {name}: {state}", name=name_of(standing), state=state_of(standing, zone))
        names = [_(clock.name) for clock in standing.clocks]
        verdicts = [say_field("verdict", standing.verdict(clock)) for clock in standing.clocks]
        width = max(map(display_width, names), default=0)
        for clock, name, verdict in zip(standing.clocks, names, verdicts, strict=True):
            due = "" if clock.due is None else "  " + _("due {moment}", moment=due_text(clock, zone))
            yield f"  {pad_text(name, width)}  {pad_text(verdict, room)}{due}".rstrip()


def lookalike_line(like: "Lookalike", zone: tzinfo) -> str:
    """Return the warning that a complaint looks like one entered before."""
    parts = _(", ").join(
        text for text in (like.number, say_field("platform", like.platform), show_moment(like.received, zone)) if text
    )
    shared = say(listed(map(Word, like.shares)))
    line = _("complaint {complaint} may duplicate {of} ({known}): same {shared}")
    return safe_text(f"dealtrack: {line.format(complaint=like.complaint, of=like.of, known=parts, shared=shared)}")


def next_line(command: str) -> str:
    """Return the line that names the command that usually follows."""
    return _("next: {command}", command=command)


def next_command(standings: Sequence[Standing], policy_of: Callable[[Complaint], Policy]) -> str:
    """Return the command that usually follows, for the complaints that are still open; empty where there is none.

    Where a clock waits for acceptance that comes first: a complaint once forwarded cannot be accepted any more.
    """
    usual = {
        Status.RECEIVED: "forward",
        Status.ACCEPTED: "forward",
        Status.FORWARDED: "complete",
        Status.PAUSED: "resume",
    }
    following: dict[str, list[str]] = {"accept": [], "forward": [], "complete": [], "resume": []}
    for complaint in (standing.complaint for standing in standings):
        command = usual.get(complaint.status, "")
        if complaint.status is Status.RECEIVED and any(
            Kind.ACCEPTED in rule.stop for rule in policy_of(complaint).clocks
        ):
            command = "accept"
        if command:
            following[command].append(str(complaint.id))
    for command, ids in following.items():
        if ids:
            return f"dealtrack {command} {' '.join(ids[:8])}{' ...' if len(ids) > 8 else ''}"
    return ""
