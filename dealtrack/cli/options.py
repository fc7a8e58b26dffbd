"""The arguments and options that several commands share, and what their values mean."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from functools import partial
from inspect import Parameter, Signature, signature
from io import TextIOWrapper, UnsupportedOperation
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TextIO, get_args

import typer

from dealtrack import settings
from dealtrack.cli.language import CHINESE, ENGLISH, _, heading, say_field, translated
from dealtrack.cli.usage import ORDER
from dealtrack.core.lifecycle import Status
from dealtrack.core.policy import Policy
from dealtrack.core.text import clean_input
from dealtrack.core.vocabulary import (
    CATEGORIES,
    CATEGORY,
    OUTCOME,
    OUTCOMES,
    SELLER,
    Vocabulary,
    clean_field,
    longest,
    nearest_names,
)
from dealtrack.errors import (
    BadText,
    MissingValue,
    UnknownCategory,
    UnknownOutcome,
    UnknownPlatform,
    UnknownWord,
    suggestion,
)
from dealtrack.phrase import Phrase, Word, listed
from dealtrack.register.queries import OPEN, Filter
from dealtrack.register.register import Register

# Typer makes the options of the command that is called alone: each takes as long as a third of a module.


def argument(takes: str, help: str) -> partial[Any]:
    """Return what makes an argument, by what it takes; one in brackets, or of a list, may be left out."""
    return partial(typer.Argument, metavar=takes, help=help, show_default=False)


def option(takes: str, help: str, *names: str, **more: Any) -> partial[Any]:
    """Return what makes an option, by what it takes; without a name it has its parameter's."""
    return partial(typer.Option, *names, metavar=takes, help=help, **more)


def flag(help: str, *names: str) -> partial[Any]:
    """Return what makes an option that takes nothing; without a name it has its parameter's."""
    return partial(typer.Option, *names, help=help)


FORMATS_TAKEN = "Output format: table, plain, csv, json or jsonl [default: table on a terminal, else plain]."
LIKENESS = "Warn if the same consumer complained about the platform within N days [default: 7]."
STATUSES_TAKEN = "Only this status: open, received, accepted, forwarded, paused or closed; repeatable, matches any."
At = Annotated[str, option("TIME", "Time of the event, e.g. 2016-11-11 21:30 or yesterday 17:00 [default: now].")]
Note = Annotated[str, option("TEXT", "Note.")]
Format = Annotated[str, option("FORMAT", FORMATS_TAKEN, "--format")]
DuplicateDays = Annotated[int, option("N", LIKENESS, min=0, max=3660, show_default=False)]
StatusNames = Annotated[list[str], option("STATUS", STATUSES_TAKEN)]
PlatformNames = Annotated[list[str], option("NAME", "Only this platform; repeatable, matches any.")]
Reveal = Annotated[bool, flag("Show personal data unmasked.")]
Encoding = Annotated[str, option("NAME", "Text encoding, e.g. gb18030 or cp1252 [default: detected].")]
Yes = Annotated[bool, flag("Do not ask for confirmation.")]
Columns = Annotated[str, option("COLUMNS", "Columns to show, in this order, e.g. id,platform,handler.")]


MORE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "list": ("handler",),
    "overdue": ("handler", "received", "summary"),
    "due": ("handler", "received", "summary", "left"),
}
"""The columns that a command shows on request, beside those of its records."""


class ComplaintNames(NamedTuple):
    """The complaints that a command line names."""

    ids: Annotated[
        list[str], argument("[ID]...", "Complaint IDs, e.g. 3, 3-7 or 3,5,9-12; - reads them from standard input.")
    ]
    numbers: Annotated[list[str], option("NUMBER", "Complaint by its external number; repeatable.", "--number")]


