"""The commands that record transitions. A table describes each: the kind of transition, its help, its options."""

from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from functools import partial
from inspect import Parameter, Signature
from typing import Annotated, Any, NamedTuple

import typer

from dealtrack.cli import options
from dealtrack.cli.changes import Values, show_change, take_back, write_change
from dealtrack.cli.language import _, read_clock, say
from dealtrack.cli.options import CLEAR, At, ComplaintNames, Format, Note, Yes, flag, option
from dealtrack.cli.session import Session, ask_for, ask_to_go_on
from dealtrack.core.lifecycle import (
    ASKED,
    COMMAND_OF,
    CORRECTABLE,
    LIMITS,
    MOMENTS,
    RESTART,
    Kind,
)
from dealtrack.core.limits import is_far, last_counted, moment_corrections
from dealtrack.core.moments import ONE_SECOND, Moment, to_store
from dealtrack.core.policy_text import length_text
from dealtrack.core.text import first_few, parse_amount
from dealtrack.core.vocabulary import clean_field
from dealtrack.errors import BadCount, BadLimit, CannotVoid, EmptyValue, FarExtension, GivenTwice, MissingValue
from dealtrack.phrase import Phrase, Word
from dealtrack.register import merges
from dealtrack.register.queries import Personal
from dealtrack.register.recorder import Proposal, RecordedComplaint, Recorder, Work
from dealtrack.register.register import Register

Detail = dict[str, Any]


class DetailOption(NamedTuple):
    """An option of a recording command; one that is read states the part of a transition's detail that bears its name.

    `missing` is the refusal of one that must be given.
    """

    name: str
    annotation: Any
    read: Callable[[Any], Any] | None = None
    missing: MissingValue | None = None


def read_detail(described: Iterable[DetailOption], values: Values, asks: bool = False) -> Detail:
    """Return the detail of a transition that options state, those that were given; raises what reading them raises.

    One that must be given, and is not, is asked for where the command `asks`.
    """
    detail: Detail = {}
    for each in described:
        value = values.get(each.name) or ""
        if each.missing and value.strip() in ("", CLEAR):
            if not (asks and each.read):
                raise each.missing
            detail[each.name] = ask_for(say(each.missing.values["what"]), each.read)
            continue
        if each.read and value:
            detail[each.name] = each.read(value)
    return detail


def read_limits(session: Session, zone: tzinfo, texts: Iterable[str], clear: bool = False) -> dict[str, str | None]:
    """Return the limits of clocks that texts such as forward=2016-11-12T12:00 state, as they are stored.

    A day alone means its last second; a dash takes a limit back where `clear` is set. Raises BadLimit, GivenTwice and
    BadMoment.
    """
    limits: dict[str, str | None] = {}
    for text in texts:
        name, _equals, when = (part.strip() for part in text.partition("="))
        clock = read_clock(name)
        if not name or not when or (when == CLEAR and not clear):
            raise BadLimit(text=text)
        if clock in limits:
            raise GivenTwice(name=f"--limit {clock}", count=2)
        moment = None if when == CLEAR else session.moment(when, zone)
        limits[clock] = moment and to_store(moment.end - ONE_SECOND if moment.day_only else moment.start)
    return limits


def _record(context: typer.Context, recording: "Recording", values: Values) -> None:
    """Record the same transition for all the complaints named, or for none, and print what it made of them."""
    session: Session = context.obj
    detail = read_detail(recording.options, values, session.asks)
    with session.register() as register:
        complaints = options.read_complaints(register, *values["complaints"])
        if recording.agree and not values["yes"]:
            recording.agree(session, register, complaints, detail)
        moment = session.moment(values.get("at"), register.zone)
        if values.get(ASKED):
            detail[ASKED] = to_store(session.moment(values[ASKED], register.zone).start)
        with session.recording(register) as recorder:
            recorded = record_each(recorder, recording, complaints, moment, detail)
        show_change(session, register, recorded, values["fmt"])


def record_each(
    recorder: Recorder, recording: "Recording", complaints: Iterable[int], moment: Moment, detail: Detail
) -> list[RecordedComplaint]:
    """Record the same transition for each of some complaints, and return what it made of them."""
    recorded: list[RecordedComplaint] = []
    for id_ in complaints:
        whole = recording.complete(recorder, id_, detail) if recording.complete else detail
        if recording.kind is Kind.VOIDED:
            recorded += merges.undo(recorder, id_, moment, whole)
        else:
            recorded.append(recorder.record(Work(id_, (Proposal(recording.kind, moment, whole),))))
    return recorded


