"""The commands that record transitions. A table describes each: the kind of transition, its help, its options."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import Parameter, Signature
from typing import Annotated, Any, NamedTuple

import typer

from dealtrack.cli.describe import change_lines, next_command, next_line
from dealtrack.cli.language import _, say
from dealtrack.cli.options import (
    CLEAR,
    At,
    Complaints,
    Format,
    Note,
    Numbers,
    Reason,
    read_category,
    read_complaints,
    read_contact,
    read_lines,
    read_outcome,
    read_platform,
    read_seller,
)
from dealtrack.cli.output import check_format, print_records
from dealtrack.cli.session import Session, is_agreed
from dealtrack.cli.terminal import print_line
from dealtrack.cli.terms import read_clock
from dealtrack.core.cells import check_number
from dealtrack.core.lifecycle import COMMAND_OF, RESTART, Kind, Status
from dealtrack.core.limits import is_far, last_counted
from dealtrack.core.policy_text import length_text
from dealtrack.core.standing import record as record_of
from dealtrack.core.text import first_few, parse_amount
from dealtrack.core.vocabulary import clean_field
from dealtrack.errors import (
    BadCount,
    CannotVoid,
    EmptyValue,
    FarExtension,
    MissingValue,
)
from dealtrack.phrase import Phrase, Word
from dealtrack.register.personal import Personal
from dealtrack.register.queries import View
from dealtrack.register.recorder import Draft, Recorded, Work
from dealtrack.register.register import Register

READ = "@-"
"""Stands for a line of standard input, where a lone dash empties a field."""

Values = Mapping[str, Any]
Detail = dict[str, Any]


class DetailOption(NamedTuple):
    """An option of a recording command; one that is read states the part of a transition's detail that bears its name.

    `missing` makes the refusal of one that must be given.
    """

    name: str
    annotation: Any
    read: Callable[[Any], Any] | None = None
    missing: Callable[[], MissingValue] | None = None
    default: Any = ""


class Recording(NamedTuple):
    """A command that records transitions of a kind.

    `run` does it. `agree` is called before anything is written, but for --yes, and raises where it is not to be.
    """

    kind: Kind
    help: str
    options: Sequence[DetailOption]
    run: "Callable[[typer.Context, Recording, Values], None]"
    agree: Callable[[Session, Register, Sequence[int], Detail], None] | None = None


def read_detail(options: Iterable[DetailOption], values: Values) -> Detail:
    """Return the detail of a transition that options state, those that were given; raises what reading them raises."""
    detail: Detail = {}
    for option in options:
        value = values.get(option.name, option.default)
        if option.missing and value.strip() in ("", CLEAR):
            raise option.missing()
        if option.read and value:
            detail[option.name] = option.read(value)
    return detail


def show_change(session: Session, register: Register, recorded: Sequence[Recorded], fmt: str) -> None:
    """Print what a change made of complaints, and on standard error the command that usually follows."""
    view = View.of(session.now)
    standings = (register.standing(each.complaint, each.clocks, view) for each in recorded)
    changed = [standing for standing in standings if standing.complaint.status is not Status.VOIDED]
    if fmt:
        print_records(map(record_of, changed), fmt=fmt, zone=register.zone, single=len(recorded) == 1)
        return
    for line in change_lines(changed, register.zone):
        print_line(line)
    following = next_command(changed, register.policy_of)
    if following:
        session.advise(next_line(following))


def _record(context: typer.Context, recording: Recording, values: Values) -> None:
    """Record the same transition for all the complaints named, or for none, and print what it made of them."""
    session: Session = context.obj
    detail = read_detail(recording.options, values)
    check_format(values["fmt"])
    with session.register() as register:
        complaints = read_complaints(register, values["ids"] or (), values["numbers"] or ())
        if recording.agree and not values.get("yes"):
            recording.agree(session, register, complaints, detail)
        draft = Draft(recording.kind, session.moment(values["at"], register.zone), detail)
        with session.recording(register) as recorder:
            recorded = [recorder.record(Work(id_, (draft,))) for id_ in complaints]
        show_change(session, register, recorded, values["fmt"])


def _void(context: typer.Context, recording: Recording, values: Values) -> None:
    check_format(values["fmt"])
    session: Session = context.obj
    detail = read_detail(recording.options, values)
    with session.register() as register:
        complaints = read_complaints(register, values["ids"] or (), values["numbers"] or ())
        moment = session.moment("", register.zone)
        recorded = []
        with session.recording(register) as recorder:
            for id_ in complaints:
                seq = values["seq"] or last_counted(recorder.history(id_))
                if seq is None:
                    raise CannotVoid(seq="-", complaint=id_, reason="all its entries are already undone")
                recorded.append(recorder.record(Work(id_, (Draft(recording.kind, moment, {**detail, "seq": seq}),))))
        show_change(session, register, recorded, values["fmt"])


def _amend(context: typer.Context, recording: Recording, values: Values) -> None:
    check_format(values["fmt"])
    session: Session = context.obj
    typed = {name: values[name] for name in Personal._fields}
    contacts = read_lines(context, typed, READ)
    for name, text in contacts.items():
        if typed[name] and not text.strip():
            raise EmptyValue(name=f"--{name}", instead=Phrase("Give a value or omit it."))
    with session.register() as register:
        detail = read_detail(recording.options, values)
        if values["platform"]:
            detail["platform"] = read_platform(register, values["platform"])
        right = {
            name: None if text.strip() == CLEAR else read_contact(name, text) for name, text in contacts.items() if text
        }
        if not right and not detail.keys() - {"note"}:
            raise MissingValue(what="Field to correct", option="--category, --summary or another field")
        complaints = read_complaints(register, values["ids"] or (), values["numbers"] or ())
        draft = Draft(recording.kind, session.moment("", register.zone), detail)
        works = [
            Work(id_, (draft,), (register.personal(id_) or Personal())._replace(**right) if right else None)
            for id_ in complaints
        ]
        with session.recording(register) as recorder:
            recorded = [recorder.record(work) for work in works]
        show_change(session, register, recorded, values["fmt"])


def _agree_to_extend(session: Session, register: Register, ids: Sequence[int], detail: Detail) -> None:
    """Ask before an extension far beyond a clock's length that its policy does not limit; raises FarExtension.

    A policy or clock that is not there is left to be refused.
    """
    clock, by = detail["clock"], detail["by"]
    complaints = [register.project(register.history(id_))[0] for id_ in ids]
    rules = {complaint.id: register.policy_of(complaint).clock(clock) for complaint in complaints if complaint.is_open}
    far = {id_: rule for id_, rule in rules.items() if rule is not None and is_far(rule, by)}
    for rule in list(far.values())[:1]:
        added, length = length_text(by, rule.unit), length_text(rule.length, rule.unit)
        if not session.asks:
            raise FarExtension(clock=Word(clock), by=added, length=length)
        question = _("Complaint {ids}: the policy gives {clock} {length}. Extend it by {by}?")
        text = question.format(ids=first_few(list(far)), clock=_(clock), length=say(length), by=say(added))
        if not is_agreed(text):
            raise typer.Abort


def _number(text: str) -> str:
    return check_number(clean_field("number", text))


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:5]) <= 9999):
        raise BadCount(text=text)
    return int(text)


def _cleaned(field: str) -> Callable[[str], str]:
    return lambda text: clean_field(field, text)


def _or_nothing(read: Callable[[str], str]) -> Callable[[str], str | None]:
    """Return what reads a field that a lone dash empties."""
    return lambda text: None if text.strip() == CLEAR else read(text)


def _text(name: str, metavar: str, help: str) -> Any:
    return Annotated[str, typer.Option(f"--{name}", metavar=metavar, help=help)]


def _flag(name: str, help: str) -> Any:
    return Annotated[bool, typer.Option(f"--{name}", help=help)]


AT = DetailOption("at", At)
NOTE = DetailOption("note", Note, _cleaned("note"))
REASON = DetailOption("reason", Reason, _cleaned("reason"))
NEEDED_REASON = REASON._replace(
    annotation=_text("reason", "TEXT", "Reason (required)."),
    missing=lambda: MissingValue(what="Reason", option="--reason TEXT"),
)
OUTCOME = DetailOption(
    "outcome",
    _text(
        "outcome",
        "VALUE",
        "Outcome: advance-compensation, refund, exchange, repair, compensation, no-agreement or other.",
    ),
    read_outcome,
)
AMOUNT = DetailOption("amount", _text("amount", "AMOUNT", "Amount paid, e.g. 1299.50."), parse_amount)

_DESCRIPTIONS = (
    Recording(Kind.ACCEPTED, "Record that complaints are accepted.", (AT, NOTE), _record),
    Recording(Kind.FORWARDED, "Record that complaints are forwarded to the business department.", (AT, NOTE), _record),
    Recording(Kind.COMPLETED, "Record that complaints are completed.", (AT, OUTCOME, AMOUNT, NOTE), _record),
    Recording(Kind.WITHDRAWN, "Record that consumers withdrew their complaints.", (AT, REASON, NOTE), _record),
    Recording(Kind.REJECTED, "Record that complaints are not accepted.", (AT, NEEDED_REASON, NOTE), _record),
    Recording(
        Kind.REOPENED,
        "Reopen closed complaints; the completion deadline starts again.",
        (AT, NEEDED_REASON, NOTE),
        _record,
    ),
    Recording(Kind.PAUSED, "Pause the deadlines.", (AT, NEEDED_REASON, NOTE), _record),
    Recording(
        Kind.RESUMED,
        "Resume paused deadlines.",
        (
            DetailOption(
                RESTART,
                _flag("restart", "Restart the deadlines from that day, if the policy allows it."),
                read=bool,
                default=False,
            ),
            AT,
            NOTE,
        ),
        _record,
    ),
    Recording(
        Kind.EXTENDED,
        "Extend a deadline, within the policy's limits.",
        (
            DetailOption(
                "clock",
                _text("clock", "NAME", "Stage whose deadline to extend, e.g. complete (required)."),
                read_clock,
                lambda: MissingValue(what="Stage", option="--clock NAME"),
            ),
            DetailOption(
                "by",
                _text("by", "N", "Extension, in the deadline's unit, e.g. working days (required)."),
                _count,
                lambda: MissingValue(what="Length of the extension", option="--by N"),
            ),
            AT,
            NEEDED_REASON,
            NOTE,
            DetailOption("yes", _flag("yes", "Do not ask, even for a very long extension."), default=False),
        ),
        _record,
        _agree_to_extend,
    ),
    Recording(
        Kind.HANDED_ON,
        "Reassign handling; the owner and deadlines do not change.",
        (
            DetailOption(
                "to",
                _text("to", "WHO", "Department or person that takes over (required)."),
                _cleaned("owner"),
                lambda: MissingValue(what="New handler", option="--to WHO"),
            ),
            AT,
            NOTE,
        ),
        _record,
    ),
    Recording(
        Kind.NOTED,
        "Add a note.",
        (
            AT,
            NOTE._replace(
                annotation=_text("note", "TEXT", "Note (required)."),
                missing=lambda: MissingValue(what="The note", option="--note TEXT"),
            ),
        ),
        _record,
    ),
    Recording(
        Kind.AMENDED,
        """Correct the data of complaints; use - to clear an optional field.

        For --consumer, --phone, --email and --address, @- reads a line from standard input.
        """,
        (
            DetailOption("platform", _text("platform", "NAME", "Corrected platform.")),
            DetailOption("category", _text("category", "NAME", "Corrected category."), read_category),
            DetailOption("number", _text("to-number", "NUMBER", "Corrected external number."), _or_nothing(_number)),
            DetailOption(
                "seller", _text("seller", "TYPE", "Seller: platform or third-party."), _or_nothing(read_seller)
            ),
            DetailOption("owner", _text("owner", "WHO", "Corrected owner."), _or_nothing(_cleaned("owner"))),
            DetailOption("summary", _text("summary", "TEXT", "Corrected summary."), _or_nothing(_cleaned("summary"))),
            DetailOption("outcome", _text("outcome", "VALUE", "Corrected outcome."), _or_nothing(read_outcome)),
            DetailOption("amount", _text("amount", "AMOUNT", "Corrected amount."), _or_nothing(parse_amount)),
            DetailOption("consumer", _text("consumer", "NAME", "Corrected name of the consumer.")),
            DetailOption("phone", _text("phone", "NUMBER", "Corrected phone number.")),
            DetailOption("email", _text("email", "ADDRESS", "Corrected e-mail.")),
            DetailOption("address", _text("address", "TEXT", "Corrected address.")),
            NOTE,
        ),
        _amend,
    ),
    Recording(
        Kind.VOIDED,
        "Undo an entry (both stay in the journal).",
        (
            DetailOption(
                "seq",
                Annotated[
                    int,
                    typer.Option(
                        "--seq",
                        metavar="N",
                        help="Journal entry to undo [default: the complaint's last].",
                        show_default=False,
                    ),
                ],
                default=0,
            ),
            NEEDED_REASON,
            NOTE,
        ),
        _void,
    ),
)

RECORDINGS = {recording.kind: recording for recording in _DESCRIPTIONS}
"""The commands by the kinds that they record."""


def _function_of(recording: Recording) -> Callable[..., None]:
    """Return the function of a command, with the options that its description names, as Typer reads them."""

    def run(context: typer.Context, **values: Any) -> None:
        recording.run(context, recording, values)

    parameters = [
        ("context", typer.Context, Parameter.empty),
        ("ids", Complaints, None),
        ("numbers", Numbers, None),
        *((option.name, option.annotation, option.default) for option in recording.options),
        ("fmt", Format, ""),
    ]
    run.__doc__ = recording.help
    run.__annotations__ = {}
    run.__signature__ = Signature(  # type: ignore[attr-defined]
        [
            Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for name, annotation, default in parameters
        ]
    )
    return run


FUNCTIONS = {COMMAND_OF[recording.kind].replace("-", "_"): _function_of(recording) for recording in _DESCRIPTIONS}
"""The functions of these commands by their names."""
