"""Commands for what befalls fewer complaints: pauses, extensions, reopenings, hand-ons, corrections."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any

import typer

from dealtrack.cli.add import (
    CLEAR,
    contact_typed,
    given_reason,
    outcome_named,
    record_transition,
    seller_named,
    show_change,
    told,
)
from dealtrack.cli.consent import is_agreed
from dealtrack.cli.language import _, say
from dealtrack.cli.options import At, Complaints, Format, Note, Numbers, Reason
from dealtrack.cli.output import check_format
from dealtrack.cli.session import Session, category_named, complaints_named, from_input, platform_named
from dealtrack.cli.terms import clock_named
from dealtrack.core.complaint_number import check_number
from dealtrack.core.lengths import clean_field
from dealtrack.core.lifecycle import RESTART, Kind
from dealtrack.core.limits import is_far, last_counted
from dealtrack.core.moments import Moment
from dealtrack.core.policy_words import counted
from dealtrack.core.text import first_few, parse_amount
from dealtrack.errors import BadCount, CannotVoid, EmptyValue, FarExtension, MissingValue
from dealtrack.phrase import Phrase, Word
from dealtrack.register.personal import Personal
from dealtrack.register.recorder import Draft, Work
from dealtrack.register.register import Register

READ = "@-"
"""Stands for a line of standard input: a lone dash empties a field."""


def accept(
    context: typer.Context,
    ids: Complaints = None,
    numbers: Numbers = None,
    at: At = "",
    note: Note = "",
    fmt: Format = "",
) -> None:
    """Record that complaints were accepted for handling."""
    record_transition(context, Kind.ACCEPTED, ids, numbers, at, told(note), fmt)


def pause(
    context: typer.Context,
    ids: Complaints = None,
    numbers: Numbers = None,
    at: At = "",
    reason: Reason = "",
    note: Note = "",
    fmt: Format = "",
) -> None:
    """Stop the clocks of complaints for a time, with the reason."""
    record_transition(context, Kind.PAUSED, ids, numbers, at, told(note, reason=given_reason(reason)), fmt)


def resume(
    context: typer.Context,
    ids: Complaints = None,
    numbers: Numbers = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin the clocks anew from that day, where the policy allows it.")
    ] = False,
    at: At = "",
    note: Note = "",
    fmt: Format = "",
) -> None:
    """Let the clocks of paused complaints run again."""
    detail = {**told(note), RESTART: True} if restart else told(note)
    record_transition(context, Kind.RESUMED, ids, numbers, at, detail, fmt)


def extend(
    context: typer.Context,
    ids: Complaints = None,
    numbers: Numbers = None,
    clock: Annotated[str, typer.Option("--clock", metavar="NAME", help="The clock to lengthen.")] = "",
    by: Annotated[str, typer.Option("--by", metavar="N", help="By how many of the clock's units.")] = "",
    at: At = "",
    reason: Reason = "",
    note: Note = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, however far it lengthens the clock.")] = False,
    fmt: Format = "",
) -> None:
    """Lengthen a clock of complaints, with the reason, as far as the policy allows."""
    if not clock:
        raise MissingValue(what="The clock", option="--clock NAME")
    if not by:
        raise MissingValue(what="The length of the extension", option="--by N")
    if not (by.isascii() and by.isdigit() and 1 <= int(by[:5]) <= 9999):
        raise BadCount(text=by)
    detail = {**told(note, reason=given_reason(reason)), "clock": clock_named(clock), "by": int(by)}
    agree = None if yes else partial(_agree_to_extend, context.obj, detail["clock"], detail["by"])
    record_transition(context, Kind.EXTENDED, ids, numbers, at, detail, fmt, agree)


def _agree_to_extend(session: Session, clock: str, by: int, register: Register, ids: Sequence[int]) -> None:
    """Ask before an extension far beyond a clock's length that its policy does not limit; raises FarExtension.

    A policy or clock that is not there is left to be refused.
    """
    complaints = [register.project(register.history(id_))[0] for id_ in ids]
    rules = {known.id: register.policy_of(known).clock(clock) for known in complaints if known.is_open}
    far = {id_: rule for id_, rule in rules.items() if rule is not None and is_far(rule, by)}
    for rule in list(far.values())[:1]:
        told, length = counted(by, rule.unit), counted(rule.length, rule.unit)
        if not session.asks:
            raise FarExtension(clock=Word(clock), by=told, length=length)
        question = _("Complaint {ids}: {clock} has {length} by its policy. Extend it by {by}?")
        if not is_agreed(question.format(ids=first_few(list(far)), clock=_(clock), length=say(length), by=say(told))):
            raise typer.Abort


def reopen(
    context: typer.Context,
    ids: Complaints = None,
    numbers: Numbers = None,
    at: At = "",
    reason: Reason = "",
    note: Note = "",
    fmt: Format = "",
) -> None:
    """Open closed complaints again, with the reason; handling is counted anew."""
    record_transition(context, Kind.REOPENED, ids, numbers, at, told(note, reason=given_reason(reason)), fmt)


def hand_on(
    context: typer.Context,
    ids: Complaints = None,
    numbers: Numbers = None,
    to: Annotated[str, typer.Option("--to", metavar="WHOM", help="The department or person that takes over.")] = "",
    at: At = "",
    note: Note = "",
    fmt: Format = "",
) -> None:
    """Hand complaints on; who was asked first stays responsible, and no clock starts anew."""
    if to.strip() in ("", CLEAR):
        raise MissingValue(what="Whom to hand on to", option="--to WHOM")
    detail = {**told(note), "to": clean_field("owner", to)}
    record_transition(context, Kind.HANDED_ON, ids, numbers, at, detail, fmt)


def amend(
    context: typer.Context,
    ids: Complaints = None,
    numbers: Numbers = None,
    platform: Annotated[str, typer.Option("--platform", metavar="NAME", help="The right platform.")] = "",
    category: Annotated[str, typer.Option("--category", metavar="NAME", help="The right category.")] = "",
    new_number: Annotated[str, typer.Option("--to-number", metavar="NUMBER", help="The right external number.")] = "",
    seller: Annotated[str, typer.Option("--seller", metavar="WHO", help="platform or third-party.")] = "",
    owner: Annotated[str, typer.Option("--owner", metavar="WHO", help="Who really was asked first.")] = "",
    summary: Annotated[str, typer.Option("--summary", metavar="TEXT", help="The right summary.")] = "",
    outcome: Annotated[str, typer.Option("--outcome", metavar="WORD", help="The right outcome.")] = "",
    amount: Annotated[str, typer.Option("--amount", metavar="MONEY", help="The right amount.")] = "",
    consumer: Annotated[str, typer.Option("--consumer", metavar="NAME", help="The consumer's right name.")] = "",
    phone: Annotated[str, typer.Option("--phone", metavar="NUMBER", help="The consumer's right phone.")] = "",
    email: Annotated[str, typer.Option("--email", metavar="ADDRESS", help="The consumer's right address.")] = "",
    address: Annotated[str, typer.Option("--address", metavar="TEXT", help="The consumer's right address.")] = "",
    note: Note = "",
    fmt: Format = "",
) -> None:
    """Correct what was entered of complaints; a lone dash empties a field that may be empty.

    For --consumer, --phone, --email and --address, @- reads a line of standard input each.
    """
    check_format(fmt)
    session: Session = context.obj
    typed = {"consumer": consumer, "phone": phone, "email": email, "address": address}
    given = from_input(context, typed, READ)
    for name in given:
        if typed[name] and not given[name].strip():
            raise EmptyValue(name=f"--{name}", instead=Phrase("Give it a value, or leave it out."))
    with session.register() as register:
        detail: dict[str, Any] = told(note)
        readers: dict[str, tuple[str, Callable[[str], str]]] = {
            "platform": (platform, lambda text: platform_named(register, text)),
            "category": (category, category_named),
            "number": (new_number, lambda text: check_number(clean_field("number", text))),
            "seller": (seller, seller_named),
            "owner": (owner, lambda text: clean_field("owner", text)),
            "summary": (summary, lambda text: clean_field("summary", text)),
            "outcome": (outcome, outcome_named),
            "amount": (amount, parse_amount),
        }
        for name, (text, read) in readers.items():
            if text.strip() == CLEAR and name not in ("platform", "category"):
                detail[name] = None
            elif text:
                detail[name] = read(text)
        right = {
            name: CLEAR if text.strip() == CLEAR else contact_typed(name, text) for name, text in given.items() if text
        }
        if not right and not detail.keys() - {"note"}:
            raise MissingValue(what="What to correct", option="--category, --summary or another field")
        named = complaints_named(register, ids or (), numbers or ())
        works = [
            Work(id_, (Draft(Kind.AMENDED, _now(session), detail),), _amended(register, id_, right)) for id_ in named
        ]
        register.record(works, session.now, session.actor)
        show_change(session, register, named, fmt)


def _amended(register: Register, complaint: int, right: dict[str, str]) -> Personal | None:
    if not right:
        return None
    held = register.personal(complaint) or Personal()
    fields = ("consumer", "phone", "email", "address")
    values = {name: None if right.get(name) == CLEAR else right.get(name, getattr(held, name)) for name in fields}
    return Personal(**values)


def _now(session: Session) -> Moment:
    return Moment(session.now, session.now, False)


def void(
    context: typer.Context,
    ids: Complaints = None,
    numbers: Numbers = None,
    seq: Annotated[
        int, typer.Option("--seq", metavar="N", help="The journal entry to take back [the complaint's last].")
    ] = 0,
    reason: Reason = "",
    note: Note = "",
    fmt: Format = "",
) -> None:
    """Take back an entry made by mistake; the journal keeps both."""
    check_format(fmt)
    session: Session = context.obj
    detail = told(note, reason=given_reason(reason))
    with session.register() as register:
        named = complaints_named(register, ids or (), numbers or ())
        with register.recording(session.now, session.actor) as recorder:
            for id_ in named:
                wanted = seq or last_counted(recorder.history(id_))
                if wanted is None:
                    raise CannotVoid(seq="-", complaint=id_, reason="all its entries are voided already")
                recorder.record(Work(id_, (Draft(Kind.VOIDED, _now(session), {**detail, "seq": wanted}),)))
        show_change(session, register, named, fmt)
