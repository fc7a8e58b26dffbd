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
from dealtrack.cli.language import _, _n, say, say_field
from dealtrack.cli.options import Format, argument, flag, option
from dealtrack.cli.output import FOR_PROGRAMS, due_text, print_records, print_steps, show_day, step_record
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import Paint, painter, print_line, tell
from dealtrack.core.calendar import (
    WEEKDAY_NAMES,
    Day,
    DayKind,
    HolidaySpan,
    Ruling,
    WorkingCalendar,
    month_days,
    rulings_to_data,
)
from dealtrack.core.calendar_changes import Notice, change_to_data, day_in, overruled_days
from dealtrack.core.day_times import parse_day, parse_days
from dealtrack.core.explanation import count_days, name_of_day, reason
from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR, local_day
from dealtrack.core.policy import Roll
from dealtrack.core.text import clean_input, display_width, pad_text, safe_text
from dealtrack.core.vocabulary import longest
from dealtrack.errors import BadCount, BadMonth, IssueDayUnknown, MissingValue, RegisterMissing
from dealtrack.phrase import Phrase, listed
from dealtrack.register.register import Register
from dealtrack.register.revisions import MovedClock, OtherVerdict, Plan, Revision, preview, read_layers, revise

CalendarName = Annotated[str, option("NAME", "Another calendar: name, country code or file [default: the register's].")]
SHOWN = 20
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
        sys.stdout.writelines(f"{line}\n" for line in month_lines(grid, painter(sys.stdout)))


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
    name: Annotated[str, option("TEXT", "Name of the days, e.g. of the holiday (required).")],
    source: Annotated[str, option("TEXT", "Notice that orders it (required).")],
    yes: Yes,
) -> None:
    """Override calendar days; first shows which deadlines move."""
    from dealtrack.sources.calendars import Amendment

    if off + worked + plain != 1:
        raise MissingValue(what="Kind of the days", option="--off, --worked or --plain")
    name, source = clean_input(name, "--name", longest("holiday")), clean_input(source, "--source", longest("source"))
    if not name:
        raise MissingValue(what="Name of the days", option="--name TEXT")
    if not source:
        raise MissingValue(what="Notice", option="--source TEXT")
    with session.register() as register:
        first, last = parse_days(days, session.now, register.zone)
        span = tuple(day.day for day in register.calendar.walk(first, last))
        amendment = Amendment(name, span if off else (), span if worked else (), span if plain else (), notice=source)

        def plan() -> Plan:
            layers = read_layers(register.connection)
            rulings = amendment.rulings(layers.shipped.weekend)
            detail = {"how": "amend", "name": name, "source": source, "own": {"rulings": rulings_to_data(rulings)}}
            return layers.rules(amended=rulings), detail

        _revise(session, register, plan, yes)


def import_(
    session: Session,
    file: Annotated[str, argument("FILE", "Notice as yearly JSON, or CSV with date, name, isOffDay.")],
    year: Annotated[str, option("YEAR", "Year this file fully covers; marks it official.")],
    source: Annotated[str, option("TEXT", "Name of the notice [default: as in the file].")],
    issued: Annotated[str, option("DAY", "Date of issue; a later notice prevails.")],
    scope: Annotated[str, option("TEXT", "Area of the notice if not nationwide; the narrower prevails.")],
    yes: Yes,
) -> None:
    """Import an official notice into the calendar; first shows which deadlines move."""
    from dealtrack.sources.notices import read_notice

    if year and not (year.isascii() and year.isdigit() and FIRST_YEAR <= int(year[:5]) <= LAST_YEAR):
        raise BadMonth(text=year)
    notice = read_notice(Path(file), [int(year)] if year else [])
    source = clean_input(source, "--source", longest("source")) or notice.source or Path(file).name
    scope = clean_input(scope, "--scope", longest("scope"))
    with session.register() as register:
        day = parse_day(issued, session.now, register.zone).isoformat() if issued else notice.issued or day_in(source)
        notice = notice._replace(source=source, issued=day, scope=scope)
        notice = _with_issue(session, register, notice)
        for ruled, ruling in overruled_days(read_layers(register.connection).rules(notice=notice), notice):
            words = _reason(ruled, ruling)
            print_line(_("{day}: remains a {told}, despite this notice", day=show_day(ruled), told=words))

        def plan() -> Plan:
            detail = {"how": "import", "name": Path(file).name, "source": source, "own": {"notice": notice.to_data()}}
            return read_layers(register.connection).rules(notice=notice), detail

        _revise(session, register, plan, yes)


def _with_issue(session: Session, register: Register, notice: Notice) -> Notice:
    """Return a notice with its issue day, asked for where it counts; raises IssueDayUnknown or IssueDaysEqual."""
    try:
        read_layers(register.connection).rules(notice=notice)
    except IssueDayUnknown as error:
        if notice.issued or not session.asks or error.values["notice"] != notice.source:
            raise
        tell(say(error))
        day = parse_day(str(typer.prompt(_("Date of issue?"), err=True)), session.now, register.zone)
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
            layers = read_layers(register.connection)
            detail = {"how": "refresh", "name": shipped.name, "source": shipped.source, "dropped_own": drop_own}
            detail["shipped"] = change_to_data(layers.shipped, shipped)
            return (shipped if drop_own else layers.rules(shipped)), detail

        _revise(session, register, plan, yes)


