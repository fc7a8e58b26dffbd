"""Commands that revise the register's calendar; each first shows what it would move."""

import sys
from collections.abc import Callable, Iterable
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any

import typer

from dealtrack import settings
from dealtrack.cli.consent import is_agreed
from dealtrack.cli.language import _, _n, say
from dealtrack.cli.sentences import due_text, show_day
from dealtrack.cli.session import Session
from dealtrack.cli.wrapping import tell
from dealtrack.core.calendar import CalendarRules, Day, Ruling, reason
from dealtrack.core.calendar_changes import change_to_data
from dealtrack.core.moments import parse_days
from dealtrack.core.text import clean_input, safe_text
from dealtrack.errors import BadMonth, MissingValue
from dealtrack.phrase import listed
from dealtrack.register.register import Register
from dealtrack.register.revising import Revision, preview, revise, with_own_changes

SHOWN = 20
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without it, only show what would change, or ask.")]


def amend(
    context: typer.Context,
    span: Annotated[str, typer.Argument(metavar="DAYS", help="A day, or a span as 2027-02-08..2027-02-10.")],
    off: Annotated[bool, typer.Option("--off", help="The days are not worked.")] = False,
    worked: Annotated[bool, typer.Option("--worked", help="The days are worked.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="The weekday rule alone holds for the days.")] = False,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What the days are called.")] = "",
    source: Annotated[str, typer.Option("--source", metavar="TEXT", help="The notice that says so.")] = "",
    yes: Yes = False,
) -> None:
    """Rule days of the calendar otherwise; shows first which deadlines move."""
    from dealtrack.sources.calendars import Amendment
    from dealtrack.sources.calendars import amend as amended

    session: Session = context.obj
    if off + worked + plain != 1:
        raise MissingValue(what="What the days are", option="one of --off, --worked and --plain")
    name, source = clean_input(name, "--name", 200), clean_input(source, "--source", 1000)
    if not name:
        raise MissingValue(what="What the days are called", option="--name TEXT")
    if not source:
        raise MissingValue(what="The notice that says so", option="--source TEXT")
    with session.register() as register:
        first, last = parse_days(span, session.now, register.zone)
        days = tuple(_days_of(register, first, last))
        amendment = Amendment(name, days if off else (), days if worked else (), days if plain else (), notice=source)

        def change(rules: CalendarRules) -> CalendarRules:
            return amended(rules, [amendment])

        _revise(session, register, change, {"how": "amend", "name": name, "source": source}, yes, own=True)


def _days_of(register: Register, first: Any, last: Any) -> Iterable[Any]:
    return (day.day for day in register.calendar.walk(first, last))


def import_(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The yearly JSON of a notice, or CSV: date, name, isOffDay.")
    ],
    year: Annotated[
        str, typer.Option("--year", metavar="YEAR", help="The year of which a CSV file is the whole official word.")
    ] = "",
    source: Annotated[str, typer.Option("--source", metavar="TEXT", help="The notice [the file's own words].")] = "",
    yes: Yes = False,
) -> None:
    """Take an official notice into the calendar; shows first which deadlines move."""
    from dealtrack.sources.notices import apply_notice, read_notice

    session: Session = context.obj
    if year and not (year.isascii() and year.isdigit() and 1970 <= int(year[:5]) <= 2100):
        raise BadMonth(text=year)
    notice = read_notice(Path(file), [int(year)] if year else [])
    told = clean_input(source, "--source", 1000) or ", ".join(notice.papers) or Path(file).name
    with session.register() as register:

        def change(rules: CalendarRules) -> CalendarRules:
            return apply_notice(rules, notice, told)

        _revise(session, register, change, {"how": "import", "name": Path(file).name, "source": told}, yes, own=True)


def refresh(
    context: typer.Context,
    drop_own: Annotated[
        bool, typer.Option("--drop-own", help="Drop what this register's clerks amended or imported themselves.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Take in what an upgrade of dealtrack or of the holidays package says anew; shows first which deadlines move."""
    from dealtrack.sources.calendars import load_calendar

    session: Session = context.obj
    with session.register() as register:
        shipped = load_calendar(register.facts["calendar"], settings.data_folder(), settings.user_folder())

        def change(rules: CalendarRules) -> CalendarRules:
            return shipped if drop_own else with_own_changes(register, shipped)

        told = {"how": "refresh", "name": shipped.name, "source": shipped.source}
        _revise(session, register, change, told, yes, own=False)


def _revise(
    session: Session,
    register: Register,
    change: Callable[[CalendarRules], CalendarRules],
    told: dict[str, Any],
    yes: bool,
    own: bool,
) -> None:
    old = register.calendar_rules()
    new = change(old)
    if own:
        told["own"] = change_to_data(old, new)
    revision = preview(register, new)
    _show(revision, register.zone, register)
    if revision.is_empty:
        print(_("the calendar stays as it is"))
        return
    if not yes and not session.asks:
        tell(f"dealtrack: {_('nothing was changed; --yes does it')}")
        return
    if not yes and not is_agreed(_("Revise the calendar?")):
        raise typer.Abort
    done = revise(register, new, told, session.now, session.actor, revision)
    line = _("calendar revision {revision}: {days}, {deadlines} moved")
    days, deadlines = _count_days(len(done.days)), _count_deadlines(len(done.moved))
    tell(line.format(revision=register.revision, days=days, deadlines=deadlines), sys.stdout)


def _count_days(count: int) -> str:
    return _n("{count} day", "{count} days", count).format(count=count)


def _count_deadlines(count: int) -> str:
    return _n("{count} deadline", "{count} deadlines", count).format(count=count)


def _count_ended(count: int) -> str:
    return _n("{count} ended clock", "{count} ended clocks", count).format(count=count)


def _show(revision: Revision, zone: tzinfo, register: Register) -> None:
    for change in revision.days[:SHOWN]:
        before, after = _reason(change.day, change.before), _reason(change.day, change.after)
        tell(safe_text(f"{show_day(change.day)}: {before} -> {after}"), sys.stdout)
    _more(len(revision.days), _count_days)
    for years, line in (
        (revision.made_official, _("{years}: now official")),
        (revision.no_longer_official, _("{years}: now no longer official")),
    ):
        if years:
            print(line.format(years=say(listed(map(str, years)))))
    for moved in revision.moved[:SHOWN]:
        line = _("complaint {id} {clock}: {before} -> {after}")
        before, after = due_text(moved.before, zone), due_text(moved.after, zone)
        tell(line.format(id=moved.complaint, clock=_(moved.after.name), before=before, after=after), sys.stdout)
    _more(len(revision.moved), _count_deadlines)
    for clock in revision.otherwise[:SHOWN]:
        line = _(
            "complaint {id} {clock}: ended {verdict}, would now be {other}; "
            "its verdict stands ('dealtrack recheck --include-closed' judges anew)"
        )
        verdict, other = _(clock.stands), _(clock.would_be)
        tell(line.format(id=clock.complaint.id, clock=_(clock.after.name), verdict=verdict, other=other), sys.stdout)
    _more(len(revision.otherwise), _count_ended)


def _more(count: int, counted: Callable[[int], str]) -> None:
    if count > SHOWN:
        print(_("... and {count} more").format(count=counted(count - SHOWN)))


def _reason(day: Any, ruling: Ruling) -> str:
    word = _("worked") if ruling.worked else _("off")
    told = reason(Day(day, ruling.worked, ruling.kind, ruling.name, ruling.source, True, 0))
    return f"{word} ({say(told)})"
