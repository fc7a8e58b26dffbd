"""Commands about the working calendar."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, tzinfo
from typing import Annotated

import typer
from typer import Argument, Option

from dealtrack import settings
from dealtrack.cli.describe import show_day
from dealtrack.cli.language import _, _n
from dealtrack.cli.options import CalendarName, Format
from dealtrack.cli.output import FOR_PROGRAMS, check_format, print_records, print_steps, step_record
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import print_line
from dealtrack.core.calendar import Day, HolidaySpan, WorkingCalendar, month_days, reason
from dealtrack.core.explanation import count_days
from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR, local_day, parse_day
from dealtrack.errors import BadCount, BadMonth, RegisterMissing

DEFAULT = "cn-beijing"


@contextmanager
def _calendar(session: Session, name: str) -> Iterator[tuple[WorkingCalendar, tzinfo, str]]:
    """Give the calendar that was named, else the register's, else the default where there is no register.

    With it come its time zone and the law that it cites.
    """
    from zoneinfo import ZoneInfo

    if not name:
        try:
            with session.register() as register:
                yield register.calendar, register.zone, register.calendar.rules.law
                return
        except RegisterMissing:
            if session.names_register:
                raise
    from dealtrack.sources.calendars import load_calendar

    rules = load_calendar(name or DEFAULT, settings.data_folder(), settings.user_folder())
    yield WorkingCalendar(rules), ZoneInfo(rules.timezone or "UTC"), rules.law


def _month(text: str, today: date) -> tuple[int, int]:
    if not text:
        return today.year, today.month
    year, _, month = text.strip().partition("-")
    written = year.isdecimal() and month.isdecimal() and len(year) == 4 and len(month) <= 2
    if written and FIRST_YEAR <= int(year) <= LAST_YEAR and 1 <= int(month) <= 12:
        return int(year), int(month)
    raise BadMonth(text=text)


def show(
    context: typer.Context,
    month: Annotated[str, Argument(metavar="[MONTH]", help="Month, e.g. 2016-10 [default: this month].")] = "",
    calendar: CalendarName = "",
    fmt: Format = "",
) -> None:
    """Show a month: working days, rest days, holidays, make-up working days."""
    session: Session = context.obj
    check_format(fmt)
    with _calendar(session, calendar) as (days, zone, _law):
        year, number = _month(month, local_day(session.now, zone))
        grid = list(month_days(days, year, number))
        spans = {day.day: days.holiday_span(day.day) for day in grid}
    if fmt in FOR_PROGRAMS:
        print_records((_day_record(day, spans[day.day]) for day in grid), fmt=fmt, zone=zone)
    else:
        from dealtrack.cli.month import print_month

        print_month(grid)


def _day_record(day: Day, span: HolidaySpan) -> dict[str, object]:
    return {
        "day": day.day.isoformat(),
        "worked": day.worked,
        "kind": day.kind.value,
        "reason": reason(day),
        "source": day.source,
        "confirmed": day.confirmed,
        "holiday": "/".join(map(str, span)) or None,
    }


def next_(
    context: typer.Context,
    days: Annotated[str, Argument(metavar="N", help="Number of working days.")],
    start: Annotated[str, Option("--from", metavar="DAY", help="Start date (not counted) [default: today].")] = "",
    calendar: CalendarName = "",
    fmt: Format = "",
) -> None:
    """Count working days from a date and explain each."""
    session: Session = context.obj
    check_format(fmt)
    if not (days.isascii() and days.isdigit() and len(days) <= 4 and int(days)):
        raise BadCount(text=days)
    n = int(days)
    with _calendar(session, calendar) as (working, zone, law):
        first = parse_day(start, session.now, zone) if start else local_day(session.now, zone)
        steps = count_days(working, first, n, law)
        due = steps[-1].day
        provisional = not working.is_confirmed(first, due)
    if fmt in ("json", "jsonl"):
        answer = {
            "from": first.isoformat(),
            "days": n,
            "due": due.isoformat(),
            "provisional": provisional,
            "steps": [step_record(step) for step in steps],
        }
        print_records([answer], fmt=fmt, zone=zone, single=True)
        return
    ending = _("due {day} 24:00").format(day=show_day(due))
    if provisional:
        ending += "?" + _(" (provisional: the official calendar is not published yet)")
    if fmt == "csv":
        print_steps(steps, fmt, zone=zone)
        return
    counted = _n("{count} working day from {day}", "{count} working days from {day}", n)
    print_line(counted.format(count=n, day=show_day(first)))
    print_steps(steps, fmt, zone=zone)
    print_line(ending)
