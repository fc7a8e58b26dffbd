"""Commands about the offices of a server."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from dealtrack.cli.language import _, _n, say, sentence
from dealtrack.cli.options import FilterOptions, Format, ReceivedDays, StatusNames, argument, option, read_filter
from dealtrack.cli.output import check_word, next_line, print_records
from dealtrack.cli.session import Session, show_value
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
from dealtrack.core.standing import WATCH_KEYS, record, record_keys, watch_record
from dealtrack.errors import CHECK_FAILED, REGISTER_UNUSABLE, NeedsServer
from dealtrack.phrase import Phrase, Word, in_order, listed
from dealtrack.register.address import NATION, office_address
from dealtrack.register.engine import VERSION, ServerAddress
from dealtrack.register.opening import engine_of
from dealtrack.register.queries import View

if TYPE_CHECKING:
    from dealtrack.register.postgres.office_upgrade import OfficeUpgrade

SUMMARY = "summary"
"""What no reader of the nation reads of a complaint, of all that its record has."""

ROLES = {"clerk": Word("clerk"), "keeper": Word("keeper"), "reader": Word("reader")}


def _address(session: Session, office: str) -> ServerAddress:
    """Return the address of an office on the server that the session names; raises NeedsServer and MissingExtra."""
    address = office_address(session.settings.value("register"), office)
    engine_of(address)
    return address


def _own_address(session: Session) -> ServerAddress:
    """Return the address of the office that the session names; raises NeedsServer and MissingExtra."""
    if not isinstance(session.address, ServerAddress):
        raise NeedsServer(address=session.address)
    engine_of(session.address)
    return session.address


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
    is_new = add_office(address, filling(engine_of(address), setup, session.now, session.actor, office))
    if is_new:
        line = _("office {office}: calendar {calendar}, policy {policy}, time zone {zone}")
        names = {"calendar": setup.calendar.name, "policy": setup.policy, "zone": setup.timezone}
        print_line(line.format(office=office, **names))
        warn_of_setup(setup, calendar, timezone)
    else:
        print_line(_("office {office}: roles added to the register that was there", office=office))
    session.advise(next_line(f"dealtrack --db '{address}' office grant {_('LOGIN')} --role clerk"))


def grant(
    session: Session,
    login: Annotated[str, argument("LOGIN", "Login on the server; it must exist.")],
    *,
    role: Annotated[str, option("ROLE", "clerk, keeper (also erases and revises the calendar) or reader.")],
) -> None:
    """Let a login work in the office as a clerk, keeper or reader."""
    check_word("--role", role, ROLES)
    address = _own_address(session)
    from dealtrack.register.postgres.offices import grant as grant_role
    from dealtrack.register.postgres.rights import OfficeRole

    grant_role(address, login, OfficeRole(role))
    line = _("{login} is now a {role} of office {office}")
    print_line(line.format(login=login, role=say(ROLES[role]), office=address.office))


def revoke(
    session: Session,
    login: Annotated[str, argument("LOGIN", "Login on the server.")],
    *,
    role: Annotated[str, option("ROLE", "clerk, keeper or reader [default: every role that it has].")] = "",
) -> None:
    """Take a role in the office from a login; without --role, every role."""
    if role:
        check_word("--role", role, ROLES)
    address = _own_address(session)
    from dealtrack.register.postgres.offices import revoke as revoke_role
    from dealtrack.register.postgres.rights import OfficeRole

    revoked, has_rights = revoke_role(address, login, OfficeRole(role) if role else None)
    line = _("{login} is no longer a {role} of office {office}")
    for each in revoked:
        print_line(line.format(login=login, role=say(ROLES[each]), office=address.office))
    if has_rights:
        text = _("{login} still has rights in office {office}: by another role, or as a superuser.")
        warn(text.format(login=login, office=address.office))


def list_(session: Session, fmt: Format) -> None:
    """List the offices that you may read, and how each stands.

    That is: entries, last entry, checksum, open complaints, overdue deadlines, complaints that wait to be taken over.
    """
    address = _address(session, NATION)
    from dealtrack.register.postgres.office_reader import OfficeState, office_states

    offices = office_states(address, session.now)
    print_records((each._asdict() for each in offices.states), OfficeState._fields, fmt, zone=offices.zone)
    raise typer.Exit(_warn_of(offices.faults))


def _warn_of(faults: Mapping[str, str]) -> int:
    """Name the offices that could not be read; return the exit status."""
    from dealtrack.register.postgres.nation import office_fault

    for office, fault in faults.items():
        warn(sentence(office_fault(office, fault)))
    return REGISTER_UNUSABLE if faults else 0


def complaints(session: Session, status: StatusNames, only: FilterOptions, received: ReceivedDays, fmt: Format) -> None:
    """List the complaints of all offices, without summaries; for readers of the national register."""
    session.address = _address(session, NATION)
    from dealtrack.register.postgres.nation import clock_names
    from dealtrack.register.postgres.nation import complaints as complaints_of_offices
    from dealtrack.register.postgres.office_reader import OfficeReader

    with session.register() as register:
        since, until = session.received_span(*received, register.zone)
        query, view = read_filter(register, *only, status, since=since, until=until), View.of(session.now)
        offices = OfficeReader(register.database)
        names = dict.fromkeys((*register.clock_names(view), *clock_names(offices)))
        keys = ["office", *(key for key in record_keys(names) if key != SUMMARY)]
        standings = complaints_of_offices(offices, register, query, view)
        records = ({"office": office, **record(standing)} for office, standing in standings)
        readable = ({key: value for key, value in each.items() if key != SUMMARY} for each in records)
        print_records(readable, keys, fmt, zone=register.zone)
    raise typer.Exit(_warn_of(offices.faults))


def overdue(session: Session, only: FilterOptions, fmt: Format) -> None:
    """List the overdue deadlines of all offices, most overdue first; for readers of the national register."""
    session.address = _address(session, NATION)
    from dealtrack.register.postgres.nation import overdue as overdue_of_offices
    from dealtrack.register.postgres.office_reader import OfficeReader

    with session.register() as register:
        offices = OfficeReader(register.database)
        late = overdue_of_offices(offices, register, read_filter(register, *only), View.of(session.now))
        records = ({"office": office, **watch_record(lateness)} for office, lateness in late)
        print_records(records, ("office", *WATCH_KEYS), fmt, zone=register.zone)
    raise typer.Exit(_warn_of(offices.faults))


def report(session: Session, received: ReceivedDays, only: FilterOptions, fmt: Format) -> None:
    """Report by office and stage: received, open, on time, late, overdue; for readers of the national register."""
    session.address = _address(session, NATION)
    from dealtrack.register.postgres.nation import OfficeFigures, figures
    from dealtrack.register.postgres.office_reader import OfficeReader

    with session.register() as register:
        since, until = session.received_span(*received, register.zone)
        query = read_filter(register, *only, since=since, until=until)
        offices = OfficeReader(register.database)
        rows = figures(offices, query, View.of(session.now))
        print_records((each._asdict() for each in rows), OfficeFigures._fields, fmt, zone=register.zone)
    raise typer.Exit(_warn_of(offices.faults))


def upgrade(session: Session) -> None:
    """Upgrade all offices of the server to the schema of this dealtrack; repair their guards and rights."""
    address = _address(session, NATION)
    from dealtrack.register.postgres.office_upgrade import upgrade_offices

    status = 0
    for each in upgrade_offices(address):
        if each.error:
            status = REGISTER_UNUSABLE
            warn(each.error.message(show_value, _))
        elif each.foreign_owner:
            text = _("Office {office} stays as it is: it belongs to {owner}, whom your login may not act as.")
            warn(text.format(office=each.office, owner=each.foreign_owner))
        else:
            print_line(_("office {office}: {changes}").format(office=each.office, changes=say(_changes(each))))
        if each.lost_guards:
            text = _("Office {office} was without its own {names}: 'dealtrack verify' there checks its entries.")
            warn(text.format(office=each.office, names=say(listed(each.lost_guards))))
    raise typer.Exit(status)


def _changes(upgrade: "OfficeUpgrade") -> Phrase:
    """Return what upgrading an office did."""
    changes = [Phrase("schema {version}", version=VERSION)]
    if upgrade.old != VERSION:
        changes = [Phrase("schema {old} is now {new}", old=upgrade.old, new=VERSION)]
    if upgrade.repaired or upgrade.views:
        changes.append(Phrase("made anew: {names}", names=listed((*upgrade.repaired, *upgrade.views))))
    if upgrade.has_new_rights:
        changes.append(Phrase("rights given anew"))
    return in_order([*changes, *([Phrase("nothing to do")] if upgrade.is_unchanged else [])])


def seal(session: Session) -> None:
    """Record the checksums of all offices' journals in the national register; for cron, each hour."""
    session.address = _address(session, NATION)
    from dealtrack.register.postgres.nation import broken_since_last, heads_of_offices
    from dealtrack.register.postgres.nation import seal as seal_offices
    from dealtrack.register.postgres.office_reader import OfficeReader

    with session.register() as register:
        offices = OfficeReader(register.database)
        faults, heads = broken_since_last(offices), heads_of_offices(offices)
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
    status = _warn_of(offices.faults)
    raise typer.Exit(CHECK_FAILED if faults else status)