class FilterOptions(NamedTuple):
    """Which complaints a command is about, as it was typed."""

    platform: PlatformNames
    category: Annotated[list[str], option("NAME", "Only this category; repeatable, matches any.")]
    owner: Annotated[list[str], option("WHO", "Only this owner; repeatable, matches any.")]
    handler: Annotated[list[str], option("WHO", "Only what this person or unit handles now; repeatable, matches any.")]


class SavedFilter(NamedTuple):
    """Which saved filter applies, as it was typed."""

    filter: Annotated[str, option("NAME", "Saved filter: filters.NAME of your settings.")]
    all: Annotated[bool, flag("Show everything: ignore the default filter; in list, closed complaints too.")]


class ReceivedDays(NamedTuple):
    """Between which days complaints were received, both included, as it was typed."""

    first: Annotated[str, option("DAY", "Received on or after this date.", "--from")]
    last: Annotated[str, option("DAY", "Received on or before this date.", "--to")]


class ViewTimes(NamedTuple):
    """At which time, and known up to which, the register is seen, as it was typed."""

    as_of: Annotated[str, option("TIME", "Show the register as it stood at this time [default: now].")]
    known_at: Annotated[str, option("TIME", "Ignore anything recorded after this time [default: ignore nothing].")]


def command_function(function: Callable[..., None], is_quiet: bool, is_for_people: bool = False) -> Callable[..., None]:
    """Return the function of a command as Typer calls it: with the context, and with each option by its name.

    A command that can be quiet has --quiet, one that `asks`, or may ask and so has --yes, --no-input too, and one whose
    list people open in Excel --for-people, which is a format.
    The function itself is given the session, unless it takes the context, and named tuples of options as such.
    An option without a default may be left out: it is an empty text or list, no flag, else None. A format is one that
    there is. Raises UnknownWord and BadText.
    """
    first, *rest = signature(function).parameters.values()
    tuples: dict[str, Any] = {each.name: each.annotation for each in rest if isinstance(each.annotation, type)}
    is_format_checked = any(each.annotation is Format for each in rest)

    def run(context: typer.Context, **values: Any) -> None:
        if values.pop("no_input", False):
            context.obj.may_ask = False
        if values.pop("quiet", False):
            context.obj.is_quiet = True
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - closed as the command ends
            context.with_resource(redirect_stdout(context.with_resource(nowhere)))
        if is_for_people and values.pop("for_people"):
            if values["fmt"]:
                raise BadText(what="--for-people", reason="is a format of its own: omit --format")
            values["fmt"] = "people"
        elif is_format_checked and values["fmt"]:
            from dealtrack.cli.output import check_format

            check_format(values["fmt"])
        for name, fields in tuples.items():
            values[name] = fields(*(values.pop(field) for field in fields._fields))
        function(context if first.annotation is typer.Context else context.obj, **values)

    run.__doc__ = function.__doc__
    parameters = [Parameter("context", Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    for each in rest:
        fields = tuples[each.name].__annotations__ if each.name in tuples else {each.name: each.annotation}
        parameters += [_typer_parameter(name, annotation, each.default) for name, annotation in fields.items()]
    quiet = ("quiet", flag("Suppress output except errors and warnings."), is_quiet)
    may_ask = getattr(function, "asks", False) or any(each.name == "yes" for each in rest)
    people = ("for_people", flag("CSV for Excel, in your language."), is_for_people)
    for name, make, has_it in (people, quiet, ("no_input", flag("Never prompt."), may_ask)):
        parameters += [_typer_parameter(name, Annotated[bool, make], False)] if has_it else []
    run.__annotations__, run.__signature__ = {}, Signature(parameters)  # type: ignore[attr-defined]
    return run


def _typer_parameter(name: str, annotation: Any, default: Any) -> Parameter:
    """Return an option or argument with its name and default."""
    kind, make = get_args(annotation)
    may_be_left_out = True
    if make.func is typer.Argument:
        may_be_left_out = kind == list[str] or make.keywords["metavar"].startswith("[")
    elif not make.args:
        make = partial(make, f"--{name.strip('_').replace('_', '-')}")
    if may_be_left_out and default is Parameter.empty:
        default = {str: "", bool: False, list[str]: []}.get(kind)
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, make()])


