"""Entering a complaint by questions, on a terminal: each answer is checked at once, and nothing is written unasked."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import typer

from dealtrack.cli.consent import is_agreed
from dealtrack.cli.describe import change_lines
from dealtrack.cli.language import _, _p, say
from dealtrack.cli.new_platform import platform_given
from dealtrack.cli.session import Session, category_named, show_value
from dealtrack.cli.terminal import tell
from dealtrack.cli.terms import said
from dealtrack.core.category import CATEGORIES
from dealtrack.core.lengths import NAME, longest
from dealtrack.core.lifecycle import Kind, check_next
from dealtrack.core.moments import show_moment
from dealtrack.core.standing import foreseen
from dealtrack.core.text import clean_input, safe_text
from dealtrack.errors import AmbiguousNumber, DealtrackError, UnknownComplaint
from dealtrack.phrase import Word, listed
from dealtrack.register.register import Register


class Question(NamedTuple):
    """A value that is asked for: how, what an empty answer stands for (None: it is asked again), what refuses one."""

    field: str
    label: str
    default: str | None
    check: Callable[[str], object]


def ask(session: Session, register: Register, given: Mapping[str, str], policy: str) -> dict[str, str]:
    """Return what was given, with what was left empty asked for on standard error; raises typer.Abort at its end.

    A platform that the register does not know may be agreed to, where the policy is about any business.
    """
    answers = dict(given)
    names = ", ".join(platform.name for platform in register.platforms)
    if names:
        _say(_("Platforms: {names}").format(names=names))
    _say(_("Categories: {names}").format(names=say(listed(map(Word, CATEGORIES)))))
    for question in _questions(session, register, policy):
        while not answers[question.field]:
            text = str(typer.prompt(question.label, question.default, err=True, show_default=bool(question.default)))
            try:
                question.check(text)
            except DealtrackError as error:
                _say(error.message(show_value, _))
            else:
                answers[question.field] = text
                break
    return answers


def _questions(session: Session, register: Register, policy: str) -> list[Question]:
    from dealtrack.cli.add import contact_typed, seller_named

    def short(text: str) -> object:
        return clean_input(text, _("This"), NAME)

    def platform(text: str) -> object:
        return platform_given(session, register, text, policy, may_enter=False)

    def received(text: str) -> None:
        check_next(0, (), Kind.RECEIVED, session.moment(text, register.zone).start, session.now)

    def number(text: str) -> None:
        if not short(text):
            return
        try:
            known = register.find(text.strip())
        except (UnknownComplaint, AmbiguousNumber):
            return
        _say(_("complaint {known} has this number already").format(known=known))

    return [
        Question("platform", _("Platform"), None, platform),
        Question("category", _("Category"), _("other"), category_named),
        Question("at", _("Received"), _p("moment", "now"), received),
        Question("number", _("Its number elsewhere, if any"), "", number),
        Question(
            "seller", _("Seller, platform or third-party, if known"), "", lambda text: text and seller_named(text)
        ),
        Question("summary", _("What it is about"), "", lambda text: clean_input(text, _("This"), longest("summary"))),
        Question("consumer", _("The consumer's name, if known"), "", short),
        Question("phone", _("The consumer's phone, if known"), "", lambda text: contact_typed("phone", text)),
    ]


def agree(session: Session, register: Register, detail: Mapping[str, Any], at: str) -> None:
    """Show a complaint that is to be entered with the deadlines that it would have, and ask; raises typer.Abort."""
    from dealtrack.cli.add import find_policy

    name = detail["policy"]
    versions = register.policies.get(name) or find_policy(name)
    moment = session.moment(at, register.zone).start
    standing = foreseen(detail, versions, moment, register.calendar, register.zone, session.now)
    known = ", ".join(said(field, detail[field]) for field in ("number", "platform", "category") if field in detail)
    _say(_("{known}: received {moment}").format(known=known, moment=show_moment(moment, register.zone)))
    for line in list(change_lines([standing], register.zone))[1:]:
        _say(line)
    if not is_agreed(_("Enter it?"), default=True):
        raise typer.Abort


def _say(text: str) -> None:
    tell(safe_text(text))
