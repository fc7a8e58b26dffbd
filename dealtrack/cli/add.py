"""Commands that record what happens to complaints."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer

from dealtrack.cli.describe import change_lines, lookalike_line, next_command, next_line
from dealtrack.cli.language import _
from dealtrack.cli.new_platform import enter_if_new, platform_given
from dealtrack.cli.options import At, Complaints, DuplicateDays, Format, Note, Numbers, Reason
from dealtrack.cli.output import check_format, print_records
from dealtrack.cli.session import Session, category_named, complaints_named, from_input
from dealtrack.cli.terminal import tell
from dealtrack.core.complaint_number import check_number
from dealtrack.core.contact import check_contact
from dealtrack.core.lengths import clean_field
from dealtrack.core.lifecycle import Kind
from dealtrack.core.outcome import OUTCOMES, match_outcome, nearest_outcomes
from dealtrack.core.policy import Policy
from dealtrack.core.seller import match_seller, nearest_sellers
from dealtrack.core.standing import record as record_of
from dealtrack.core.text import parse_amount
from dealtrack.errors import MissingValue, UnknownOutcome, UnknownWord, suggestion
from dealtrack.phrase import Phrase, Word, listed
from dealtrack.register.duplicates import Watch, merged
from dealtrack.register.personal import Personal
from dealtrack.register.queries import Filter
from dealtrack.register.recorder import Draft, Work
from dealtrack.register.register import Register
from dealtrack.register.view import View

CLEAR = "-"
"""Stands for nothing, where a field may be empty."""


def told(note: str, **texts: str) -> dict[str, Any]:
    """Return the detail of a transition: a note and other texts, those that were given; raises BadText."""
    given = {**texts, "note": note}
    return {name: clean_field(name, text) for name, text in given.items() if text}


def told_of_end(note: str, outcome: str, amount: str) -> dict[str, Any]:
    """Return the detail of a completion: what came of it, those parts that were given.

    Raises BadText, UnknownOutcome or BadAmount.
    """
    detail = told(note)
    if outcome:
        detail["outcome"] = outcome_named(outcome)
    if amount:
        detail["amount"] = parse_amount(amount)
    return detail


def given_reason(reason: str) -> str:
    """Return the reason that a transition needs; raises MissingValue where none was given."""
    if reason.strip() in ("", CLEAR):
        raise MissingValue(what="The reason", option="--reason TEXT")
    return reason


def show_change(session: Session, register: Register, ids: list[int], fmt: str) -> None:
    """Print what a change made of complaints, and on standard error the command that usually follows."""
    wanted = Filter(ids=tuple(sorted(ids)))
    standings = {standing.complaint.id: standing for standing in register.standings(wanted, View.of(session.now))}
    changed = [standings[id_] for id_ in ids if id_ in standings]
    if fmt:
        print_records(map(record_of, changed), fmt=fmt, zone=register.zone, single=len(ids) == 1)
        return
    for line in change_lines(changed, register.zone):
        tell(line, sys.stdout)
    following = next_command(changed, register.policy_of)
    if following:
        session.advise(next_line(following))


def record_transition(
    context: typer.Context,
    kind: Kind,
    ids: list[str] | None,
    numbers: list[str] | None,
    at: str,
    detail: Mapping[str, Any],
    fmt: str,
    agree: Callable[[Register, Sequence[int]], None] | None = None,
) -> None:
    """Record the same transition for all the complaints named, or for none, and print what it made of them.

    `agree` is called first, and raises where it is not to be done.
    """
    session: Session = context.obj
    check_format(fmt)
    with session.register() as register:
        named = complaints_named(register, ids or (), numbers or ())
        if agree is not None:
            agree(register, named)
        draft = Draft(kind, session.moment(at, register.zone), detail)
        register.record((Work(id_, (draft,)) for id_ in named), session.now, session.actor)
        show_change(session, register, named, fmt)


def seller_named(text: str) -> str:
    """Return the kind of seller that a text means; raises UnknownWord."""
    seller = match_seller(text)
    if seller is None:
        near = suggestion(nearest_sellers(text))
        raise UnknownWord(what="The seller", value=text, nearest=near, allowed=Phrase("platform, third-party"))
    return seller


def outcome_named(text: str) -> str:
    """Return the outcome that a text means; raises UnknownOutcome with the nearest."""
    outcome = match_outcome(clean_field("outcome", text))
    if outcome is None:
        near = suggestion(nearest_outcomes(text))
        raise UnknownOutcome(name=text, nearest=near, allowed=listed(map(Word, OUTCOMES)))
    return outcome


def contact_typed(field: str, text: str) -> str:
    """Return a field of personal data as it was typed, cleaned; raises BadText, BadPhone or BadEmail."""
    clean = clean_field(field, text)
    if clean:
        check_contact(field, clean)
    return clean


def add(
    context: typer.Context,
    platform: Annotated[str, typer.Option("--platform", metavar="NAME", help="The platform complained about.")] = "",
    category: Annotated[
        str,
        typer.Option(
            "--category", metavar="NAME", help="quality, delivery, mismatch, cancelled-order, advertising or other."
        ),
    ] = "",
    number: Annotated[str, typer.Option("--number", metavar="NUMBER", help="Its number elsewhere, as 12315's.")] = "",
    seller: Annotated[str, typer.Option("--seller", metavar="WHO", help="platform or third-party.")] = "",
    owner: Annotated[str, typer.Option("--owner", metavar="WHO", help="Who was asked first [who enters it].")] = "",
    summary: Annotated[str, typer.Option("--summary", metavar="TEXT", help="What it is about.")] = "",
    consumer: Annotated[
        str, typer.Option("--consumer", metavar="NAME", help="The consumer's name; - reads a line of standard input.")
    ] = "",
    phone: Annotated[
        str, typer.Option("--phone", metavar="NUMBER", help="The consumer's phone; - reads a line of standard input.")
    ] = "",
    email: Annotated[
        str,
        typer.Option(
            "--email", metavar="ADDRESS", help="The consumer's e-mail address; - reads a line of standard input."
        ),
    ] = "",
    address: Annotated[
        str, typer.Option("--address", metavar="TEXT", help="The consumer's address; - reads a line of standard input.")
    ] = "",
    policy: Annotated[str, typer.Option("--policy", metavar="NAME", help="The policy [the register's].")] = "",
    new_platform: Annotated[
        bool, typer.Option("--new-platform", help="Enter the platform too, where the policy is about any business.")
    ] = False,
    duplicate_days: DuplicateDays = 7,
    at: At = "",
    note: Note = "",
    yes: Annotated[bool, typer.Option("--yes", help="Ask for what is missing, but not before writing.")] = False,
    fmt: Format = "",
) -> None:
    """Enter a complaint that was received; on a terminal, asks for what is missing when no platform is given."""
    session: Session = context.obj
    check_format(fmt)
    personal_data = {"consumer": consumer, "phone": phone, "email": email, "address": address}
    contacts = from_input(context, personal_data)
    with session.register() as register:
        given = {"platform": platform, "category": category, "at": at, "number": number, "seller": seller}
        given |= {"summary": summary, "consumer": contacts["consumer"], "phone": contacts["phone"]}
        given |= {name: "" for name in ("number", "seller", "summary") if given[name].strip() == CLEAR}
        policy = policy or register.facts["policy"]
        asked = not platform and session.asks
        if asked:
            from dealtrack.cli.dialogue import agree, ask

            given = ask(session, register, given, policy)
        elif not platform:
            known = ", ".join(entry.name for entry in register.platforms[:6])
            raise MissingValue(what="The platform", option=Phrase("--platform NAME ({known})", known=known))
        # What was asked for was agreed to then.
        platform_name = platform_given(session, register, given["platform"], policy, new_platform or asked)
        category_name = category_named(given["category"] or "other")
        texts = {
            "number": check_number(clean_field("number", given["number"])),
            "owner": "" if owner.strip() == CLEAR else clean_field("owner", owner) or session.actor,
            "summary": clean_field("summary", given["summary"]),
        }
        detail: dict[str, Any] = {
            "platform": platform_name,
            "category": category_name,
            "policy": policy,
            **{name: text for name, text in texts.items() if text},
            **told(note),
        }
        if given["seller"]:
            detail["seller"] = seller_named(given["seller"])
        if asked and not yes:
            agree(session, register, detail, given["at"])
        draft = Draft(Kind.RECEIVED, session.moment(given["at"], register.zone), detail)
        contacts |= {"consumer": given["consumer"], "phone": given["phone"]}
        personal = Personal(**{field: contact_typed(field, text) or None for field, text in contacts.items()})
        held = personal if personal != Personal() else None
        with register.recording(session.now, session.actor) as recorder:
            detail["policy"] = recorder.use_policy(detail["policy"], find_policy)
            is_new = enter_if_new(register, recorder, platform_name)
            watch = Watch(register, duplicate_days)
            id_ = recorder.record(Work(None, (draft,), held)).id
            recorder.flush()
            alike = merged([*watch.by_number(id_), *watch.by_contact()])
        if is_new:
            tell(f"dealtrack: {_('new platform: {name}').format(name=platform_name)}")
        show_change(session, register, [id_], fmt)
        for like in alike:
            tell(lookalike_line(like, register.zone))


def find_policy(name: str) -> list[Policy]:
    """Return the versions of a policy that the register has not taken in; raises UnknownPolicy and BadPolicyFile."""
    from dealtrack import settings
    from dealtrack.sources.policies import load_policy

    return load_policy(name, settings.data_folder(), settings.user_folder())


def forward(
    context: typer.Context,
    ids: Complaints = None,
    numbers: Numbers = None,
    at: At = "",
    note: Note = "",
    fmt: Format = "",
) -> None:
    """Record that complaints were forwarded to the business department."""
    record_transition(context, Kind.FORWARDED, ids, numbers, at, told(note), fmt)


def complete(
    context: typer.Context,
    ids: Complaints = None,
    numbers: Numbers = None,
    at: At = "",
    outcome: Annotated[
        str,
        typer.Option(
            "--outcome",
            metavar="WORD",
            help="advance-compensation, refund, exchange, repair, compensation, no-agreement or other.",
        ),
    ] = "",
    amount: Annotated[str, typer.Option("--amount", metavar="MONEY", help="The sum paid, as 1299.50.")] = "",
    note: Note = "",
    fmt: Format = "",
) -> None:
    """Record that the handling of complaints was completed."""
    record_transition(context, Kind.COMPLETED, ids, numbers, at, told_of_end(note, outcome, amount), fmt)


def withdraw(
    context: typer.Context,
    ids: Complaints = None,
    numbers: Numbers = None,
    at: At = "",
    reason: Reason = "",
    note: Note = "",
    fmt: Format = "",
) -> None:
    """Record that consumers withdrew their complaints."""
    record_transition(context, Kind.WITHDRAWN, ids, numbers, at, told(note, reason=reason), fmt)


def reject(
    context: typer.Context,
    ids: Complaints = None,
    numbers: Numbers = None,
    at: At = "",
    reason: Reason = "",
    note: Note = "",
    fmt: Format = "",
) -> None:
    """Record that complaints were not accepted, with the reason."""
    record_transition(context, Kind.REJECTED, ids, numbers, at, told(note, reason=given_reason(reason)), fmt)


def note(
    context: typer.Context,
    ids: Complaints = None,
    numbers: Numbers = None,
    at: At = "",
    text: Note = "",
    fmt: Format = "",
) -> None:
    """Note something about complaints."""
    if text.strip() in ("", CLEAR):
        raise MissingValue(what="The note", option="--note TEXT")
    record_transition(context, Kind.NOTED, ids, numbers, at, told(text), fmt)
