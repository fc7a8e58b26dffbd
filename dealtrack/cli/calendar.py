"""Commands about the working calendar: a month as a grid, working days counted one by one, and revisions of its days.

Each revision first shows which deadlines it would move.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, tzinfo
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from dealtrack import settings
from dealtrack.cli.language import _, _n, say
from dealtrack.cli.options import Encoding, Format, argument, flag, option
from dealtrack.cli.output import FOR_PROGRAMS, print_records, print_steps, show_day, step_record
from dealtrack.cli.revisions import day_and_reason, show_revision
from dealtrack.cli.session import Session, ask, ask_to_go_on, is_agreed
from dealtrack.cli.terminal import Paint, painter, print_line, tell
from dealtrack.core.calendar import (
    WEEKDAY_NAMES,
    Day,
    DayKind,
    HolidaySpan,
    WorkingCalendar,
    month_days,
    rulings_to_data,
)
from dealtrack.core.calendar_changes import NATIONAL, Notice, change_to_data, day_in, overruled_days
from dealtrack.core.day_times import parse_day, parse_days
from dealtrack.core.explanation import count_days, name_of_day, reason
from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR, ONE_DAY, local_day
from dealtrack.core.text import clean_input, display_width, pad_text, safe_text
from dealtrack.core.vocabulary import longest
from dealtrack.errors import BAD_INPUT, BadCount, BadMonth, IssueDayUnknown, MissingValue, RegisterMissing
from dealtrack.exchange.notices import NoticeFile
from dealtrack.phrase import Phrase
from dealtrack.register.register import Register
from dealtrack.register.revisions import Layers, Plan, preview, read_layers, revise

CalendarName = Annotated[str, option("NAME", "Another calendar: name, country code or file [default: the register's].")]
Yes = Annotated[bool, flag("Apply the change without asking.")]


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


def _months(text: str, today: date) -> list[tuple[int, int]]:
    """Return the month that was typed, all of a year, or this month; raises BadMonth."""
    if not text:
        return [(today.year, today.month)]
    year, dash, month = text.strip().partition("-")
    written = year.isdecimal() and len(year) == 4 and (month.isdecimal() and len(month) <= 2 if dash else not month)
    months = range(1, 13) if written and not dash else [int(month)] if written else []
    if written and FIRST_YEAR <= int(year) <= LAST_YEAR and all(1 <= each <= 12 for each in months):
        return [(int(year), each) for each in months]
    raise BadMonth(text=text)


def show(
    session: Session,
    month: Annotated[str, argument("[MONTH]", "Month or year, e.g. 2016-10 or 2016 [default: this month].")],
    calendar: CalendarName,
    fmt: Format,
) -> None:
    """Show a month or a year: working days, rest days, holidays, make-up working days."""
    with _calendar(session, calendar) as (days, zone):
        months = [list(month_days(days, *each)) for each in _months(month, local_day(session.now, zone))]
        records = [_day_record(day, days.holiday_span(day.day)) for each in months for day in each]
    if fmt in FOR_PROGRAMS:
        print_records(records, fmt=fmt, zone=zone)
    else:
        print_months(months)


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


def print_months(months: Iterable[Sequence[Day]]) -> None:
    """Print months as grids, with an empty line between two."""
    for place, days in enumerate(months):
        lines = month_lines(days, painter(sys.stdout))
        sys.stdout.writelines(f"{line}\n" for line in ([""] if place else []) + list(lines))


def month_lines(days: Sequence[Day], paint: Paint) -> Iterator[str]:
    """Yield a month as a grid, Monday first, with its legend and the days that have a name below.

    What a day is shows in a sign beside it, so that nothing hangs on colour.
    """
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
    # Of days that follow one another the place in the list and the date go up alike.
    alike = ((day.kind, day.name, day.source, day.day.toordinal() - place) for place, day in enumerate(days))
    for _key, group in groupby(zip(alike, days, strict=True), itemgetter(0)):
        stretch = [day for _key, day in group]
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


def amend(
    session: Session,
    days: Annotated[str, argument("DAYS", "Date or range, e.g. 2027-02-08..2027-02-10.")],
    off: Annotated[bool, flag("Not working days.")],
    worked: Annotated[bool, flag("Working days.")],
    plain: Annotated[bool, flag("Use the weekday rule only; ignore holidays.")],
    official: Annotated[bool, flag("Of a year, e.g. 2027: its days as they stand are the official ones.")],
    name: Annotated[str, option("TEXT", "Name of the days, e.g. of the holiday (required, but for --official).")],
    source: Annotated[str, option("TEXT", "Notice that orders it (required).")],
    yes: Yes,
) -> None:
    """Override calendar days, or make a year official; first shows which deadlines move."""
    from dealtrack.sources.calendars import Amendment

    if off + worked + plain + official != 1:
        raise MissingValue(what="Kind of the days", option="--off, --worked, --plain or --official")
    name, source = clean_input(name, "--name", longest("holiday")), clean_input(source, "--source", longest("source"))
    if not name and not official:
        raise MissingValue(what="Name of the days", option="--name TEXT")
    if not source:
        raise MissingValue(what="Notice", option="--source TEXT")
    with session.register() as register:
        if official:
            _make_official(session, register, _year(days), source, yes)
            return
        first, last = parse_days(days, session.now, register.zone)
        span = tuple(day.day for day in register.calendar.walk(first, last))
        amendment = Amendment(name, span if off else (), span if worked else (), span if plain else (), notice=source)

        def plan() -> Plan:
            layers = read_layers(register.database)
            rulings = amendment.rulings(layers.shipped.weekend)
            detail = {"how": "amend", "name": name, "source": source, "own": {"rulings": rulings_to_data(rulings)}}
            return layers.rules(amended=rulings), detail

        _revise(session, register, plan, yes)


def _make_official(session: Session, register: Register, year: int, source: str, yes: bool) -> None:
    def plan() -> Plan:
        layers = read_layers(register.database)
        rulings = {day: ruling for day, ruling in layers.rules().rulings.items() if day.year == year}
        days = {day: (not ruling.worked, ruling.name) for day, ruling in rulings.items()}
        notice = Notice(days, frozenset({year}), source, day_in(source))
        return layers.rules(notice=notice), {"how": "amend", "source": source, "own": {"notice": notice.to_data()}}

    _revise(session, register, plan, yes)


def _year(text: str) -> int:
    """Return the year that was typed; raises BadMonth."""
    if not (text.isascii() and text.isdigit() and FIRST_YEAR <= int(text[:5]) <= LAST_YEAR):
        raise BadMonth(text=text)
    return int(text)


def import_(
    session: Session,
    file: Annotated[str, argument("FILE", "Text of the notice, web page, table or JSON; - reads standard input.")],
    year: Annotated[str, option("YEAR", "Year of a text that names none, or that a table fully covers.")],
    source: Annotated[str, option("TEXT", "Name of the notice [default: as in the file].")],
    issued: Annotated[str, option("DAY", "Date of issue; a later notice prevails.")],
    scope: Annotated[str, option("TEXT", "Area of the notice if not nationwide; the narrower prevails.")],
    encoding: Encoding,
    yes: Yes,
) -> None:
    """Import an official notice into the calendar; first shows its months and which deadlines move."""
    from dealtrack.exchange.notices import read_notice

    of_year = _year(year) if year else None
    with session.register() as register:
        read = read_notice(file, of_year, lambda day: register.calendar.next_working(day + ONE_DAY) - ONE_DAY, encoding)
        notice = _confirmed(session, read, ask=not yes)
        source = clean_input(source, "--source", longest("source")) or notice.source or Path(file).name
        scope = clean_input(scope, "--scope", longest("scope")) or notice.scope
        day = parse_day(issued, session.now, register.zone).isoformat() if issued else notice.issued or day_in(source)
        is_partial = bool(register.calendar.rules.region) and scope.casefold() in NATIONAL
        notice = notice._replace(source=source, issued=day, scope=scope, is_partial=is_partial)
        layers = read_layers(register.database)
        notice = _with_issue(session, register.zone, layers, notice)
        for ruled, ruling in overruled_days(layers.rules(notice=notice), notice):
            words = day_and_reason(ruled, ruling)
            print_line(_("{day}: remains a {told}, despite this notice", day=show_day(ruled), told=words))

        def plan() -> Plan:
            detail = {"how": "import", "name": Path(file).name, "source": source, "own": {"notice": notice.to_data()}}
            return read_layers(register.database).rules(notice=notice), detail

        if not _revise(session, register, plan, yes, of_notice=notice):
            raise typer.Exit(BAD_INPUT)
        for each in sorted(notice.years - register.calendar.rules.official):
            tell(
                _(
                    "{year} stays provisional: {region} issues a notice of its own. Once it is in the calendar too, "
                    "run 'dealtrack calendar amend {year} --official --source NOTICE'.",
                    year=each,
                    region=_(register.calendar.rules.region),
                )
            )


def _confirmed(session: Session, read: NoticeFile, *, ask: bool) -> Notice:
    """Return the notice of a file; a person is asked what the file leaves open, or else it is said.

    Raises typer.Abort where somebody does not agree.
    """
    for clause in read.alone:
        print_line(_("“{clause}” rests on this statement alone: nothing else in the file confirms it", clause=clause))
        if ask and session.asks:
            ask_to_go_on(_("Is it right?"))
    notice, year = read.notice, read.may_cover
    if year is not None and ask and session.asks:
        if is_agreed(_("Does the file cover the whole of {year}?", year=year)):
            notice = notice._replace(years=frozenset({year}))
    elif year is not None:
        tell(
            _(
                "The other days of {year} stay as they are; if the file covers the whole year, add --year {year}.",
                year=year,
            )
        )
    return notice


def _with_issue(session: Session, zone: tzinfo, layers: Layers, notice: Notice) -> Notice:
    """Return a notice with its issue day, asked for where it counts; raises IssueDayUnknown or IssueDaysEqual."""
    try:
        layers.rules(notice=notice)
    except IssueDayUnknown as error:
        if notice.issued or not session.asks or error.values["notice"] != notice.source:
            raise
        tell(say(error))
        day = parse_day(ask(_("Date of issue"), None), session.now, zone)
        return notice._replace(issued=day.isoformat())
    return notice


def refresh(
    session: Session, drop_own: Annotated[bool, flag("Discard days amended or imported in this register.")], yes: Yes
) -> None:
    """Reload the bundled calendar after an upgrade; first shows which deadlines move."""
    from dealtrack.sources.calendars import load_calendar

    with session.register() as register:
        shipped = load_calendar(register.calendar.rules.name, settings.data_folder(), settings.user_folder())

        def plan() -> Plan:
            layers = read_layers(register.database)
            detail = {"how": "refresh", "name": shipped.name, "source": shipped.source, "dropped_own": drop_own}
            detail["shipped"] = change_to_data(layers.shipped, shipped)
            return (shipped if drop_own else layers.rules(shipped)), detail

        _revise(session, register, plan, yes)


def _revise(
    session: Session, register: Register, plan: Callable[[], Plan], yes: bool, of_notice: Notice | None = None
) -> bool:
    """Show what a plan changes, and revise the calendar by it where it may; return False for a preview alone.

    Of a notice the months in which it changes a day are shown too.
    """
    revision = preview(register, plan()[0])
    if of_notice is not None and revision.days:
        changed = sorted({(day.year, day.month) for day in revision.days})
        print_months([list(month_days(revision.after, *month)) for month in changed])
        print_line(_("Source: {source}", source=safe_text(of_notice.source)))
        if of_notice.scope:
            print_line(_("Area: {scope}", scope=safe_text(of_notice.scope)))
    show_revision(revision, register)
    if revision.is_empty:
        print(_("the calendar is unchanged"))
        return True
    may_apply = session.may_apply(_("Revise the calendar?"), yes)
    if may_apply:
        with session.recording(register) as recorder:
            done = revise(recorder, plan, revision)
        line = _("calendar revision {revision}: {days} changed, {deadlines} moved")
        days = _n("{count} day", "{count} days", len(done.days))
        deadlines = _n("{count} deadline", "{count} deadlines", len(done.moved))
        print_line(line.format(revision=register.revision, days=days, deadlines=deadlines))
    return may_apply
