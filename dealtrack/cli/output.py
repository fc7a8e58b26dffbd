"""What commands print: records as a table, plain lines, CSV, JSON and JSON lines; days and changes in lines."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, tzinfo
from itertools import chain
from typing import TYPE_CHECKING, Any, TextIO

from dealtrack.cli.language import _, say, say_field
from dealtrack.cli.terminal import GAP, aligned_lines, lines_beside, painter, terminal_width
from dealtrack.core.calendar import WEEKDAY_NAMES
from dealtrack.core.clocks import Clock, Verdict
from dealtrack.core.deadlines import LAST_SECOND
from dealtrack.core.lifecycle import Complaint, Kind, Status, Transition
from dealtrack.core.moments import show_moment
from dealtrack.core.policy import HOURS, Policy
from dealtrack.core.standing import Standing
from dealtrack.core.text import display_width, pad_text, safe_text
from dealtrack.core.vocabulary import nearest_names
from dealtrack.errors import UnknownWord, suggestion
from dealtrack.exchange import writers
from dealtrack.exchange.writers import Record
from dealtrack.phrase import Phrase, Word, listed

if TYPE_CHECKING:
    from dealtrack.core.explanation import Step
    from dealtrack.register.search import Lookalike

FOR_PROGRAMS = tuple(sorted(writers.WRITERS))
FOR_PEOPLE = "people"
"""The format of CSV whose headings and words are in the user's language: what --for-people stands for."""

FORMATS = ("table", "plain", *FOR_PROGRAMS)
LATE_KEYS = ("id", "number", "platform", "category", "owner", "clock", "due", "late")
LETTER_FORMATS = ("docx", "html")
"""The formats of letters."""

LISTED_KEYS = ("name", "overdue", "working_days_late", "file")
"""What is printed of lists that were written."""

NOTHING = "–"
"""What is shown in the place of an empty field."""

ENDS = (Kind.COMPLETED, Kind.WITHDRAWN, Kind.REJECTED, Kind.TRANSFERRED, Kind.MERGED)
"""The kinds that end a complaint; what was transferred is of the last two."""

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
    hour = "24:00" if local.time() == LAST_SECOND and clock.unit not in HOURS else show_moment(clock.due, zone)[11:]
    return f"{day} {hour}{'?' if clock.provisional else ''}"


def name_of(standing: Standing) -> str:
    """Return what a complaint is known by: its id, number, platform and category."""
    complaint = standing.complaint
    parts = [complaint.number, say_field("platform", complaint.platform), say_field("category", complaint.category)]
    return safe_text(_("{id} ({parts})", id=complaint.id, parts=_(", ").join(filter(None, parts))))


def state_of(standing: Standing, zone: tzinfo) -> str:
    """Return where a complaint stands and since when."""
    complaint = standing.complaint
    # The fields with the moments are named like the kinds and the statuses.
    ends = (kind for kind in ENDS if getattr(complaint, kind))
    end = next(ends, None) if complaint.status is Status.CLOSED else None
    word = say_field("kind", end) if end else say_field("status", complaint.status)
    moment = getattr(complaint, end or complaint.status, None)
    return f"{word} {show_moment(moment, zone)}" if moment else word


def entry_text(entry: Transition, zone: tzinfo) -> str:
    """Return what an entry is known by: its number, kind and moment."""
    kind, moment = say_field("kind", entry.kind), show_moment(entry.at, zone)
    return _("entry {seq}, {kind} {moment}", seq=entry.seq, kind=kind, moment=moment)


def change_lines(
    standings: Sequence[Standing], zone: tzinfo, changes: Mapping[int, Iterable[str]] = {}
) -> Iterator[str]:
    """Yield what a change made of complaints, the `changes` of each by its id, and the deadlines that follow."""
    others = [("", say_field("verdict", verdict), "") for verdict in Verdict]
    for standing in standings:
        yield _("complaint {name}: {state}", name=name_of(standing), state=state_of(standing, zone))
        yield from (f"{GAP}{line}" for line in changes.get(standing.complaint.id, ()))
        rows = []
        for clock in filter(standing.is_foreseen, standing.clocks):
            due = _("due {moment}", moment=due_text(clock, zone)) if clock.due else ""
            rows.append((_(clock.name), say_field("verdict", standing.verdict(clock)), due))
        yield from aligned_lines(rows, None, others)


def lookalike_line(like: "Lookalike", zone: tzinfo) -> str:
    """Return the warning that a complaint looks like one entered before."""
    facts = (like.number, say_field("platform", like.platform), show_moment(like.received, zone))
    parts = _(", ").join(filter(None, facts))
    shared = say(listed(map(Word, like.shares)))
    line = _("Complaint {complaint} may duplicate {of} ({known}): same {shared}.")
    return safe_text(f"dealtrack: {line.format(complaint=like.complaint, of=like.earlier, known=parts, shared=shared)}")


