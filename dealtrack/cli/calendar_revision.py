"""Commands that revise the register's calendar; each first shows which deadlines it would move."""

from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any

import typer

from dealtrack import settings
from dealtrack.cli.language import _, _n, say, say_field
from dealtrack.cli.options import argument, flag, option
from dealtrack.cli.output import due_text, show_day
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import print_line, tell
from dealtrack.core.calendar import CalendarRules, Day, Ruling, rulings_to_data
from dealtrack.core.calendar_changes import Notice, change_to_data, day_in, overruled_days
from dealtrack.core.clocks import Clock
from dealtrack.core.day_times import parse_day, parse_days
from dealtrack.core.explanation import reason
from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR
from dealtrack.core.policy import Roll
from dealtrack.core.text import clean_input
from dealtrack.core.vocabulary import longest
from dealtrack.errors import BadMonth, IssueDayUnknown, MissingValue
from dealtrack.phrase import listed
from dealtrack.register.register import Register
from dealtrack.register.revisions import MovedClock, OtherVerdict, Plan, Revision, preview, read_layers, revise

SHOWN = 20
Yes = Annotated[bool, flag("Apply the change without asking.")]


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
        rules, notice = _with_issue(session, register, notice)
        for ruled, ruling in overruled_days(rules, notice):
            remains = _reason(ruled, ruling)
            print_line(_("{day}: remains a {told}, despite this notice", day=show_day(ruled), told=remains))

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
        tell(say(error))
        day = parse_day(str(typer.prompt(_("Date of issue?"), err=True)), session.now, register.zone)
        notice = notice._replace(issued=day.isoformat())
    return layers.rules(notice=notice), notice


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
    for change in revision.days:
        before, after = _reason(change.day, change.before), _reason(change.day, change.after)
        print_line(f"{show_day(change.day)}{_(': ')}{before} -> {after}")
    _show_rolled(revision, register)
    if count := revision.renamed:
        print_line(_n("name or source of {count} day changes", "name or source of {count} days change", count))
    if revision.made_official:
        print_line(_("{years}: now official", years=say(listed(map(str, revision.made_official)))))
    if revision.no_longer_official:
        print_line(_("{years}: no longer official", years=say(listed(map(str, revision.no_longer_official)))))
    show_moved(revision.moved, register.zone)
    show_otherwise(revision.otherwise)


def show_moved(changes: Iterable[MovedClock], zone: tzinfo) -> None:
    """Print the clocks whose deadlines move."""
    for moved in changes:
        show_replaced(moved.complaint, moved.after, due_text(moved.before, zone), due_text(moved.after, zone))


def show_replaced(complaint: int, clock: Clock, before: str, after: str) -> None:
    """Print what is said of a clock, and what was said of it before."""
    line = _("complaint {id} {clock}: {before} -> {after}")
    print_line(line.format(id=complaint, clock=_(clock.name), before=before, after=after))


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
        print_line(text)


def _reason(day: Any, ruling: Ruling) -> str:
    word = _("working day") if ruling.worked else _("day off")
    text = say(reason(Day(day, ruling.worked, ruling.kind, ruling.name, ruling.source, True)))
    return word if text == word else _("{word} ({reason})", word=word, reason=text)