CLEAR = FROM_INPUT = "-"
"""Stands for nothing, where a field may be empty, or for standard input."""

READ = "@-"
"""Stands for a line of standard input, also where a lone dash empties a field."""

STATUS = Vocabulary(
    {
        OPEN: ("未结",),
        Status.RECEIVED: ("已收到", "收到", "接收"),
        Status.ACCEPTED: ("已受理", "受理"),
        Status.FORWARDED: ("已转办", "转办"),
        Status.PAUSED: ("已中止", "中止"),
        Status.CLOSED: ("已结", "结案"),
        Status.VOIDED: ("已作废", "作废"),
    }
)
"""What --status takes."""

STATUSES = tuple(STATUS.others)


def read_complaints(register: Register, ids: Sequence[str], numbers: Sequence[str]) -> list[int]:
    """Return the register ids of the complaints named by id, list, range or external number, each once, in order.

    A lone dash stands for what standard input names; where that is nothing, so is the list.
    Raises MissingValue, UnknownComplaint or AmbiguousNumber.
    """
    from dealtrack.core.references import parse_ids, read_ids

    complaints: list[int] = []
    for text in ids:
        for stretch in read_ids(_input_lines()) if text == FROM_INPUT else parse_ids(text):
            if len(stretch) > 1:
                # A range is checked before it is counted out: its end may be a slip of many digits.
                register.history(stretch[-1])
            complaints.extend(stretch)
    complaints.extend(register.find(clean_input(text, "--number", longest("number"))) for text in numbers)
    if not complaints and FROM_INPUT not in ids:
        raise MissingValue(what="The complaint", option="its ID, e.g. 12, or --number BJ-2016-001")
    return list(dict.fromkeys(complaints))


def read_complaint(register: Register, text: str) -> int:
    """Return the register id of the one complaint that a text means, by its id or external number.

    Raises BadReference, UnknownComplaint or AmbiguousNumber.
    """
    from dealtrack.core.references import parse_ids

    if text.isascii() and text.isdigit():
        (stretch,) = parse_ids(text)
        register.history(stretch[0])
        return stretch[0]
    return register.find(clean_input(text, "--into", longest("number")))


def _input_lines() -> TextIO:
    # What was read of it already was read so.
    with suppress(UnsupportedOperation):
        if isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    return sys.stdin


def read_lines(context: typer.Context, values: Mapping[str, str], *marks: str) -> dict[str, str]:
    """Return the values of options, of those that are READ, or a mark, a line of standard input each, in their order.

    What is read so stands in no argument, which other users of the machine can see. On a terminal each is asked for.
    Raises MissingValue where the lines do not suffice.
    """
    read = dict(values)
    for name in context.meta.get(ORDER, ()):
        if values.get(name, "").strip() in (READ, *marks):
            read[name] = _line_for(name)
    return read


def _line_for(name: str) -> str:
    if sys.stdin.isatty() and sys.stderr.isatty():
        return str(typer.prompt(heading(name), "", err=True, show_default=False, prompt_suffix=_(": ")))
    line = _input_lines().readline()
    if not line:
        what = Phrase("Line of standard input for --{name}", name=name)
        raise MissingValue(what=what, option="one line per such option, in the same order")
    return line.rstrip("\r\n")


def read_platform(register: Register, text: str) -> str:
    """Return the name of the platform that a text means; raises UnknownPlatform with the nearest names."""
    from dealtrack.core.platform import match_platform, nearest_platforms

    if (platform := match_platform(text, register.platforms)) is None:
        near = (say_field("platform", name) for name in nearest_platforms(text, register.platforms))
        raise UnknownPlatform(name=text, nearest=suggestion(near))
    return platform.name