def _merge(context: typer.Context, recording: "Recording", values: Values) -> None:
    """Record that complaints are merged into another, and print what it made of them."""
    session: Session = context.obj
    detail = read_detail((NOTE,), values)
    if not values["into"].strip():
        raise MISSING["into"]
    with session.register() as register:
        into = options.read_complaint(register, values["into"])
        complaints = options.read_complaints(register, *values["complaints"])
        moment = session.moment(values["at"], register.zone)
        with session.recording(register) as recorder:
            recorded = [merges.merge(recorder, id_, into, moment, detail) for id_ in complaints]
        show_change(session, register, [*(merged for merged, _ in recorded), recorded[-1][1]], values["fmt"])


def _amend(context: typer.Context, recording: "Recording", values: Values) -> None:
    session: Session = context.obj
    typed = {name: values[name] for name in Personal._fields}
    contacts = options.read_lines(context, typed)
    for name, text in contacts.items():
        if typed[name] and not text.strip():
            raise EmptyValue(name=f"--{name}", instead=Phrase("Give a value or omit it."))
    with session.register() as register:
        detail, zone = read_detail(recording.options, values), register.zone
        if values["platform"]:
            detail["platform"] = options.read_platform(register, values["platform"])
        if values["limit"]:
            detail[LIMITS] = read_limits(session, zone, values["limit"], clear=True)
        read = {name: _or_nothing(partial(options.read_contact, name)) for name in contacts}
        right = {name: read[name](text) for name, text in contacts.items() if text}
        moments = {kind: session.moment(values[kind], zone) for kind in CORRECTABLE if values[kind]}
        has_fields = bool(right or detail.keys() - {"note"})
        if not (has_fields or moments):
            raise MissingValue(what="Field to correct", option="--category, --summary or another field")
        now = session.moment("", zone)
        works = []
        for id_ in options.read_complaints(register, *values["complaints"]):
            proposals = [Proposal(recording.kind, now, detail)] if has_fields else []
            if moments:
                stated = moment_corrections(id_, register.history(id_), moments, values["entry"], zone)
                note = {} if has_fields else detail
                proposals.append(Proposal(recording.kind, now, {**note, MOMENTS: stated}))
            personal = (register.personal(id_) or Personal())._replace(**right) if right else None
            works.append(Work(id_, proposals, personal))
        question = _("Correct this?") if moments else ""
        write_change(session, register, lambda recorder: [recorder.record(work) for work in works], question, values)


def _void(context: typer.Context, recording: "Recording", values: Values) -> None:
    """Void an entry of each of the complaints named: the last that counts, unless one is named."""
    session: Session = context.obj
    detail = read_detail(recording.options, values, session.asks)
    with session.register() as register:
        complaints = options.read_complaints(register, *values["complaints"])
        entries = [(id_, _with_entry_to_void(register, id_, detail)["seq"]) for id_ in complaints]
        take_back(session, register, entries, detail, values)


class Recording(NamedTuple):
    """A command that records transitions of a kind.

    `run` does it. `agree` is called before anything is written, but for --yes, and raises where it is not to be.
    `complete` returns the detail of one complaint's transition.
    """

    kind: Kind
    help: str
    options: Sequence[DetailOption]
    agree: Callable[[Session | None, Register, Sequence[int], Detail], None] | None = None
    complete: Callable[[Recorder, int, Detail], Detail] | None = None
    run: "Callable[[typer.Context, Recording, Values], None]" = _record


def _with_entry_to_void(register: Recorder | Register, complaint: int, detail: Detail) -> Detail:
    """Return a detail with the entry that is to be voided: the last that counts, unless it names one."""
    seq = detail.get("seq") or last_counted(register.history(complaint))
    if seq is None:
        raise CannotVoid(seq="-", complaint=complaint, reason="all its entries are already undone")
    return {**detail, "seq": seq}


def _with_kind_of_reply(recorder: Recorder, complaint: int, detail: Detail) -> Detail:
    """Return a detail that says whether a reply is final; raises GivenTwice where it is said to be both."""
    is_final = bool(detail.get("final"))
    if is_final and "interim" in detail:
        raise GivenTwice(name="--interim/--final", count=2)
    return {**{name: value for name, value in detail.items() if name != "interim"}, "final": is_final}


def _agree_to_extend(session: Session | None, register: Register, ids: Sequence[int], detail: Detail) -> None:
    """Ask before an extension far beyond a clock's length that its policy does not limit; raises FarExtension.

    Nothing is asked without a session, as on the board.
    """
    clock, by = detail["clock"], detail["by"]
    complaints = [register.project(register.history(id_))[0] for id_ in ids]
    rules = {complaint.id: register.policy_of(complaint).clock(clock) for complaint in complaints if complaint.is_open}
    far = {id_: rule for id_, rule in rules.items() if rule is not None and is_far(rule, by)}
    for rule in list(far.values())[:1]:
        added, length = length_text(by, rule.unit), length_text(rule.length, rule.unit)
        if session is None or not session.asks:
            raise FarExtension(clock=Word(clock), by=added, length=length)
        question = _("Complaint {ids}: the policy gives {clock} {length}. Extend it by {by}?")
        ask_to_go_on(question.format(ids=first_few(list(far)), clock=_(clock), length=say(length), by=say(added)))


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:5]) <= 9999):
        raise BadCount(text=text)
    return int(text)


