"""Commands about the offices of a server."""

from typing import Annotated

import typer

from dealtrack.cli.language import _, _n, say, sentence
from dealtrack.cli.options import FilterOptions, Format, ReceivedDays, argument, option, read_filter
from dealtrack.cli.output import check_word, next_line, print_records
from dealtrack.cli.session import Session
from dealtrack.cli.setup import (
    USUAL_CALENDAR,
    USUAL_POLICY,
    CalendarName,
    PolicyName,
    TimeZone,
    read_setup,
    warn_of_setup,
)
from dealtrack.cli.terminal import print_line, warn
from dealtrack.core.standing import WATCH_KEYS, watch_record
from dealtrack.errors import CHECK_FAILED, NeedsServer
from dealtrack.phrase import Word
from dealtrack.register.address import NATION, office_address
from dealtrack.register.engine import ServerAddress
from dealtrack.register.opening import engine_of
from dealtrack.register.queries import View

ROLES = {"clerk": Word("clerk"), "keeper": Word("keeper"), "reader": Word("reader")}


def _address(session: Session, office: str) -> ServerAddress:
    """Return the address of an office on the server that the session names; raises NeedsServer and MissingExtra."""
    address = office_address(session.settings.value("register"), office)
    engine_of(address)
    return address


def add(
    session: Session,
    name: Annotated[str, argument("NAME", "Office, e.g. haidian; national for the register that seals all others.")],
    *,
    calendar: CalendarName = USUAL_CALENDAR,
    policy: PolicyName = USUAL_POLICY,
    timezone: TimeZone,
) -> None:
    """Add an office to the server: its roles and its register; a register that is there only gets roles."""
    address = _address(session, name)
    from dealtrack.register.create import filling
    from dealtrack.register.postgres.offices import add_office

    setup = read_setup(calendar, policy, timezone)
    office = address.office
    added = add_office(address, filling(engine_of(address), setup, session.now, session.actor, office))
    if added.is_new:
        line = _("office {office}: calendar {calendar}, policy {policy}, time zone {zone}")
        names = {"calendar": setup.calendar.name, "policy": setup.policy, "zone": setup.timezone}
        print_line(line.format(office=office, **names))
        warn_of_setup(setup, calendar, timezone)
    else:
        print_line(_("office {office}: roles added to the register that was there", office=office))
    if not added.may_monitor:
        text = _(
            "Keepers cannot see the state of the server in 'dealtrack doctor'. A superuser allows it: "
            "GRANT pg_monitor TO {role};"
        )
        warn(text.format(role=f'"{office}_keeper"'))
    session.advise(next_line(f"dealtrack --db '{address}' office grant {_('LOGIN')} --role clerk"))


def grant(
    session: Session,
    login: Annotated[str, argument("LOGIN", "Login on the server; it must exist.")],
    *,
    role: Annotated[str, option("ROLE", "clerk, keeper (also erases and revises the calendar) or reader.")],
) -> None:
    """Let a login work in the office as a clerk, keeper or reader."""
    check_word("--role", role, ROLES)
    address = session.address
    if not isinstance(address, ServerAddress):
        raise NeedsServer(address=address)
    engine_of(address)
    from dealtrack.register.postgres.offices import grant as grant_role
    from dealtrack.register.postgres.rights import OfficeRole

    grant_role(address, login, OfficeRole(role))
    line = _("{login} is now a {role} of office {office}")
    print_line(line.format(login=login, role=say(ROLES[role]), office=address.office))


def list_(session: Session, fmt: Format) -> None:
    """List the offices that you may read, and how each stands.

    That is: entries, last entry, checksum, open complaints, overdue deadlines, complaints that wait to be taken over.
    """
    address = _address(session, NATION)
    from dealtrack.register.postgres.offices import OfficeState, office_states

    states, zone = office_states(address, session.now)
    print_records((each._asdict() for each in states), OfficeState._fields, fmt, zone=zone)


def overdue(session: Session, only: FilterOptions, fmt: Format) -> None:
    """List the overdue deadlines of all offices, most overdue first; for readers of the national register."""
    session.address = _address(session, NATION)
    from dealtrack.register.postgres.nation import overdue as overdue_of_offices

    with session.register() as register:
        late = overdue_of_offices(register, read_filter(register, *only), View.of(session.now))
        records = ({"office": office, **watch_record(lateness)} for office, lateness in late)
        print_records(records, ("office", *WATCH_KEYS), fmt, zone=register.zone)


def report(session: Session, received: ReceivedDays, only: FilterOptions, fmt: Format) -> None:
    """Report by office and stage: received, open, on time, late, overdue; for readers of the national register."""
    session.address = _address(session, NATION)
    from dealtrack.register.postgres.nation import OfficeFigures, figures

    with session.register() as register:
        since, until = session.received_span(*received, register.zone)
        query = read_filter(register, *only, since=since, until=until)
        rows = figures(register, query, View.of(session.now))
        print_records((each._asdict() for each in rows), OfficeFigures._fields, fmt, zone=register.zone)


def seal(session: Session) -> None:
    """Record the checksums of all offices' journals in the national register; for cron, each hour."""
    session.address = _address(session, NATION)
    from dealtrack.register.postgres.nation import broken_since_last, heads_of_offices
    from dealtrack.register.postgres.nation import seal as seal_offices

    with session.register() as register:
        faults, heads = broken_since_last(register), heads_of_offices(register.database)
        with session.recording(register) as recorder:
            is_new = seal_offices(recorder, heads)
        seq, head = register.head()
    if is_new:
        line = _n(
            "{count} office sealed: entry {seq}, checksum {head}",
            "{count} offices sealed: entry {seq}, checksum {head}",
            len(heads),
            seq=seq,
            head=head,
        )
        print_line(line)
    else:
        print_line(_("nothing new to seal: entry {seq}, checksum {head}", seq=seq, head=head))
    for fault in faults:
        warn(sentence(fault))
    if faults:
        raise typer.Exit(CHECK_FAILED)