def read_filter(
    register: Register,
    platforms: Sequence[str] = (),
    categories: Sequence[str] = (),
    owners: Sequence[str] = (),
    handlers: Sequence[str] = (),
    statuses: Sequence[str] = (),
    **more: Any,
) -> Filter:
    """Return which complaints are meant by what was typed, statuses among it, and by `more`.

    Raises UnknownPlatform, UnknownCategory, UnknownWord and BadText.
    """
    return Filter(
        statuses=_each(read_status, statuses),
        platforms=_each(lambda text: read_platform(register, text), platforms),
        categories=_each(read_category, categories),
        owners=_each(lambda text: clean_field("owner", text), owners),
        handlers=_each(lambda text: clean_field("handler", text), handlers),
        **more,
    )


def _each(read: Callable[[str], str], texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(read, texts)))


def name_list(text: str) -> list[str]:
    """Return the names that a list as it was typed holds, separated by commas, Chinese ones too."""
    return text.replace("，", ",").replace("、", ",").split(",")


def read_key(what: str, text: str, keys: Sequence[str]) -> str:
    """Return the key of records that a word means, by itself or by its title; that of a deadline by its stage too.

    Raises UnknownWord with the nearest.
    """
    word = text.strip()
    if word in keys:
        return word
    # The office's file may name columns in a language that is not the user's.
    for language in (ENGLISH, CHINESE):
        speak = partial(translated, language=language)
        for key in keys:
            if word == (speak(key[:-4]) if key.endswith("_due") else heading(key.replace("_", " "), speak)):
                return key
    raise UnknownWord(what=what, value=word, nearest=suggestion(nearest_names(word, keys)), allowed=listed(keys))


def read_status(text: str) -> str:
    """Return the status that a text means; raises UnknownWord."""
    if (status := STATUS.match(text)) is None:
        near = suggestion(nearest_names(text, STATUSES))
        raise UnknownWord(what="Status", value=text, nearest=near, allowed=listed((Word(OPEN), *Status)))
    return str(status)


def read_category(text: str) -> str:
    """Return the category that a text means; raises UnknownCategory with the nearest names."""
    if (category := CATEGORY.match(text)) is None:
        near = suggestion(CATEGORY.nearest(text))
        raise UnknownCategory(name=text, nearest=near, allowed=listed(map(Word, CATEGORIES)))
    return category


def read_seller(text: str) -> str:
    """Return the kind of seller that a text means; raises UnknownWord."""
    if (seller := SELLER.match(text)) is None:
        near = suggestion(SELLER.nearest(text, 1))
        raise UnknownWord(what="Seller", value=text, nearest=near, allowed=Phrase("platform, third-party"))
    return seller


def read_outcome(text: str) -> str:
    """Return the outcome that a text means; raises UnknownOutcome with the nearest."""
    if (outcome := OUTCOME.match(clean_field("outcome", text))) is None:
        near = suggestion(OUTCOME.nearest(text))
        raise UnknownOutcome(name=text, nearest=near, allowed=listed(map(Word, OUTCOMES)))
    return outcome


def read_number(text: str) -> str:
    """Return the number of a complaint as it was typed, cleaned; raises BadText."""
    number = clean_field("number", text)
    if number:
        # Its patterns take as long as all else of a recording command; so do those of contacts.
        from dealtrack.core.cells import check_number

        check_number(number)
    return number


def read_contact(field: str, text: str) -> str:
    """Return a field of personal data as it was typed, cleaned; raises BadText, BadPhone or BadEmail."""
    clean = clean_field(field, text)
    if clean:
        from dealtrack.core.personal import check_contact

        check_contact(field, clean)
    return clean


def read_policy(name: str) -> list[Policy]:
    """Return the versions of a policy that the register has not taken in; raises UnknownPolicy and BadPolicyFile."""
    from dealtrack.sources.policies import load_policy

    return load_policy(name, settings.data_folder(), settings.user_folder())