def _cleaned(field: str) -> Callable[[str], str]:
    return lambda text: clean_field(field, text)


def _or_nothing(read: Callable[[str], str]) -> Callable[[str], str | None]:
    """Return what reads a field that a lone dash empties."""
    return lambda text: None if text.strip() == CLEAR else read(text)


MISSING = {
    "reason": MissingValue(what="Reason", option="--reason TEXT"),
    "clock": MissingValue(what="Stage", option="--clock NAME"),
    "by": MissingValue(what="Length of the extension", option="--by N"),
    "to": MissingValue(what="New handler", option="--to WHO"),
    "into": MissingValue(what="The complaint that goes on", option="--into ID"),
    "name": MissingValue(what="Name of the event", option="--name NAME"),
    "note": MissingValue(what="The note", option="--note TEXT"),
}
"""The refusals of commands without an option that they need, by its name."""


def _text(name: str, takes: str, help: str, read: Callable[[str], Any] | None = None) -> DetailOption:
    return DetailOption(name, Annotated[str, option(takes, help)], read)


def _needed(name: str, takes: str, help: str, read: Callable[[str], Any]) -> DetailOption:
    return DetailOption(name, Annotated[str, option(takes, help)], read, MISSING[name])


AT = DetailOption("at", At)
NOTE = DetailOption("note", Note, _cleaned("note"))
NEEDED_NOTE = _needed("note", "TEXT", "Note (required).", _cleaned("note"))
REASON = _text("reason", "TEXT", "Reason.", _cleaned("reason"))
NEEDED_REASON = _needed("reason", "TEXT", "Reason (required).", _cleaned("reason"))
OUTCOMES_TAKEN = "Outcome: advance-compensation, refund, exchange, repair, compensation, no-agreement or other."
OUTCOME = _text("outcome", "VALUE", OUTCOMES_TAKEN, options.read_outcome)
AMOUNT = _text("amount", "AMOUNT", "Amount paid, e.g. 1299.50.", parse_amount)
STAGE = _needed("clock", "NAME", "Stage whose deadline to extend, e.g. complete (required).", read_clock)
LENGTH = _needed("by", "N", "Extension, in the deadline's unit, e.g. working days (required).", _count)
NEW_HANDLER = _needed("to", "WHO", "Department or person that takes over (required).", _cleaned("owner"))
INTO = Annotated[str, option("ID", "Complaint that goes on, by its ID or external number (required).")]
EVENT_NAME = _needed("name", "NAME", "Event, one that the policy names (required).", _cleaned("note"))
INTERIM = Annotated[bool, flag("An interim reply, e.g. that it is in progress [default].")]
FINAL = Annotated[bool, flag("The final reply.")]
ASKED_AT = Annotated[str, option("TIME", "When the extension was asked for, if earlier than granted [default: --at].")]
ANEW = Annotated[bool, flag("Restart the deadlines from that day, if the policy allows it.")]
FAR = Annotated[bool, flag("Do not ask, even for a very long extension.")]
LIMIT_TAKEN = "Corrected limit of a stage, e.g. forward=2016-11-12T12:00, or forward=- for none; repeatable."
LIMIT = Annotated[list[str], option("STAGE=TIME", LIMIT_TAKEN)]
NUMBER = Annotated[str, option("NUMBER", "Corrected external number.", "--to-number")]
ENTRY = Annotated[int | None, option("N", "Journal entry to undo [default: the complaint's last].", "--entry", "--seq")]
CORRECTED = Annotated[int | None, option("N", "Journal entry whose time to correct [default: the last of its kind].")]
CORRECTIONS = (
    _text("platform", "NAME", "Corrected platform."),
    _text("category", "NAME", "Corrected category.", options.read_category),
    DetailOption("number", NUMBER, _or_nothing(options.read_number)),
    _text("seller", "TYPE", "Seller: platform or third-party.", _or_nothing(options.read_seller)),
    _text("owner", "WHO", "Corrected owner.", _or_nothing(_cleaned("owner"))),
    _text("summary", "TEXT", "Corrected summary.", _or_nothing(_cleaned("summary"))),
    _text("outcome", "VALUE", "Corrected outcome.", _or_nothing(options.read_outcome)),
    _text("amount", "AMOUNT", "Corrected amount.", _or_nothing(parse_amount)),
    DetailOption("limit", LIMIT),
    _text("consumer", "NAME", "Corrected name of the consumer."),
    _text("phone", "NUMBER", "Corrected phone number."),
    _text("email", "ADDRESS", "Corrected e-mail."),
    _text("address", "TEXT", "Corrected address."),
    _text("received", "TIME", "Corrected time of receipt."),
    _text("accepted", "TIME", "Corrected time of acceptance."),
    _text("forwarded", "TIME", "Corrected time of forwarding."),
    _text("completed", "TIME", "Corrected time of completion."),
    _text("withdrawn", "TIME", "Corrected time of the withdrawal."),
    _text("rejected", "TIME", "Corrected time of the decision not to accept."),
    _text("reopened", "TIME", "Corrected time of reopening."),
    _text("paused", "TIME", "Corrected beginning of a pause."),
    _text("resumed", "TIME", "Corrected end of a pause."),
    DetailOption("entry", CORRECTED),
)
AMEND_HELP = """Correct the data of complaints; use - to clear an optional field.

For --consumer, --phone, --email and --address, @- reads a line from standard input.
"""

