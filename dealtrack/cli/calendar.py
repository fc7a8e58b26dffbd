"""Commands about the working calendar: a month as a grid, Monday first, and working days counted one by one."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, tzinfo
from itertools import groupby
from typing import Annotated, NamedTuple, TextIO

from dealtrack import settings
from dealtrack.cli.language import _, _n, say
from dealtrack.cli.options import Format, argument, option
from dealtrack.cli.output import FOR_PROGRAMS, print_records, print_steps, show_day, step_record
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import Paint, painter, print_line
from dealtrack.core.calendar import WEEKDAY_NAMES, Day, DayKind, HolidaySpan, WorkingCalendar, month_days
from dealtrack.core.day_times import parse_day
from dealtrack.core.explanation import count_days, name_of_day, reason
from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR, local_day
from dealtrack.core.text import display_width, pad_text, safe_text
from dealtrack.errors import BadCount, BadMonth, RegisterMissing
from dealtrack.phrase import Phrase

CalendarName = Annotated[str, option("NAME", "Another calendar: name, country code or file [default: the register's].")]


class Mark(NamedTuple):
    """How a kind of day is drawn in a month: a sign beside its number, a style, and what it means."""

    sign: str
    style: str
    meaning: str


MARKS = {
    DayKind.WEEKDAY: Mark("", "", Phrase("working day")),
    DayKind.WEEKEND: Mark("·", "dim", Phrase("weekend")),
    DayKind.HOLIDAY: Mark("休", "red", Phrase("holiday")),
    DayKind.MAKE_UP: Mark("班", "bold yellow", Phrase("working day (make-up)")),
    DayKind.AMENDED_OFF: Mark("休!", "bold magenta", Phrase("day off by amendment")),
    DayKind.AMENDED_WORKED: Mark("班!", "bold cyan", Phrase("working day by amendment")),
}
_CELL_WIDTH = 7


@contextmanager
def _calendar(session: Session, name: str) -> Iterator[tuple[WorkingCalendar, tzinfo]]:
    """Give the calendar that was named, else the register's, else, without a register, the default; and its zone."""
    if not name:
        try:
            with session.register() as register:
                yield register.calendar, register.zone
                return
        except RegisterMissing:
            if session.names_register:
                raise
    from zoneinfo import ZoneInfo

    from dealtrack.sources.calendars import load_calendar

    rules = load_calendar(name or "cn-beijing", settings.data_folder(), settings.user_folder())
    yield WorkingCalendar(rules), ZoneInfo(rules.timezone or "UTC")


def _month(text: str, today: date) -> tuple[int, int]:
    if not text:
        return today.year, today.month
    year, _, month = text.strip().partition("-")
    written = year.isdecimal() and month.isdecimal() and len(year) == 4 and len(month) <= 2
    if written and FIRST_YEAR <= int(year) <= LAST_YEAR and 1 <= int(month) <= 12:
        return int(year), int(month)
    raise BadMonth(text=text)


def show(
    session: Session,
    month: Annotated[str, argument("[MONTH]", "Month, e.g. 2016-10 [default: this month].")],
    calendar: CalendarName,
    fmt: Format,
) -> None:
    """Show a month: working days, rest days, holidays, make-up working days."""
    with _calendar(session, calendar) as (days, zone):
        grid = list(month_days(days, *_month(month, local_day(session.now, zone))))
        spans = [days.holiday_span(day.day) for day in grid]
    if fmt in FOR_PROGRAMS:
        print_records(map(_day_record, grid, spans), fmt=fmt, zone=zone)
    else:
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


def print_month(days: Iterable[Day], *, stream: TextIO | None = None) -> None:
    """Print days as month grids, Monday first, each with its legend and the days that have a name below.

    What a day is shows in a sign beside it, so that nothing hangs on colour; colours come on a terminal only.
    """
    out = sys.stdout if stream is None else stream
    paint = painter(out)
    for place, (_month, month) in enumerate(groupby(days, key=lambda day: (day.day.year, day.day.month))):
        if place:
            out.write("\n")
        out.writelines(line + "\n" for line in _month_lines(list(month), paint))


