"""Commands that revise the register's calendar; each first shows which deadlines it would move."""

import sys
from collections.abc import Callable, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from dealtrack import settings
from dealtrack.cli.describe import due_text, show_day
from dealtrack.cli.language import _, _n, say
from dealtrack.cli.session import Session, is_agreed
from dealtrack.cli.terminal import print_line, tell, warn
from dealtrack.cli.terms import say_field
from dealtrack.core.calendar import CalendarRules, Day, Ruling, reason, rulings_to_data
from dealtrack.core.calendar_changes import Notice, change_to_data, day_in, overruled_days
from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR, parse_day, parse_days
from dealtrack.core.policy import Roll
from dealtrack.core.text import clean_input
from dealtrack.core.vocabulary import longest
from dealtrack.errors import BadMonth, IssueDayUnknown, MissingValue
from dealtrack.phrase import listed
from dealtrack.register.calendar_revision import OtherVerdict, Plan, Revision, preview, read_layers, revise
from dealtrack.register.register import Register

SHOWN = 20
Yes = Annotated[bool, Option("--yes", help="Apply the change without asking.")]


def amend(
    context: typer.Context,
    span: Annotated[str, Argument(metavar="DAYS", help="Date or range, e.g. 2027-02-08..2027-02-10.")],
    off: Annotated[bool, Option("--off", help="Not working days.")] = False,
    worked: Annotated[bool, Option("--worked", help="Working days.")] = False,
    plain: Annotated[bool, Option("--plain", help="Use the weekday rule only; ignore holidays.")] = False,
    name: Annotated[str, Option(metavar="TEXT", help="Name of the days, e.g. of the holiday (required).")] = "",
    source: Annotated[str, Option(metavar="TEXT", help="Notice that orders it (required).")] = "",
    yes: Yes = False,
) -> None:
    """Override calendar days; first shows which deadlines move."""
    from dealtrack.sources.calendar_files import Amendment

    session: Session = context.obj
    if off + worked + plain != 1:
        raise MissingValue(what="Kind of the days", option="--off, --worked or --plain")
    name, source = clean_input(name, "--name", longest("holiday")), clean_input(source, "--source", longest("source"))
    if not name:
        raise MissingValue(what="Name of the days", option="--name TEXT")
    if not source:
        raise MissingValue(what="Notice", option="--source TEXT")
    with session.register() as register:
        first, last = parse_days(span, session.now, register.zone)
        days = tuple(day.day for day in register.calendar.walk(first, last))
        amendment = Amendment(name, days if off else (), days if worked else (), days if plain else (), notice=source)

        def plan() -> Plan:
            layers = read_layers(register.connection)
            rulings = amendment.rulings(layers.shipped.weekend)
            detail = {"how": "amend", "name": name, "source": source, "own": {"rulings": rulings_to_data(rulings)}}
            return layers.rules(amended=rulings), detail

        _revise(session, register, plan, yes)


def import_(
    context: typer.Context,
    file: Annotated[str, Argument(metavar="FILE", help="Notice as yearly JSON, or CSV with date, name, isOffDay.")],
    year: Annotated[str, Option(metavar="YEAR", help="Year this file fully covers; marks it official.")] = "",
    source: Annotated[str, Option(metavar="TEXT", help="Name of the notice [default: as in the file].")] = "",
    issued: Annotated[str, Option(metavar="DAY", help="Date of issue; a later notice prevails.")] = "",
    scope: Annotated[
        str, Option(metavar="TEXT", help="Area of the notice if not nationwide; the narrower prevails.")
    ] = "",
    yes: Yes = False,
) -> None:
    """Import an official notice into the calendar; first shows which deadlines move."""
    from dealtrack.sources.notices import read_notice

    session: Session = context.obj
    if year and not (year.isascii() and year.isdigit() and FIRST_YEAR <= int(year[:5]) <= LAST_YEAR):
        raise BadMonth(text=year)
    notice = read_notice(Path(file), [int(year)] if year else [])
    source = clean_input(source, "--source", longest("source")) or notice.source or Path(file).name
    scope = clean_input(scope, "--scope", longest("scope"))
    with session.register() as register:
        day = parse_day(issued, session.now, register.zone).isoformat() if issued else notice.issued or day_in(source)
        notice = notice._replace(source=source, issued=day, scope=scope)
        rules, notice = _with_issue(session, register, notice)
        for ruled, ruling in overruled_days(rules, notice):
            text = _("{day}: remains a {told}, despite this notice")
            print_line(text.format(day=show_day(ruled), told=_reason(ruled, ruling)))

        def plan() -> Plan:
            detail = {"how": "import", "name": Path(file).name, "source": source, "own": {"notice": notice.to_data()}}
            return read_layers(register.connection).rules(notice=notice), detail

        _revise(session, register, plan, yes)