_DESCRIPTIONS = (
    Recording(Kind.ACCEPTED, "Record that complaints are accepted.", (AT, NOTE)),
    Recording(Kind.FORWARDED, "Record that complaints are forwarded to the business department.", (AT, NOTE)),
    Recording(Kind.COMPLETED, "Record that complaints are completed.", (AT, OUTCOME, AMOUNT, NOTE)),
    Recording(Kind.WITHDRAWN, "Record that consumers withdrew their complaints.", (AT, REASON, NOTE)),
    Recording(Kind.REJECTED, "Record that complaints are not accepted.", (AT, NEEDED_REASON, NOTE)),
    Recording(
        Kind.REOPENED, "Reopen closed complaints; the completion deadline starts again.", (AT, NEEDED_REASON, NOTE)
    ),
    Recording(Kind.PAUSED, "Pause the deadlines.", (AT, NEEDED_REASON, NOTE)),
    Recording(Kind.RESUMED, "Resume paused deadlines.", (DetailOption(RESTART, ANEW, bool), AT, NOTE)),
    Recording(
        Kind.EXTENDED,
        "Extend a deadline, within the policy's limits.",
        (STAGE, LENGTH, DetailOption("asked", ASKED_AT), AT, NEEDED_REASON, NOTE, DetailOption("yes", FAR)),
        agree=_agree_to_extend,
    ),
    Recording(Kind.HANDED_ON, "Reassign handling; the owner and deadlines do not change.", (NEW_HANDLER, AT, NOTE)),
    Recording(
        Kind.REPLIED,
        "Record an interim or final reply to the consumer; the complaint stays open.",
        (DetailOption("interim", INTERIM, bool), DetailOption("final", FINAL, bool), AT, NOTE),
        complete=_with_kind_of_reply,
    ),
    Recording(
        Kind.EVENT, "Record an event that the policy names, such as the opening of a case.", (EVENT_NAME, AT, NOTE)
    ),
    Recording(
        Kind.MERGED,
        "Merge complaints into another one, which goes on; they are closed.",
        (DetailOption("into", INTO), AT, NOTE),
        run=_merge,
    ),
    Recording(Kind.NOTED, "Add a note.", (AT, NEEDED_NOTE)),
    Recording(Kind.AMENDED, AMEND_HELP, (*CORRECTIONS, NOTE, DetailOption("yes", Yes)), run=_amend),
    Recording(
        Kind.VOIDED,
        "Undo an entry (both stay in the journal).",
        (DetailOption("seq", ENTRY, int), NEEDED_REASON, NOTE, DetailOption("yes", Yes)),
        complete=_with_entry_to_void,
        run=_void,
    ),
)
RECORDINGS = {recording.kind: recording for recording in _DESCRIPTIONS}
"""The commands by the kinds that they record."""


def function_of(name: str) -> Callable[..., None]:
    """Return the function of a command by its name, with the options that its description names."""
    recording = next(each for kind, each in RECORDINGS.items() if COMMAND_OF[kind] == name)

    def run(context: typer.Context, **values: Any) -> None:
        recording.run(context, recording, values)

    annotations = {"context": typer.Context, "complaints": ComplaintNames}
    annotations |= {each.name: each.annotation for each in recording.options} | {"fmt": Format}
    parameters = [Parameter(name, Parameter.KEYWORD_ONLY, annotation=kind) for name, kind in annotations.items()]
    run.__doc__, run.__signature__ = recording.help, Signature(parameters)  # type: ignore[attr-defined]
    run.asks = any(each.missing for each in recording.options)  # type: ignore[attr-defined]
    return run