def _month_lines(days: Sequence[Day], paint: Paint) -> Iterator[str]:
    confirmed = all(day.confirmed for day in days)
    first = days[0].day
    title = paint(_("{month} {year}", month=_(first.strftime("%B")), year=first.year), "bold")
    count = _n("{count} working day", "{count} working days", sum(day.worked for day in days))
    yield f"{title}  {count}{'' if confirmed else _(', provisional: not officially published yet')}"
    yield ""
    names = map(_, WEEKDAY_NAMES)
    heads = (pad_text(" " * max(0, 4 - display_width(name)) + name, _CELL_WIDTH) for name in names)
    yield paint("".join(heads).rstrip(), "bold")
    cells = [" " * _CELL_WIDTH] * first.weekday()
    for day in days:
        text = f"{day.day.day:>4}{MARKS[day.kind].sign}{'' if day.confirmed else '?'}"
        cells.append(paint(text, MARKS[day.kind].style) + " " * (_CELL_WIDTH - display_width(text)))
    for start in range(0, len(cells), 7):
        yield "".join(cells[start : start + 7]).rstrip()
    present = [mark for kind, mark in MARKS.items() if mark.sign and any(day.kind is kind for day in days)]
    legend = [f"{mark.sign} {say(mark.meaning)}" for mark in present]
    if not confirmed:
        legend.append(f"? {_('provisional')}")
    if legend:
        yield ""
        yield paint(" " + "   ".join(legend), "dim")
    named = [day for day in days if day.name]
    if named:
        yield ""
    yield from _named_lines(named, paint)


def _named_lines(days: Sequence[Day], paint: Paint) -> Iterator[str]:
    """Yield a line for each stretch of days that share what they are, then the sources of amendments."""

    def stretch_of(place: int, day: Day) -> tuple[object, ...]:
        # Of days that follow one another the place in the list and the date go up alike.
        return day.kind, day.name, day.source, day.day.toordinal() - place

    for _key, group in groupby(enumerate(days), lambda each: stretch_of(*each)):
        stretch = [day for _place, day in group]
        first, ends = stretch[0], stretch[:: max(1, len(stretch) - 1)]
        span = "-".join(str(day.day.day) for day in ends)
        names = "-".join(_(WEEKDAY_NAMES[day.day.weekday()]) for day in ends)
        mark = MARKS[first.kind]
        text = say(reason(first) if first.kind is DayKind.MAKE_UP else name_of_day(first.name))
        sign = paint(pad_text(mark.sign, 3), mark.style)
        yield f" {span:>5}  {pad_text(names, 1 + 2 * display_width(_('Mon')))}  {sign}  {safe_text(text)}"
    amended = [day for day in days if day.kind in (DayKind.AMENDED_OFF, DayKind.AMENDED_WORKED)]
    for source in dict.fromkeys(day.source for day in amended if day.source):
        yield " " + _("Source: {source}", source=safe_text(_(source)))


def next_(
    session: Session,
    days: Annotated[str, argument("N", "Number of working days.")],
    start: Annotated[str, option("DAY", "Start date (not counted) [default: today].", "--from")],
    calendar: CalendarName,
    fmt: Format,
) -> None:
    """Count working days from a date and explain each."""
    if not (days.isascii() and days.isdigit() and len(days) <= 4 and int(days)):
        raise BadCount(text=days)
    n = int(days)
    with _calendar(session, calendar) as (working, zone):
        first = parse_day(start, session.now, zone) if start else local_day(session.now, zone)
        steps = count_days(working, first, n, working.rules.law)
        due = steps[-1].day
        provisional = not working.is_confirmed(first, due)
    if fmt in ("json", "jsonl"):
        answer = {"from": first.isoformat(), "days": n, "due": due.isoformat(), "provisional": provisional}
        print_records([{**answer, "steps": list(map(step_record, steps))}], fmt=fmt, zone=zone, single=True)
    elif fmt == "csv":
        print_steps(steps, fmt, zone=zone)
    else:
        ending = _("due {day} 24:00", day=show_day(due))
        if provisional:
            ending += "?" + _(" (provisional: the official calendar is not published yet)")
        print_line(_n("{count} working day from {day}", "{count} working days from {day}", n, day=show_day(first)))
        print_steps(steps, fmt, zone=zone)
        print_line(ending)