def next_line(command: str) -> str:
    """Return the line that names the command that usually follows."""
    return _("next: {command}", command=command)


def next_command(standings: Sequence[Standing], policy_of: Callable[[Complaint], Policy]) -> str:
    """Return the command that usually follows, for the complaints that are still open; empty where there is none.

    Where a clock waits for acceptance that comes first: a complaint once forwarded cannot be accepted any more.
    """
    usual = {"received": "forward", "accepted": "forward", "forwarded": "complete", "paused": "resume"}
    following: dict[str, list[str]] = {}
    for complaint in (standing.complaint for standing in standings):
        command = usual.get(complaint.status, "")
        if complaint.status is Status.RECEIVED:
            is_awaited = any(Kind.ACCEPTED in rule.stop for rule in policy_of(complaint).clocks)
            command = "accept" if is_awaited else command
        following.setdefault(command, []).append(str(complaint.id))
    for command in ("accept", "forward", "complete", "resume"):
        if ids := following.get(command):
            return f"dealtrack {command} {' '.join(ids[:8])}{' ...' if len(ids) > 8 else ''}"
    return ""


def check_format(fmt: str | None) -> None:
    """Refuse a format that there is none of; an empty one stands for the usual. Raises UnknownWord."""
    if fmt:
        check_word(Phrase("Format"), fmt, FORMATS)


def check_word(what: str, value: str, allowed: Iterable[str]) -> None:
    """Refuse a word that is none of those allowed, with the nearest; raises UnknownWord."""
    words = tuple(allowed)
    if value not in words:
        near = suggestion(nearest_names(value, words))
        raise UnknownWord(what=what, value=value, nearest=near, allowed=listed(words))


def print_records(
    records: Iterable[Record],
    columns: Sequence[str] | None = None,
    fmt: str | None = None,
    *,
    zone: tzinfo,
    stream: TextIO | None = None,
    single: bool = False,
    is_chosen: bool = False,
) -> None:
    """Print records as they come; moments in UTC are shown in `zone`.

    `columns` are the keys that table, plain and csv print, and their order; without it those of the first record.
    JSON prints each record's own keys, or the columns alone where a user chose them (`is_chosen`); `single` prints the
    one record itself rather than a list of it. Keys that begin with an underscore are not printed: `_provisional` holds
    the keys of the deadlines that are provisional.
    Without `fmt` it is a table on a terminal, else plain. Raises UnknownWord for an unknown format.
    """
    if fmt != FOR_PEOPLE:
        check_format(fmt)
    out = sys.stdout if stream is None else stream
    if columns is None:
        rest = iter(records)
        first = next(rest, None)
        columns = [key for key in first or () if not key.startswith("_")]
        records = () if first is None else chain((first,), rest)
    match fmt or ("table" if out.isatty() else "plain"):
        case "json" if single:
            writers.write_json(records, zone, out, single)
        case "plain":
            writers.write_plain(records, columns, zone, out)
        case "table":
            from dealtrack.cli.table import print_table

            print_table(records, columns, zone, out, is_chosen)
        case "people":
            from dealtrack.cli.people import write_records

            write_records(records, columns, zone, out)
        case other:
            if is_chosen:
                records = ({key: record.get(key) for key in columns} for record in records)
            writers.WRITERS[other](records, columns, zone, out)


def step_record(step: "Step") -> dict[str, Any]:
    """Return the record of one day of a count."""
    return {"day": step.day, "counted": step.counted, "reason": step.reason}


def print_steps(steps: Iterable["Step"], fmt: str | None = None, *, zone: tzinfo, stream: TextIO | None = None) -> None:
    """Print the days of a count: each with its place among the counted days, or a dash, and the reason.

    A day that no authority has confirmed yet bears a question mark. Raises UnknownWord for an unknown format.
    """
    check_format(fmt)
    out = sys.stdout if stream is None else stream
    fmt = fmt or ("table" if out.isatty() else "plain")
    if fmt in FOR_PROGRAMS:
        print_records(map(step_record, steps), ("day", "counted", "reason"), fmt, zone=zone, stream=out)
        return
    rows = []
    for step in steps:
        mark = f"✓ {step.nth}" if step.counted else "–"
        rows.append((show_day(step.day) + ("" if step.confirmed else "?"), mark, safe_text(say(step.reason))))
    if fmt == "plain":
        out.writelines("\t".join(row) + "\n" for row in rows)
        return
    paint, room = painter(out), terminal_width(out)
    days, marks = (max((display_width(row[place]) for row in rows), default=0) for place in (0, 1))
    for day, mark, why in rows:
        style = "dim" if mark == "–" else ""
        for line in lines_beside(f"{pad_text(day, days)}{GAP}{pad_text(mark, marks)}{GAP}", why, room):
            out.write(paint(line, style) + "\n")
