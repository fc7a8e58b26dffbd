"""The command that hands complaints to another office, lists what others have handed over, and takes it over."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any

import typer

from dealtrack.cli import options
from dealtrack.cli.changes import show_change
from dealtrack.cli.language import _
from dealtrack.cli.options import At, ComplaintNames, Format, Note, flag, option
from dealtrack.cli.output import print_records
from dealtrack.cli.session import Session, show_value
from dealtrack.cli.terminal import tell, warn
from dealtrack.cli.transitions import NOTE, REASON, read_detail
from dealtrack.core.lifecycle import TRANSFER
from dealtrack.core.moments import show_due
from dealtrack.core.vocabulary import nearest_names
from dealtrack.errors import (
    BadText,
    DealtrackError,
    MissingValue,
    NeedsServer,
    NoOfficeRoles,
    NotTakenOver,
    OwnOffice,
    UnknownReceiver,
    suggestion,
)
from dealtrack.phrase import BadValue, listed
from dealtrack.register.address import read_office
from dealtrack.register.engine import ServerAddress
from dealtrack.register.mailbox import Mailbox, waiting
from dealtrack.register.recorder import NothingWritten, RecordedComplaint
from dealtrack.register.register import Register

KEYS = ("office", "id", "number", "platform", "category", "received", "transferred", "due")
_READ = ("number", "platform", "category", "received", "due")
"""The keys of what waits, and those of them that are read from what the other office sent."""


def transfer(
    session: Session,
    complaints: ComplaintNames,
    to: Annotated[str, option("OFFICE", "Office that takes the complaints over.")],
    take_over: Annotated[bool, flag("Take over what other offices have transferred to this one.")],
    reason: Annotated[str, option("TEXT", "Reason.")],
    at: At,
    note: Note,
    fmt: Format,
) -> None:
    """Transfer complaints to another office on the server; their deadlines run on there.

    Without complaints, list what other offices have transferred to this one; --take-over takes it over.
    """
    names_any = bool(complaints.ids or complaints.numbers)
    if take_over and (names_any or to):
        raise BadText(what="--take-over", reason="takes over all that waits: omit IDs and --to")
    if names_any and not to.strip():
        raise MissingValue(what="The other office", option="--to OFFICE")
    if not isinstance(session.address, ServerAddress):
        raise NeedsServer(address=session.address)
    detail = read_detail((REASON, NOTE), {"reason": reason, "note": note})
    with session.register() as register:
        mailbox = register.engine.mailbox(register)
        assert mailbox is not None
        if take_over:
            _take_over(session, register, mailbox, fmt)
        elif not (names_any or to):
            waits = list(_records(mailbox))
            print_records(waits, KEYS, fmt, zone=register.zone)
            if sys.stdout.isatty() and not waits:
                tell(_("no complaint waits to be taken over"))
        else:
            named = options.read_complaints(register, *complaints)
            office, moment = _receiver(mailbox, to), session.moment(at, register.zone)
            from dealtrack.exchange.transfers import send

            with session.recording(register) as recorder:
                recorded = [send(recorder, mailbox, id_, office, moment, detail) for id_ in named]
            show_change(session, register, recorded, fmt)
            if recorded:
                session.advise(_("office {office} takes over with: dealtrack transfer --take-over", office=office))


def _receiver(mailbox: Mailbox, to: str) -> str:
    """Return the office that a text names; raises BadOffice, OwnOffice, NoOfficeRoles and UnknownReceiver."""
    office, offices = read_office(to), mailbox.offices()
    if office == mailbox.office:
        raise OwnOffice(office=office)
    if mailbox.office not in offices:
        raise NoOfficeRoles(office=mailbox.office)
    others = [name for name in offices if name != mailbox.office]
    if office not in others:
        near = suggestion(nearest_names(office, others))
        raise UnknownReceiver(name=office, nearest=near, allowed=listed(others or [_("none")]))
    return office


def _records(mailbox: Mailbox) -> Iterator[dict[str, Any]]:
    """Yield what waits; of what cannot be read, who sent it and when."""
    from dealtrack.exchange.transfers import read_content

    for mail, content in mailbox.contents():
        values: dict[str, Any] = dict.fromkeys(_READ)
        with suppress(BadValue, DealtrackError):
            sent = read_content(content)
            values = {name: getattr(sent.complaint, name) for name in _READ[:-1]} | {"due": sent.due}
        yield {"office": mail.office, "id": mail.complaint, "transferred": mail.recorded_at, **values}


def _take_over(session: Session, register: Register, mailbox: Mailbox, fmt: str) -> None:
    """Take over what waits, each by itself, and print what became of it; of what cannot be, say why."""
    from dealtrack.exchange.transfers import next_due, take_over

    done: list[tuple[RecordedComplaint, datetime | None]] = []
    refused: list[NotTakenOver] = []
    for mail in waiting(register):
        try:
            with suppress(NothingWritten), session.recording(register) as recorder:
                # Another clerk may have taken it over meanwhile.
                content = mailbox.content(mail)
                if content and (result := take_over(recorder, mailbox, mail, content, options.read_policy)):
                    done.append(result)
        except NotTakenOver as refusal:
            refused.append(refusal)
    show_change(session, register, [taken for taken, _due in done], fmt)
    for taken, _due in done:
        line = _("complaint {id} was complaint {complaint} of office {office}")
        session.advise(line.format(id=taken.complaint.id, **taken.entries[0].detail[TRANSFER]))
    for taken, due in done:
        here, there = (show_due(each, register.zone) if each else "-" for each in (next_due(taken.clocks), due))
        if here != there:
            words = {"id": taken.complaint.id, "office": taken.entries[0].detail[TRANSFER]["office"]}
            line = _(
                "The next deadline of complaint {id} is {here}; office {office} counted {there}, "
                "by another policy or calendar."
            )
            warn(line.format(here=here, there=there, **words))
    for error in refused:
        warn(error.message(show_value, _))
    if refused:
        raise typer.Exit(refused[0].exit_code)
