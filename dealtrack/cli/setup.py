"""Commands that make a register and vouch for it."""

import sys
from typing import Annotated

import typer

from dealtrack import settings
from dealtrack.cli.describe import next_line
from dealtrack.cli.language import _, say
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import tell
from dealtrack.core.text import first_few, fit_text
from dealtrack.errors import CHECK_FAILED, BadHead, BadTimezone, RegisterAltered, RegisterExists, suggestion

LONGEST_HEAD = 64
HEX = frozenset("0123456789abcdef")


def init(
    context: typer.Context,
    calendar: Annotated[
        str, typer.Option("--calendar", metavar="NAME", help="A shipped calendar, a country such as US-NY, or a file.")
    ] = "cn-beijing",
    policy: Annotated[
        str, typer.Option("--policy", metavar="NAME", help="The policy of complaints that name none.")
    ] = "green-channel",
    timezone: Annotated[
        str, typer.Option("--timezone", metavar="ZONE", help="Where days begin and end [the calendar's].")
    ] = "",
) -> None:
    """Make a register."""
    from dealtrack.register.founding import Setup
    from dealtrack.register.register import Register
    from dealtrack.sources.calendars import differs_by_subdivision, load_calendar
    from dealtrack.sources.platforms import first_platforms
    from dealtrack.sources.policies import load_policy

    session: Session = context.obj
    if session.path.exists():
        raise RegisterExists(path=session.path)
    data, user = settings.data_folder(), settings.user_folder()
    rules = load_calendar(calendar, data, user)
    zone = timezone or rules.timezone or "Asia/Shanghai"
    check_timezone(zone)
    versions = load_policy(policy, data, user)
    name = versions[0].name
    platforms = first_platforms(data / "platforms.toml", versions[-1])
    setup = Setup(rules, versions, name, platforms, zone)
    Register.create(session.path, setup, session.now, session.actor)
    session.done = []
    line = _("register {path}: calendar {calendar}, policy {policy}, time zone {zone}")
    tell(line.format(path=session.path, calendar=rules.name, policy=name, zone=zone), sys.stdout)
    parts = differs_by_subdivision(calendar)
    if parts:
        line = _(
            "{name} holds only the holidays that all its parts share; they differ by part ({some}), "
            "as in --calendar {name}-{part}."
        )
        tell(f"dealtrack: {line.format(name=rules.name, some=first_few(parts), part=parts[0])}")
    if not timezone and not rules.timezone:
        line = _("no time zone is known for {name}; {zone} is used (--timezone).")
        tell(f"dealtrack: {line.format(name=rules.name, zone=zone)}")
    session.advise(next_line(f"dealtrack add --platform {_('NAME')}"))


def check_timezone(name: str) -> None:
    """Check that a time zone exists; raises BadTimezone."""
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        from zoneinfo import available_timezones

        from dealtrack.core.text import nearest

        raise BadTimezone(name=name, nearest=suggestion(nearest(name, sorted(available_timezones()), 2))) from None


def verify(
    context: typer.Context,
    head: Annotated[
        str,
        typer.Option("--head", metavar="HASH", help="The journal's head kept elsewhere, which must still be in it."),
    ] = "",
) -> None:
    """Check that no entry of the journal was changed, removed or put in; prints its length and head."""
    from dealtrack.register.verification import SHORTEST_HEAD
    from dealtrack.register.verification import verify as verify_register

    session: Session = context.obj
    if head and not (SHORTEST_HEAD <= len(head.strip()) <= LONGEST_HEAD and HEX.issuperset(head.strip().lower())):
        raise BadHead(text=fit_text(head, LONGEST_HEAD))
    try:
        with session.register() as register:
            report = verify_register(register, head)
    except RegisterAltered as error:
        # It cannot be used, and has failed the check.
        tell(f"dealtrack: {say(error.message(str, _))}")
        raise typer.Exit(CHECK_FAILED) from None
    if report.foreign:
        line = _("other programs keep tables in the register, which are not checked: {names}")
        tell(f"dealtrack: {line.format(names=first_few(report.foreign))}")
    for fault in report.faults:
        tell(f"dealtrack: {say(fault)}")
    if report.faults:
        way_back = (
            _("the journal is whole: 'dealtrack recheck --rebuild' makes the tables again from it")
            if report.rebuilds
            else _("keep this file as evidence, and go back to the last backup that 'dealtrack verify' finds whole")
        )
        tell(f"dealtrack: {way_back}")
        raise typer.Exit(CHECK_FAILED)
    tell(_("whole: {count} entries, head {head}").format(count=report.entries, head=report.head), sys.stdout)


def recheck(
    context: typer.Context,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make the register's tables again from its journal.")
    ] = False,
    include_closed: Annotated[
        bool,
        typer.Option(
            "--include-closed",
            help="Judge ended clocks anew by the present calendar and policies; the journal tells.",
        ),
    ] = False,
) -> None:
    """Hold the register's tables against its journal, and say what differs."""
    from dealtrack.register.rebuilding import judge_anew
    from dealtrack.register.rebuilding import rebuild as rebuild_register
    from dealtrack.register.verification import table_faults

    session: Session = context.obj
    with session.register() as register:
        found = list(table_faults(register))
        for text in found:
            tell(say(text), sys.stdout)
        if rebuild:
            rebuild_register(register)
            print(_("the tables were made again from the journal"))
        if include_closed:
            for change in judge_anew(register, session.now, session.actor):
                line = _("complaint {id} {clock}: {before} -> {after}")
                before, after = _(change.stands), _(change.would_be or "no clock")
                tell(
                    line.format(id=change.complaint.id, clock=_(change.after.name), before=before, after=after),
                    sys.stdout,
                )
    if found and not rebuild:
        raise typer.Exit(CHECK_FAILED)
    if not found:
        print(_("the tables are as the journal makes them"))
