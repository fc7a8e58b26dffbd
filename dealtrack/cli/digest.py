"""The command that writes the morning page."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from dealtrack.cli.describe import show_day
from dealtrack.cli.language import _, _n, _p, say
from dealtrack.cli.options import AsOf, CategoryNames, KnownAt, OwnerNames, PlatformNames, read_filter
from dealtrack.cli.output import check_word, print_records
from dealtrack.cli.session import Session
from dealtrack.cli.table import Cell, Column, draw_table, print_table
from dealtrack.cli.terminal import print_line
from dealtrack.cli.terms import heading
from dealtrack.core.calendar import calendar_reminder
from dealtrack.core.moments import local_day, show_moment
from dealtrack.core.standing import watch_record
from dealtrack.core.text import safe_text
from dealtrack.phrase import Phrase
from dealtrack.register.register import Register
from dealtrack.reports.digest import SECTIONS, Digest, make_digest

FORMATS = ("text", "json")
OVERDUE_KEYS = ("id", "number", "platform", "category", "owner", "clock", "due", "working_days_late")
COMING_KEYS = OVERDUE_KEYS[:-1]


def digest(
    context: typer.Context,
    platform: PlatformNames = None,
    category: CategoryNames = None,
    owner: OwnerNames = None,
    working_days_only: Annotated[bool, typer.Option("--working-days-only", help="Print nothing on rest days.")] = False,
    backups: Annotated[
        str,
        typer.Option(
            "--backups", metavar="PATH", help="Backup folder or file; adds a reminder when the last backup is old."
        ),
    ] = "",
    as_of: AsOf = "",
    known_at: KnownAt = "",
    fmt: Annotated[str, typer.Option("--format", metavar="FORMAT", help="Output format: text or json.")] = "text",
) -> None:
    """Print the daily summary; prints nothing if there is nothing to report."""
    session: Session = context.obj
    check_word(Phrase("Format"), fmt, FORMATS)
    with session.reading(as_of, known_at) as (register, view):
        query = read_filter(register, platform, category, owner)
        page = make_digest(register, query, view, Path(backups) if backups else None)
        if working_days_only and not page.morning.is_worked:
            return
        if fmt == "json":
            print_records([page.record()], fmt="json", zone=register.zone, single=True)
        elif page.says_something:
            _print_page(page, register)


def _print_page(page: Digest, register: Register) -> None:
    print_line(_summary(page, register))
    owners = page.owners()
    if owners:
        print()
        _print_owners(owners)
    for name, latenesses in page.sections.items():
        if latenesses:
            print()
            print_line(_heading(name, page, register))
            keys = OVERDUE_KEYS if name in SECTIONS[:2] else COMING_KEYS
            print_table(map(watch_record, latenesses), keys, register.zone, sys.stdout)
    reminders = list(_reminders(page, register))
    if reminders:
        print()
    for text in reminders:
        print_line(text)
    if page.head is not None:
        print()
        head = _("Journal: {count} entries. Checksum for 'dealtrack verify --head':")
        print_line(head.format(count=page.entries))
        print(safe_text(page.head))


def _summary(page: Digest, register: Register) -> str:
    zone = register.zone
    day = show_day(page.morning.day)
    hour = show_moment(page.moment, zone).partition(" ")[2]
    counts = {name: len(latenesses) for name, latenesses in page.sections.items()}
    words = {
        "newly_overdue": _("{count} newly overdue"),
        "still_overdue": _("{count} still overdue"),
        "due_today": _("{count} due today"),
        "due_next_working_day": _("{count} due by the next working day"),
    }
    parts = [text.format(count=counts[name]) for name, text in words.items() if counts[name]]
    parts = parts or [_("nothing overdue or due")]
    rest = "" if page.morning.is_worked else _(" (a rest day)")
    return _("{day} {hour}{rest}: {counts}").format(day=day, hour=hour, rest=rest, counts=_(", ").join(parts))


def _heading(name: str, page: Digest, register: Register) -> str:
    morning, zone = page.morning, register.zone
    match name:
        case "newly_overdue":
            previous = show_day(local_day(morning.since, zone))
            return _("Newly overdue, since the last working day ({day})").format(day=previous)
        case "still_overdue":
            return _("Still overdue, most overdue first")
        case "due_today":
            return _("Due today")
        case _other:
            return _("Due by the next working day ({day})").format(day=show_day(morning.following))


def _print_owners(owners: list[dict[str, object]]) -> None:
    titles = (heading("owner"), _("newly overdue"), _("still overdue"), _("due today"), _("due next day"))
    columns = [Column(title, title, right=bool(place)) for place, title in enumerate(titles)]
    rows = [
        [
            Cell(((safe_text(str(row["owner"] or _p("owner", "none"))), ""),)),
            *(Cell(((str(row[name] or ""), "red" if name in SECTIONS[:2] else ""),)) for name in SECTIONS),
        ]
        for row in owners
    ]
    draw_table(columns, rows, sys.stdout)


def _reminders(page: Digest, register: Register) -> Iterator[str]:
    if page.missing_calendar is not None:
        yield _("Reminder: {text}.").format(text=say(calendar_reminder(page.missing_calendar)))
    if page.backup is not None and page.backup.last is None:
        yield _("Reminder: there is no backup in {place}.").format(place=page.backup.place)
    elif page.backup is not None and page.backup.last is not None:
        days = (page.morning.day - local_day(page.backup.last, register.zone)).days
        age = _n("{count} day ago", "{count} days ago", days).format(count=days)
        yield _("Reminder: the last backup in {place} was made {age}, at {moment}.").format(
            place=page.backup.place, age=age, moment=show_moment(page.backup.last, register.zone)
        )
