"""The command that enters a complaint, by its options or, on a terminal, by questions."""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, NamedTuple

import typer

from dealtrack.cli import options
from dealtrack.cli.changes import show_change
from dealtrack.cli.language import _, _p, say, say_field
from dealtrack.cli.options import CLEAR, FROM_INPUT, At, DuplicateDays, Format, Note, flag, option
from dealtrack.cli.output import NOTHING, change_lines, lookalike_line
from dealtrack.cli.session import Session, ask, choice, is_agreed, show_value
from dealtrack.cli.terminal import aligned_lines, tell, terminal_width, warn
from dealtrack.cli.transitions import NOTE, read_detail, read_limits
from dealtrack.core.complaint_state import ComplaintState
from dealtrack.core.lifecycle import LIMITS, Kind
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
BACK = ("<", "＜", "《")
"""What goes back in the dialogue; a Chinese keyboard types the others for it."""

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
    consumer: Annotated[str, option("NAME", "Consumer's name.")],
    phone: Annotated[str, option("NUMBER", "Consumer's phone number.")],
    email: Annotated[str, option("ADDRESS", "Consumer's e-mail address.")],
    address: Annotated[str, option("TEXT", "Consumer's postal address.")],
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

    On a terminal, prompts for the details if --platform is omitted. For --consumer, --phone, --email and --address, @-
    reads a line from standard input.
    """
    session: Session = context.obj
    texts = {"consumer": consumer, "phone": phone, "email": email, "address": address}
    # A lone dash was the mark for that before amend, in which it empties a field, had one.
    answers = options.read_lines(context, texts, FROM_INPUT)
    answers |= {"platform": platform, "category": category, "at": at, "number": number, "seller": seller}
    answers |= {"summary": summary, "owner": owner, "note": note}
    with session.register() as register:
        answers |= {name: "" for name in ("number", "seller", "summary") if answers[name].strip() == CLEAR}
        policy = policy or register.facts["policy"]
        limits = {LIMITS: read_limits(session, register.zone, limit)} if limit else {}
        if not platform and session.asks:
            answers = _ask(session, register, answers, policy, limits, yes)
            # What is not known was agreed to then.
            platform_name = answers["platform"]
        elif not platform:
            names = _(", ").join(say_field("platform", entry.name) for entry in register.platforms[:6])
            raise MissingValue(what="The platform", option=Phrase("--platform NAME ({known})", known=names))
        else:
            platform_name = _platform_of(session, register, platform, policy, new_platform)
        detail = receipt_detail(answers, platform_name, policy, session.actor) | limits
        moment = session.moment(answers["at"], register.zone)
        personal = Personal(*(options.read_contact(field, answers[field]) or None for field in Personal._fields))
        with session.recording(register) as recorder:
            is_new = match_platform(platform_name, register.platforms) is None
            if is_new:
                recorder.enter_platform(Platform(platform_name))
            duplicates = DuplicateFinder(register, duplicate_days, recorder.last)
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


class Question(NamedTuple):
    """What the dialogue asks for: a field, how, its default (None: there is none), and what refuses an answer.

    One that is not asked at once can be chosen before the complaint is saved.
    """

    field: str
    label: str
    default: str | None
    check: AnswerCheck
    is_asked: bool = True


def _ask(
    session: Session,
    register: Register,
    values: Mapping[str, str],
    policy: str,
    limits: Mapping[str, Any],
    yes: bool,
) -> dict[str, str]:
    """Return values, those that were left empty asked for on standard error; raises typer.Abort at its end.

    Unless `yes` all are shown in the end, with the deadlines that follow, until a person agrees; raises typer.Abort.
    """
    answers = dict(values)
    names = _(", ").join(say_field("platform", platform.name) for platform in register.platforms)
    if names:
        tell(_("Platforms: {names}", names=names))
    tell(_("Categories: {names}", names=say(listed(map(Word, CATEGORIES)))))
    tell(_("To go back to the previous question, answer <."))
    questions = _questions(session, register, policy)
    asked = [question for question in questions if question.is_asked and not values[question.field]]
    place = 0
    while place < len(asked):
        place = place + 1 if _answer(asked[place], answers) else max(0, place - 1)
    while not yes:
        _show_answers(session, register, questions, answers, policy, limits)
        chosen = choice(_("Save this complaint?"), True, len(questions))
        if chosen is False:
            raise typer.Abort
        if chosen is True:
            break
        _answer(questions[chosen - 1], answers)
    return answers


def _answer(question: Question, answers: dict[str, str]) -> bool:
    """Put what is answered to a question among the answers; return False to go back. Raises typer.Abort."""
    field = question.field
    default = answers[field] or question.default
    if field == "platform" and default:
        default = say_field(field, default)
    while True:
        text = ask(question.label, default).strip()
        if text in BACK:
            return False
        if text == CLEAR and question.default == "":
            text = ""
        try:
            read = question.check(text)
        except DealtrackError as error:
            tell(error.message(show_value, _))
        else:
            # A platform by the name that it was found, or agreed to be entered, under.
            answers[field] = str(read) if field == "platform" else text
            return True


def _questions(session: Session, register: Register, policy: str) -> list[Question]:
    def short(text: str) -> object:
        return clean_input(text, _("This"), NAME)

    def platform(text: str) -> object:
        return _platform_of(session, register, text, policy, may_enter=False, in_dialogue=True)

    def received(text: str) -> None:
        check_next(ComplaintState(0), Kind.RECEIVED, session.moment(text, register.zone).start, session.now)

    def seller(text: str) -> object:
        return text and options.read_seller(text)

    def number(text: str) -> None:
        with suppress(UnknownComplaint, AmbiguousNumber):
            if short(text):
                tell(_("complaint {known} has this number already", known=register.find(text.strip())))

    def asks(field: str) -> bool:
        return bool(session.settings.value(f"ask.{field}"))

    def contact(field: str) -> AnswerCheck:
        return lambda text: options.read_contact(field, text)

    return [
        Question("platform", _("Platform"), None, platform),
        Question("category", _("Category"), _("other"), options.read_category),
        Question("at", _("Received"), _p("moment", "now"), received),
        Question("number", _("External number, if any"), "", number),
        Question("seller", _("Seller (platform or third-party), if known"), "", seller),
        Question("summary", _("Summary"), "", lambda text: clean_input(text, _("This"), longest("summary"))),
        Question("consumer", _("Consumer's name, if known"), "", short),
        Question("phone", _("Consumer's phone number, if known"), "", contact("phone")),
        Question("email", _("Consumer's e-mail, if known"), "", contact("email"), False),
        Question("address", _("Consumer's address, if known"), "", contact("address"), False),
        Question("owner", _("Owner"), session.actor, lambda text: clean_field("owner", text), asks("owner")),
        Question("note", _("Note, if any"), "", lambda text: clean_field("note", text), asks("note")),
    ]


def _show_answers(
    session: Session,
    register: Register,
    questions: Sequence[Question],
    answers: Mapping[str, str],
    policy: str,
    limits: Mapping[str, Any],
) -> None:
    """Show a complaint that is to be entered with the deadlines that it would have; raises as `receipt_detail` does."""
    shown = {**answers, "platform": say_field("platform", answers["platform"])}
    rows = [
        (str(place), question.label, shown[question.field] or question.default or NOTHING)
        for place, question in enumerate(questions, 1)
    ]
    for line in aligned_lines(rows, terminal_width(sys.stderr)):
        tell(line)
    detail = {**receipt_detail(answers, answers["platform"], policy, session.actor), **limits}
    moment, versions = session.moment(answers["at"], register.zone).start, _versions(register, policy)
    standing = projected_standing(detail, versions, moment, register.calendar, register.zone, session.now)
    fields = [field for field in ("number", "platform", "category") if field in detail]
    names = _(", ").join(say_field(field, detail[field]) for field in fields)
    tell(_("{known}: received {moment}", known=names, moment=show_moment(moment, register.zone)))
    for line in list(change_lines([standing], register.zone))[1:]:
        tell(line)
    tell(_("To change an answer, enter its number."))


def _platform_of(
    session: Session, register: Register, text: str, policy: str, may_enter: bool, in_dialogue: bool = False
) -> str:
    """Return the name of the platform that a text means for a new complaint of a policy; nothing is entered yet.

    One that the register does not know is taken where it may be entered, or a person on a terminal agrees; one that
    is not on the list of a policy of listed platforms, in the dialogue alone.
    Raises UnknownPlatform, PlatformsListed, UnlistedPlatform, UnknownPolicy and BadText.
    """
    try:
        return options.read_platform(register, text)
    except UnknownPlatform:
        is_open = _versions(register, policy)[-1].is_open
        if may_enter and not is_open:
            raise PlatformsListed(name=text, policy=policy) from None
        if not text.strip() or not (is_open or in_dialogue):
            raise
        name = clean_field("platform", text)
        near = suggestion(say_field("platform", each) for each in nearest_platforms(name, register.platforms))
        question = _("{name} is not in the list of platforms.{nearest} Add it?", name=name, nearest=say(near))
        if may_enter or (session.asks and is_agreed(question)):
            return name
        if not is_open:
            raise
    raise UnlistedPlatform(name=name, nearest=near)


def _versions(register: Register, policy: str) -> Sequence[Policy]:
    """Return the versions of a policy, of the register or of a file; raises UnknownPolicy and BadPolicyFile."""
    return register.policies.get(policy) or options.read_policy(policy)
