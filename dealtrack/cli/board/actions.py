"""What the keys of the board do to complaints, and what they show of one; nothing here knows of a screen."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from dealtrack.cli.board.feed import Feed
from dealtrack.cli.complaint_view import complaint_lines, full_complaint
from dealtrack.cli.describe import due_text, name_of, state_of
from dealtrack.cli.explanation_view import explanation_text
from dealtrack.cli.language import _
from dealtrack.cli.terms import say_field
from dealtrack.cli.transitions import RECORDINGS, Recording, read_detail
from dealtrack.core.lifecycle import Complaint, Kind
from dealtrack.core.limits import check_allowed
from dealtrack.core.moments import Moment, parse_moment
from dealtrack.core.standing import Standing
from dealtrack.core.text import safe_text
from dealtrack.errors import MissingValue
from dealtrack.register.queries import View
from dealtrack.register.recorder import Draft, Work
from dealtrack.register.register import Register


class Action(NamedTuple):
    """Something to be recorded for complaints: how, under which title, and the texts that it takes."""

    recording: Recording
    title: str
    fields: tuple[str, ...]


def actions() -> dict[str, Action]:
    """Return what may be recorded from the board."""
    return {
        "forward": Action(RECORDINGS[Kind.FORWARDED], _("Forward"), ("at", "note")),
        "complete": Action(RECORDINGS[Kind.COMPLETED], _("Complete"), ("at", "outcome", "amount", "note")),
        "note": Action(RECORDINGS[Kind.NOTED], _("Note"), ("note",)),
    }


def check_possible(action: Action, complaints: Sequence[Complaint]) -> None:
    """Check that each complaint is where the action may follow; raises NotAllowed for the first that is not."""
    for complaint in complaints:
        check_allowed(complaint.id, complaint.status, action.recording.kind)


def record(feed: Feed, action: Action, ids: Sequence[int], values: Mapping[str, str], actor: str) -> str:
    """Record an action for complaints, for all or for none, and return what it made of them in a line.

    Raises what the texts and the register refuse.
    """
    kind = action.recording.kind
    texts = {name: text.strip() for name, text in values.items()}
    if kind is Kind.NOTED and not texts["note"]:
        raise MissingValue(what=_("The note"), option=_("text"))
    detail = read_detail(action.recording.options, texts)
    now, zone = feed.clock(), feed.register.zone
    at = texts.get("at", "")
    moment = parse_moment(at, now, zone) if at else Moment(now, now, False)
    standings = feed.record([Work(id_, (Draft(kind, moment, detail),)) for id_ in ids], actor)
    if len(standings) == 1:
        (standing,) = standings
        return f"{name_of(standing)}: {state_of(standing, zone)}. {_clocks(standing, feed.register)}"
    return _("{count} complaints: {kind}", count=len(standings), kind=say_field("kind", kind))


def summary_lines(standing: Standing, register: Register) -> list[str]:
    """Return what is told of the complaint under the cursor: who and what, its clocks, what it is about."""
    complaint = standing.complaint
    who = complaint.owner or ""
    if complaint.handler:
        who = _("{owner}, reassigned to {handler}", owner=who, handler=complaint.handler)
    parts = [name_of(standing), say_field("seller", complaint.seller or ""), who, state_of(standing, register.zone)]
    return [
        safe_text("  ".join(text for text in parts if text)),
        safe_text(_clocks(standing, register)),
        safe_text(complaint.summary or ""),
    ]


def _clocks(standing: Standing, register: Register) -> str:
    texts = []
    for clock in standing.clocks:
        due = f"{_(', ')}{due_text(clock, register.zone)}" if clock.due else ""
        texts.append(f"{_(clock.name)} {say_field('verdict', standing.verdict(clock))}{due}")
    return "   ".join(texts)


def explanation(register: Register, complaint: int, now: datetime) -> str:
    """Return each day of each clock's count of a complaint; raises UnknownComplaint."""
    return explanation_text(register, complaint, View.of(now))


def complaint_text(register: Register, complaint: int, now: datetime) -> str:
    """Return a complaint in full, as `show` prints it for a reader; raises UnknownComplaint."""
    return "\n".join(complaint_lines(full_complaint(register, complaint, View.of(now)), register.zone, "table"))
