"""What a change made of complaints, shown before it is written or once it is."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from dealtrack.cli.language import _, _n, heading, say_field
from dealtrack.cli.output import NOTHING, change_lines, due_text, entry_text, next_command, next_line, print_records
from dealtrack.cli.session import Session, ask_to_go_on
from dealtrack.cli.terminal import GAP, print_line, tell
from dealtrack.core.lifecycle import FIELDS, Complaint, Detail, Kind, Status, effective
from dealtrack.core.moments import show_moment
from dealtrack.core.standing import Standing
from dealtrack.core.standing import record as record_of
from dealtrack.register import merges
from dealtrack.register.queries import View
from dealtrack.register.recorder import RecordedComplaint, Recorder
from dealtrack.register.register import Register

Values = Mapping[str, Any]
"""The options of a command by name."""

TELLING = frozenset({Kind.NOTED, Kind.AMENDED, Kind.EXTENDED, Kind.HANDED_ON, Kind.VOIDED})
"""The kinds of which a command says what they changed, beside how the complaint stands."""

TOLD_FIELDS = tuple(name for name in Complaint._fields if name in FIELDS - {"policy_version"} or name == "handler")


def show_change(session: Session, register: Register, recorded: Sequence[RecordedComplaint], fmt: str) -> None:
    """Print what a change made of complaints, and on standard error the command that usually follows."""
    changed = _standings(session, register, recorded)
    if fmt:
        print_records(map(record_of, changed), fmt=fmt, zone=register.zone, single=len(recorded) == 1)
        return
    for line in _recorded_lines(register, recorded, changed):
        print_line(line)
    if following := next_command(changed, register.policy_of):
        session.advise(next_line(following))


def _standings(session: Session, register: Register, recorded: Iterable[RecordedComplaint]) -> list[Standing]:
    """Return how complaints stand now, but for those that were voided."""
    there = (each for each in recorded if each.complaint.status is not Status.VOIDED)
    return [register.standing(each.complaint, each.clocks, View.of(session.now)) for each in there]


def _recorded_lines(
    register: Register, recorded: Sequence[RecordedComplaint], standings: Sequence[Standing]
) -> Iterator[str]:
    """Yield what a recording made of complaints: of each how it stands, what was changed, and its deadlines."""
    changes = {each.complaint.id: list(_changes(register, each)) for each in recorded}
    for each in recorded:
        if each.complaint.status is Status.VOIDED:
            yield _("complaint {id}: undone", id=each.complaint.id)
            yield from (f"{GAP}{line}" for line in changes[each.complaint.id])
    yield from change_lines(standings, register.zone, changes)


def _changes(register: Register, recorded: RecordedComplaint) -> Iterator[str]:
    """Yield what entries that move no complaint changed: entries taken back, notes, fields, deadlines."""
    entries, complaint, zone = recorded.entries, recorded.complaint, register.zone
    # A new complaint may come with all its history: that changes nothing.
    if entries[0].kind is Kind.RECEIVED or TELLING.isdisjoint(entry.kind for entry in entries):
        return
    earlier = [entry for entry in register.history(complaint.id) if entry.seq < entries[0].seq]
    line, by_seq = _("{name}: {before} -> {after}"), {entry.seq: entry for entry in earlier}
    right = {entry.seq: entry.at for entry in effective([*earlier, *entries])}
    for entry in entries:
        if entry.kind is Kind.VOIDED:
            yield _("undone: {entry}", entry=entry_text(by_seq[entry.detail["seq"]], zone))
        elif entry.kind is Kind.NOTED:
            yield _("note: {text}", text=entry.detail["note"])
        elif "personal" in entry.detail:
            yield _("personal data: corrected")
    if complaint.status is Status.VOIDED:
        return
    for entry in effective(earlier):
        if right.get(entry.seq, entry.at) != entry.at:
            moments = (show_moment(at, zone) for at in (entry.at, right[entry.seq]))
            yield line.format(
                name=say_field("kind", entry.kind), **dict(zip(("before", "after"), moments, strict=True))
            )
    before, runs = register.project(earlier)
    for name in TOLD_FIELDS:
        old, new = getattr(before, name), getattr(complaint, name)
        if old != new:
            texts = (say_field(name, str(value)) if value is not None else NOTHING for value in (old, new))
            title = heading("handed on to" if name == "handler" else name)
            yield line.format(name=title, **dict(zip(("before", "after"), texts, strict=True)))
    dues = {(run.name, run.round): run for run in runs}
    for run in recorded.clocks:
        was = dues.get((run.name, run.round))
        if was is not None and (was.due, was.provisional) != (run.due, run.provisional):
            yield line.format(name=_(run.name), before=due_text(was, zone), after=due_text(run, zone))


def write_change(
    session: Session,
    register: Register,
    record: Callable[[Recorder], list[RecordedComplaint]],
    question: str,
    values: Values,
) -> None:
    """Record what a function does, and print what it made of complaints.

    With a question, who calls on a terminal sees that first and is asked, but for --yes; raises typer.Abort.
    """
    if question and session.asks and not values["yes"]:
        with session.rehearsal(register) as recorder:
            rehearsed = record(recorder)
            recorder.flush()
            lines = list(_recorded_lines(register, rehearsed, _standings(session, register, rehearsed)))
        tell(_("Preview:"))
        for line in lines:
            tell(line)
        ask_to_go_on(question)
    with session.recording(register) as recorder:
        recorded = record(recorder)
    show_change(session, register, recorded, values["fmt"])


def take_back(
    session: Session, register: Register, entries: Sequence[tuple[int, int]], detail: Detail, values: Values
) -> None:
    """Void entries, which are given by their complaint and number, in that order."""
    moment = session.moment("", register.zone)

    def record(recorder: Recorder) -> list[RecordedComplaint]:
        recorded: dict[int, RecordedComplaint] = {}
        for id_, seq in entries:
            if seq in (entry.detail["seq"] for each in recorded.values() for entry in each.entries):
                # The other side of a merge was undone with it.
                continue
            for each in merges.undo(recorder, id_, moment, {**detail, "seq": seq}):
                before = recorded[each.complaint.id].entries if each.complaint.id in recorded else []
                recorded[each.complaint.id] = each._replace(entries=[*before, *each.entries])
        return list(recorded.values())

    question = _n("Undo this entry?", "Undo these {count} entries?", len(entries))
    write_change(session, register, record, question, values)