def _with_issue(session: Session, register: Register, notice: Notice) -> tuple[CalendarRules, Notice]:
    """Return the calendar with a notice, and the notice; on a terminal its day of issue is asked for where it counts.

    Raises IssueDayUnknown or IssueDaysEqual.
    """
    layers = read_layers(register.connection)
    try:
        return layers.rules(notice=notice), notice
    except IssueDayUnknown as error:
        if notice.issued or not session.asks or error.values["notice"] != notice.source:
            raise
        tell(say(error), sys.stderr)
        text = str(typer.prompt(_("Date of issue?"), err=True))
        day = parse_day(text, session.now, register.zone)
    notice = notice._replace(issued=day.isoformat())
    return layers.rules(notice=notice), notice


def refresh(
    context: typer.Context,
    drop_own: Annotated[bool, Option("--drop-own", help="Discard days amended or imported in this register.")] = False,
    yes: Yes = False,
) -> None:
    """Reload the bundled calendar after an upgrade; first shows which deadlines move."""
    from dealtrack.sources.calendars import load_calendar

    session: Session = context.obj
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
    _show(revision, register.zone, register)
    if revision.is_empty:
        print(_("the calendar is unchanged"))
        return
    if not yes and not session.asks:
        warn(_("Preview only. Re-run with --yes to apply."))
        return
    if not yes and not is_agreed(_("Revise the calendar?")):
        raise typer.Abort
    with session.recording(register) as recorder:
        done = revise(recorder, plan, revision)
    line = _("calendar revision {revision}: {days} changed, {deadlines} moved")
    days = _n("{count} day", "{count} days", len(done.days)).format(count=len(done.days))
    deadlines = _n("{count} deadline", "{count} deadlines", len(done.moved)).format(count=len(done.moved))
    print_line(line.format(revision=register.revision, days=days, deadlines=deadlines))


def _show(revision: Revision, zone: tzinfo, register: Register) -> None:
    for change in revision.days:
        before, after = _reason(change.day, change.before), _reason(change.day, change.after)
        print_line(f"{show_day(change.day)}{_(': ')}{before} -> {after}")
    _show_rolled(revision, register)
    if revision.renamed:
        count = revision.renamed
        text = _n("name or source of {count} day changes", "name or source of {count} days change", count)
        print_line(text.format(count=count))
    for years, line in (
        (revision.made_official, _("{years}: now official")),
        (revision.no_longer_official, _("{years}: no longer official")),
    ):
        if years:
            print_line(line.format(years=say(listed(map(str, years)))))
    for moved in revision.moved:
        line = _("complaint {id} {clock}: {before} -> {after}")
        before, after = due_text(moved.before, zone), due_text(moved.after, zone)
        print_line(line.format(id=moved.complaint, clock=_(moved.after.name), before=before, after=after))
    show_otherwise(revision.otherwise)


def show_otherwise(otherwise: Sequence[OtherVerdict]) -> None:
    """Print the first ended clocks that would now be judged otherwise, and how many more there are."""
    for clock in otherwise[:SHOWN]:
        line = _(
            "complaint {id} {clock}: ended {verdict}, would now be {other}; its status stands ('dealtrack "
            "recheck --include-closed' re-evaluates it)"
        )
        verdict = say_field("verdict", clock.stands)
        other = say_field("verdict", clock.would_be) if clock.would_be else _("no deadline")
        print_line(line.format(id=clock.complaint.id, clock=_(clock.after.name), verdict=verdict, other=other))
    if (more := len(otherwise) - SHOWN) > 0:
        ended = _n("{count} ended deadline", "{count} ended deadlines", more).format(count=more)
        print_line(_("... and {count} more").format(count=ended))


def _show_rolled(revision: Revision, register: Register) -> None:
    """Show the rest days of other holidays: each where a policy asks and its year is published, else how many."""
    rules = (rule for versions in register.policies.values() for policy in versions for rule in policy.clocks)
    is_asked = any(rule.roll is Roll.AFTER_STATUTORY_HOLIDAY for rule in rules)
    official = register.calendar_rules().official
    shown = [change for change in revision.rolled if is_asked and change.day.year in official]
    for change in shown:
        days = {"day": show_day(change.day), "before": show_day(change.before), "after": show_day(change.after)}
        if change.span:
            text = _("{day}, in the holiday from {first} to {last}: a period ending there is due {before} -> {after}")
            days |= {"first": show_day(change.span[0]), "last": show_day(change.span[1])}
        else:
            text = _("{day}, in no holiday: a period ending there is due {before} -> {after}")
        print_line(text.format(**days))
    if count := len(revision.rolled) - len(shown):
        text = _n(
            "{count} more rest day belongs to a different holiday; no deadline is affected so far",
            "{count} more rest days belong to different holidays; no deadline is affected so far",
            count,
        )
        print_line(text.format(count=count))


def _reason(day: Any, ruling: Ruling) -> str:
    word = _("working day") if ruling.worked else _("day off")
    text = say(reason(Day(day, ruling.worked, ruling.kind, ruling.name, ruling.source, True)))
    return word if text == word else _("{word} ({reason})").format(word=word, reason=text)