def _revise(session: Session, register: Register, plan: Callable[[], Plan], yes: bool) -> None:
    revision = preview(register, plan()[0])
    _show(revision, register)
    if revision.is_empty:
        print(_("the calendar is unchanged"))
        return
    if session.may_apply(_("Revise the calendar?"), yes):
        with session.recording(register) as recorder:
            done = revise(recorder, plan, revision)
        line = _("calendar revision {revision}: {days} changed, {deadlines} moved")
        days = _n("{count} day", "{count} days", len(done.days))
        deadlines = _n("{count} deadline", "{count} deadlines", len(done.moved))
        print_line(line.format(revision=register.revision, days=days, deadlines=deadlines))


def _show(revision: Revision, register: Register) -> None:
    official, revised = revision.before.rules.official, revision.after.rules.official
    for day in revision.days:
        before, after = (_reason(day, calendar.rules.ruling(day)) for calendar in (revision.before, revision.after))
        print_line(f"{show_day(day)}{_(': ')}{before} -> {after}")
    _show_rolled(revision, register)
    if count := revision.renamed:
        print_line(_n("name or source of {count} day changes", "name or source of {count} days change", count))
    if years := sorted(revised - official):
        print_line(_("{years}: now official", years=say(listed(map(str, years)))))
    if years := sorted(official - revised):
        print_line(_("{years}: no longer official", years=say(listed(map(str, years)))))
    show_moved(revision.moved, register.zone)
    show_otherwise(revision.otherwise)


def show_moved(changes: Iterable[MovedClock], zone: tzinfo) -> None:
    """Print the clocks whose deadlines move, then those no longer counted, then those counted from now on."""
    gone = _("complaint {id} {clock}: was due {moment}, no longer counted")
    new = _("complaint {id} {clock}: now counted, due {moment}")
    for id_, before, after in sorted(changes, key=lambda change: (change.before is None, change.after is None)):
        if before and after:
            show_replaced(id_, after.name, due_text(before, zone), due_text(after, zone))
        elif clock := before or after:
            line = gone if before else new
            print_line(line.format(id=id_, clock=_(clock.name), moment=due_text(clock, zone)))


def show_replaced(id_: int, clock: str, before: str, after: str) -> None:
    """Print what was said of a complaint's clock, and what is said of it now."""
    print_line(_("complaint {id} {clock}: {before} -> {after}", id=id_, clock=_(clock), before=before, after=after))


def verdicts_of(change: OtherVerdict) -> tuple[str, str]:
    """Return the verdict of an ended clock, and the one that it would have now."""
    after = say_field("verdict", change.verdict_after) if change.verdict_after else _("no deadline")
    return say_field("verdict", change.verdict_before), after


def show_otherwise(otherwise: Sequence[OtherVerdict]) -> None:
    """Print the first ended clocks that would now be judged otherwise, and how many more there are."""
    for change in otherwise[:SHOWN]:
        line = _(
            "complaint {id} {clock}: ended {verdict}, would now be {other}; its status stands ('dealtrack "
            "recheck --include-closed' re-evaluates it)"
        )
        verdict, other = verdicts_of(change)
        print_line(line.format(id=change.complaint.id, clock=_(change.after.name), verdict=verdict, other=other))
    if (more := len(otherwise) - SHOWN) > 0:
        ended = _n("{count} ended deadline", "{count} ended deadlines", more)
        print_line(_("... and {count} more", count=ended))


def _show_rolled(revision: Revision, register: Register) -> None:
    """Show the rest days of other holidays: each where a policy asks and its year is published, else how many."""
    rules = (rule for versions in register.policies.values() for policy in versions for rule in policy.clocks)
    is_asked = any(rule.roll is Roll.AFTER_STATUTORY_HOLIDAY for rule in rules)
    shown = [day for day in revision.rolled if is_asked and day.year in revision.before.rules.official]
    for day in shown:
        before, after = (show_day(calendar.after_holiday(day)) for calendar in (revision.before, revision.after))
        days = {"day": show_day(day), "before": before, "after": after}
        text = _("{day}, in no holiday: a period ending there is due {before} -> {after}")
        if span := revision.after.holiday_span(day):
            text = _("{day}, in the holiday from {first} to {last}: a period ending there is due {before} -> {after}")
            days |= {"first": show_day(span[0]), "last": show_day(span[1])}
        print_line(text.format(**days))
    if count := len(revision.rolled) - len(shown):
        text = _n(
            "{count} more rest day belongs to a different holiday; no deadline is affected so far",
            "{count} more rest days belong to different holidays; no deadline is affected so far",
            count,
        )
        print_line(text)


def _reason(day: date, ruling: Ruling) -> str:
    word = _("working day") if ruling.worked else _("day off")
    text = say(reason(Day(day, ruling.worked, ruling.kind, ruling.name, ruling.source, True)))
    return word if text == word else _("{word} ({reason})", word=word, reason=text)
