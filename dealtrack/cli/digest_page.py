"""The daily summary as text: a line of counts, tables by owner and by deadline, reminders, the journal's head."""

from collections.abc import Iterator, Sequence
from typing import TextIO

from dealtrack.cli.language import _, _n, _p, heading, say
from dealtrack.cli.output import LATE_KEYS, show_day
from dealtrack.cli.table import Cell, Column, draw_table, print_table
from dealtrack.cli.terminal import tell
from dealtrack.cli.waiting import waiting_text
from dealtrack.core.calendar import calendar_reminder
from dealtrack.core.moments import local_day, show_moment
from dealtrack.core.standing import Lateness, watch_record
from dealtrack.core.text import safe_text
from dealtrack.register.register import Register
from dealtrack.reports.digest import SECTIONS, Digest


def write_page(page: Digest, register: Register, out: TextIO) -> None:
    """Write a summary as text: a line, a table by owner, a table for each section, reminders, the journal's head."""
    day, hour = show_day(page.morning.day), show_moment(page.moment, register.zone).partition(" ")[2]
    rest = "" if page.morning.is_worked else _(" (a rest day)")
    tell(_("{day} {hour}{rest}: {counts}", day=day, hour=hour, rest=rest, counts=counts_text(page)), out)
    if owners := page.owners():
        print(file=out)
        _write_owners(owners, out)
    for title, latenesses, keys in sections_of(page, register):
        print(file=out)
        tell(title, out)
        print_table(map(watch_record, latenesses), keys, register.zone, out)
    if lines := list(reminders_of(page, register)):
        print(file=out)
        for text in lines:
            tell(text, out)
    if page.head is not None:
        print(file=out)
        tell(head_title(page), out)
        print(safe_text(page.head), file=out)


def counts_text(page: Digest) -> str:
    """Return in one line how many deadlines there are in each section."""
    titles = {
        "newly_overdue": _("{count} newly overdue"),
        "still_overdue": _("{count} still overdue"),
        "due_today": _("{count} due today"),
        "due_next_working_day": _("{count} due by the next working day"),
    }
    counts = [titles[name].format(count=len(part)) for name, part in page.sections.items() if part]
    return _(", ").join(counts or [_("nothing overdue or due")])


def head_title(page: Digest) -> str:
    """Return the line that stands above the journal's head."""
    return _("Journal: {count} entries. Checksum for 'dealtrack verify --head':", count=page.entries)


def sections_of(page: Digest, register: Register) -> Iterator[tuple[str, Sequence[Lateness], Sequence[str]]]:
    """Yield each section that is not empty: its heading, its deadlines, and the keys of their table."""
    previous, following = show_day(local_day(page.morning.since, register.zone)), show_day(page.morning.following)
    headings = {
        "newly_overdue": _("Newly overdue, since the last working day ({day})", day=previous),
        "still_overdue": _("Still overdue, most overdue first"),
        "due_today": _("Due today"),
        "due_next_working_day": _("Due by the next working day ({day})", day=following),
    }
    for name, latenesses in page.sections.items():
        if latenesses:
            yield headings[name], latenesses, LATE_KEYS if name in SECTIONS[:2] else LATE_KEYS[:-1]


def owner_titles() -> tuple[str, ...]:
    """Return the headings of the table by owner: the owner, then SECTIONS."""
    return heading("owner"), _("newly overdue"), _("still overdue"), _("due today"), _("due next day")


def _write_owners(owners: list[dict[str, object]], out: TextIO) -> None:
    titles = owner_titles()
    columns = [Column(title, title, right=bool(place)) for place, title in enumerate(titles)]
    rows = [
        [
            Cell.of(safe_text(str(row["owner"] or _p("owner", "none")))),
            *(Cell.of(str(row[name] or ""), "red" if name in SECTIONS[:2] else "") for name in SECTIONS),
        ]
        for row in owners
    ]
    draw_table(columns, rows, out)


def reminders_of(page: Digest, register: Register) -> Iterator[str]:
    """Yield what a summary reminds of: the calendar that is due, what waits to be taken over, the old backup."""
    if page.missing_calendar is not None:
        yield _("Reminder: {text}.", text=say(calendar_reminder(page.missing_calendar)))
    if page.transfers:
        yield _("Reminder: {text}.", text=waiting_text(page.transfers))
    last = page.backup.last if page.backup else None
    if page.backup is not None and last is None:
        yield _("Reminder: there is no backup in {place}.", place=page.backup.place)
    elif page.backup is not None and last is not None:
        days = (page.morning.day - local_day(last, register.zone)).days
        age, moment = _n("{count} day ago", "{count} days ago", days), show_moment(last, register.zone)
        line = _("Reminder: the last backup in {place} was made {age}, at {moment}.")
        yield line.format(place=page.backup.place, age=age, moment=moment)
