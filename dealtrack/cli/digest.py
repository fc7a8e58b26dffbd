"""The command that prints the daily summary."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from dealtrack.cli.language import _, _n, _p, heading, say
from dealtrack.cli.options import FilterOptions, ViewTimes, flag, option, read_filter
from dealtrack.cli.output import LATE_KEYS, check_word, print_records, show_day
from dealtrack.cli.session import Session
from dealtrack.cli.table import Cell, Column, draw_table, print_table
from dealtrack.cli.terminal import print_line
from dealtrack.core.calendar import calendar_reminder
from dealtrack.core.moments import local_day, show_moment
from dealtrack.core.standing import watch_record
from dealtrack.core.text import safe_text
from dealtrack.phrase import Phrase
from dealtrack.register.register import Register
from dealtrack.reports.digest import SECTIONS, Digest, make_digest


def digest(
    session: Session,
    only: FilterOptions,
    working_days_only: Annotated[bool, flag("Print nothing on rest days.")],
    backups: Annotated[str, option("PATH", "Backup folder or file; adds a reminder when the last backup is old.")],
    times: ViewTimes,
    fmt: Annotated[str, option("FORMAT", "Output format: text or json.", "--format")] = "text",
) -> None:
    """Print the daily summary; prints nothing if there is nothing to report."""
    check_word(Phrase("Format"), fmt, ("text", "json"))
    with session.reading(*times) as (register, view):
        page = make_digest(register, read_filter(register, *only), view, Path(backups) if backups else None)
        if working_days_only and not page.morning.is_worked:
            return
        if fmt == "json":
            print_records([page.record()], fmt="json", zone=register.zone, single=True)
        elif page.says_something:
            _print_page(page, register)


def _print_page(page: Digest, register: Register) -> None:
    texts = _texts(page, register)
    counts = [texts[name][0].format(count=len(part)) for name, part in page.sections.items() if part]
    day, hour = show_day(page.morning.day), show_moment(page.moment, register.zone).partition(" ")[2]
    rest, parts = "" if page.morning.is_worked else _(" (a rest day)"), counts or [_("nothing overdue or due")]
    print_line(_("{day} {hour}{rest}: {counts}", day=day, hour=hour, rest=rest, counts=_(", ").join(parts)))
    if owners := page.owners():
        print()
        _print_owners(owners)
    for name, latenesses in page.sections.items():
        if latenesses:
            print()
            print_line(texts[name][1])
            keys = LATE_KEYS if name in SECTIONS[:2] else LATE_KEYS[:-1]
            print_table(map(watch_record, latenesses), keys, register.zone, sys.stdout)
    if reminders := list(_reminders(page, register)):
        print()
        for text in reminders:
            print_line(text)
    if page.head is not None:
        print()
        print_line(_("Journal: {count} entries. Checksum for 'dealtrack verify --head':", count=page.entries))
        print(safe_text(page.head))


def _texts(page: Digest, register: Register) -> dict[str, tuple[str, str]]:
    """Return of each section what the first line says of it, and its heading."""
    previous, following = show_day(local_day(page.morning.since, register.zone)), show_day(page.morning.following)
    newly = _("Newly overdue, since the last working day ({day})", day=previous)
    next_day = _("Due by the next working day ({day})", day=following)
    return {
        "newly_overdue": (_("{count} newly overdue"), newly),
        "still_overdue": (_("{count} still overdue"), _("Still overdue, most overdue first")),
        "due_today": (_("{count} due today"), _("Due today")),
        "due_next_working_day": (_("{count} due by the next working day"), next_day),
    }


def _print_owners(owners: list[dict[str, object]]) -> None:
    titles = (heading("owner"), _("newly overdue"), _("still overdue"), _("due today"), _("due next day"))
    columns = [Column(title, title, right=bool(place)) for place, title in enumerate(titles)]
    rows = [
        [
            Cell.of(safe_text(str(row["owner"] or _p("owner", "none")))),
            *(Cell.of(str(row[name] or ""), "red" if name in SECTIONS[:2] else "") for name in SECTIONS),
        ]
        for row in owners
    ]
    draw_table(columns, rows, sys.stdout)


def _reminders(page: Digest, register: Register) -> Iterator[str]:
    if page.missing_calendar is not None:
        yield _("Reminder: {text}.", text=say(calendar_reminder(page.missing_calendar)))
    last = page.backup.last if page.backup else None
    if page.backup is not None and last is None:
        yield _("Reminder: there is no backup in {place}.", place=page.backup.place)
    elif page.backup is not None and last is not None:
        days = (page.morning.day - local_day(last, register.zone)).days
        age, moment = _n("{count} day ago", "{count} days ago", days), show_moment(last, register.zone)
        line = _("Reminder: the last backup in {place} was made {age}, at {moment}.")
        yield line.format(place=page.backup.place, age=age, moment=moment)
