"""The command that enters a complaint, by its options or, on a terminal, by questions."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any

import typer

from dealtrack.cli import options
from dealtrack.cli.language import _, _p, say, say_field
from dealtrack.cli.options import CLEAR, At, DuplicateDays, Format, Note, flag, option
from dealtrack.cli.output import change_lines, lookalike_line
from dealtrack.cli.session import Session, ask_to_go_on, is_agreed, show_value
from dealtrack.cli.terminal import tell, warn
from dealtrack.cli.transitions import NOTE, read_detail, read_limits, show_change
from dealtrack.core.lifecycle import LIMITS, ComplaintState, Kind
from dealtrack.core.limits import check_next
from dealtrack.core.moments import Moment, show_moment
from dealtrack.core.platform import Platform, match_platform, nearest_platforms
from dealtrack.core.policy import Policy
from dealtrack.core.standing import projected_standing
from dealtrack.core.text import clean_input
from dealtrack.core.vocabulary import CATEGORIES, NAME, clean_field, longest
from dealtrack.errors import (
    AmbiguousNumber,
    DealtrackError,
    MissingValue,
    PlatformsListed,
    UnknownComplaint,
    UnknownPlatform,
    UnlistedPlatform,
    suggestion,
)
from dealtrack.phrase import Phrase, Word, listed
from dealtrack.register.queries import Personal
from dealtrack.register.recorder import Proposal, RecordedComplaint, Recorder, Work
from dealtrack.register.register import Register
from dealtrack.register.search import DuplicateFinder, merged

AnswerCheck = Callable[[str], object]
LIMIT_TAKEN = "Limit written on the complaint, e.g. forward=2016-11-12T12:00; a day means its end; repeatable."
CATEGORIES_TAKEN = "Category: quality, delivery, mismatch, cancelled-order, advertising or other [default: other]."


def add(
    context: typer.Context,
    *,
    platform: Annotated[str, option("NAME", "Platform, by name or alias.")],
    category: Annotated[str, option("NAME", CATEGORIES_TAKEN)],
    number: Annotated[str, option("NUMBER", "External reference number, e.g. from 12315.")],
    seller: Annotated[str, option("TYPE", "Seller: platform or third-party.")],
    owner: Annotated[str, option("WHO", "Owner: first person or unit responsible [default: you].")],
    summary: Annotated[str, option("TEXT", "Summary of the complaint.")],
    consumer: Annotated[str, option("NAME", "Consumer's name; - reads a line from standard input.")],
    phone: Annotated[str, option("NUMBER", "Consumer's phone number; - reads a line from standard input.")],
    email: Annotated[str, option("ADDRESS", "Consumer's e-mail address; - reads a line from standard input.")],
    address: Annotated[str, option("TEXT", "Consumer's postal address; - reads a line from standard input.")],
    policy: Annotated[str, option("NAME", "Policy [default: the register's].")],
    new_platform: Annotated[bool, flag("Add the platform if it is new; only for policies that cover any business.")],
    duplicate_days: DuplicateDays = 7,
    limit: Annotated[list[str], option("STAGE=TIME", LIMIT_TAKEN)],
    at: At,
    note: Note,
    yes: Annotated[bool, flag("Save without asking for confirmation.")],
    fmt: Format,
) -> None:
    """Record a new complaint.

    On a terminal, prompts for the details if --platform is omitted.
    """
    session: Session = context.obj
    answers = options.read_lines(context, {"consumer": consumer, "phone": phone, "email": email, "address": address})
    answers |= {"platform": platform, "category": category, "at": at, "number": number, "seller": seller}
    answers["summary"] = summary
    with session.register() as register:
        answers |= {name: "" for name in ("number", "seller", "summary") if answers[name].strip() == CLEAR}
        policy = policy or register.facts["policy"]
        asks = not platform and session.asks
        if asks:
            answers = _ask(session, register, answers, policy)
        elif not platform:
            names = _(", ").join(say_field("platform", entry.name) for entry in register.platforms[:6])
            raise MissingValue(what="The platform", option=Phrase("--platform NAME ({known})", known=names))
        # What was asked for was agreed to then.
        platform_name = _platform_of(session, register, answers["platform"], policy, new_platform or asks)
        detail = receipt_detail({**answers, "owner": owner, "note": note}, platform_name, policy, session.actor)
        if limit:
            detail[LIMITS] = read_limits(session, register.zone, limit)
        if asks and not yes:
            _agree(session, register, detail, answers["at"])
        moment = session.moment(answers["at"], register.zone)
        personal = Personal(*(options.read_contact(field, answers[field]) or None for field in Personal._fields))
        with session.recording(register) as recorder:
            is_new = match_platform(platform_name, register.platforms) is None
            if is_new:
                recorder.enter_platform(Platform(platform_name))
            duplicates = DuplicateFinder(register, duplicate_days)
            recorded = record_receipt(recorder, moment, detail, personal if personal != Personal() else None)
            id_ = recorded.complaint.id
            recorder.flush()
            alike = merged([*duplicates.by_number(id_), *duplicates.by_contact()])
        if is_new:
            warn(_("platform added: {name}", name=platform_name))
        show_change(session, register, [recorded], fmt)
        for like in alike:
            tell(lookalike_line(like, register.zone))


def record_receipt(
    recorder: Recorder, moment: Moment, detail: Mapping[str, Any], personal: Personal | None = None
) -> RecordedComplaint:
    """Record a new complaint, and take in its policy where the register has not yet; raises what recording raises."""
    policy = recorder.use_policy(detail["policy"], options.read_policy)
    return recorder.record(Work(None, (Proposal(Kind.RECEIVED, moment, {**detail, "policy": policy}),), personal))


def receipt_detail(answers: Mapping[str, str], platform: str, policy: str, actor: str) -> dict[str, Any]:
    """Return the detail of a receipt that answers state, its owner by default the one who acts.

    Raises what reading the answers raises.
    """
    category, owner = options.read_category(answers["category"] or "other"), answers["owner"]
    texts = {
        "number": options.read_number(answers["number"]),
        "owner": "" if owner.strip() == CLEAR else clean_field("owner", owner) or actor,
        "summary": clean_field("summary", answers["summary"]),
    }
    detail = {"platform": platform, "category": category, "policy": policy}
    detail |= {name: text for name, text in texts.items() if text}
    detail |= read_detail((NOTE,), answers)
    if answers["seller"]:
        detail["seller"] = options.read_seller(answers["seller"])
    return detail


def _ask(session: Session, register: Register, values: Mapping[str, str], policy: str) -> dict[str, str]:
    """Return values, those that were left empty asked for on standard error; raises typer.Abort at its end.

    A platform that the register does not know may be agreed to, where the policy is about any business.
    """
    answers = dict(values)
    names = _(", ").join(say_field("platform", platform.name) for platform in register.platforms)
    if names:
        tell(_("Platforms: {names}", names=names))
    tell(_("Categories: {names}", names=say(listed(map(Word, CATEGORIES)))))
    for field, label, default, check in _prompts(session, register, policy):
        while not answers[field]:
            text = str(typer.prompt(label, default, err=True, show_default=bool(default)))
            try:
                check(text)
            except DealtrackError as error:
                tell(error.message(show_value, _))
            else:
                answers[field] = text
                break
    return answers


def _prompts(session: Session, register: Register, policy: str) -> list[tuple[str, str, str | None, AnswerCheck]]:
    """Return what is asked for: the field, how, the default (None: there is none), and what refuses an answer."""

    def short(text: str) -> object:
        return clean_input(text, _("This"), NAME)

    def platform(text: str) -> object:
        return _platform_of(session, register, text, policy, may_enter=False)

    def received(text: str) -> None:
        check_next(ComplaintState(0), Kind.RECEIVED, session.moment(text, register.zone).start, session.now)

    def seller(text: str) -> object:
        return text and options.read_seller(text)

    def number(text: str) -> None:
        with suppress(UnknownComplaint, AmbiguousNumber):
            if short(text):
                tell(_("complaint {known} has this number already", known=register.find(text.strip())))

    return [
        ("platform", _("Platform"), None, platform),
        ("category", _("Category"), _("other"), options.read_category),
        ("at", _("Received"), _p("moment", "now"), received),
        ("number", _("External number, if any"), "", number),
        ("seller", _("Seller (platform or third-party), if known"), "", seller),
        ("summary", _("Summary"), "", lambda text: clean_input(text, _("This"), longest("summary"))),
        ("consumer", _("Consumer's name, if known"), "", short),
        ("phone", _("Consumer's phone number, if known"), "", lambda text: options.read_contact("phone", text)),
    ]


def _agree(session: Session, register: Register, detail: Mapping[str, Any], at: str) -> None:
    """Show a complaint that is to be entered with the deadlines that it would have, and ask; raises typer.Abort."""
    moment, versions = session.moment(at, register.zone).start, _versions(register, detail["policy"])
    standing = projected_standing(detail, versions, moment, register.calendar, register.zone, session.now)
    fields = [field for field in ("number", "platform", "category") if field in detail]
    names = _(", ").join(say_field(field, detail[field]) for field in fields)
    tell(_("{known}: received {moment}", known=names, moment=show_moment(moment, register.zone)))
    for line in list(change_lines([standing], register.zone))[1:]:
        tell(line)
    ask_to_go_on(_("Save this complaint?"), default=True)


def _platform_of(session: Session, register: Register, text: str, policy: str, may_enter: bool) -> str:
    """Return the name of the platform that a text means for a new complaint of a policy; nothing is entered yet.

    One that the register does not know is taken where it may be entered, or a person on a terminal agrees.
    Raises UnknownPlatform, PlatformsListed, UnlistedPlatform, UnknownPolicy, BadPolicyFile and BadText.
    """
    try:
        return options.read_platform(register, text)
    except UnknownPlatform:
        if not text.strip() or not _versions(register, policy)[-1].is_open:
            if may_enter:
                raise PlatformsListed(name=text, policy=policy) from None
            raise
    name = clean_field("platform", text)
    question = _("{name} is not in the list of platforms. Add it?", name=name)
    if may_enter or (session.asks and is_agreed(question)):
        return name
    raise UnlistedPlatform(name=name, nearest=suggestion(nearest_platforms(name, register.platforms)))


def _versions(register: Register, policy: str) -> Sequence[Policy]:
    """Return the versions of a policy, of the register or of a file; raises UnknownPolicy and BadPolicyFile."""
    return register.policies.get(policy) or options.read_policy(policy)
