"""One complaint in full: its fields, its clocks, its history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from dealtrack.cli.sentences import due_text
from dealtrack.core.clocks import Clock, verdict
from dealtrack.core.lifecycle import Kind, Transition
from dealtrack.core.moments import show_moment
from dealtrack.core.standing import Standing, clock_record, record
from dealtrack.core.text import safe_text
from dealtrack.errors import UnknownComplaint
from dealtrack.register.recorder import Personal
from dealtrack.register.register import Register, View

FIELDS = ("number", "platform", "category", "seller", "status", "owner", "policy", "outcome", "amount", "summary")


@dataclass(frozen=True, slots=True)
class Portrait:
    """A complaint with all that is known of it at a moment."""

    standing: Standing
    runs: list[Clock]
    history: list[Transition]
    personal: Personal | None

    def record(self) -> dict[str, Any]:
        """Return the complaint's record with its clocks and its history."""
        moment = self.standing.moment
        return {
            **record(self.standing),
            "clocks": [dict(clock_record(clock, moment)) for clock in self.clocks()],
            "history": [transition_record(entry) for entry in self.history],
        }

    def clocks(self) -> list[Clock]:
        """Return every run of every clock, and those that have not started."""
        waiting = [clock for clock in self.standing.clocks if clock.started is None]
        return [*self.runs, *waiting]


def transition_record(entry: Transition) -> dict[str, Any]:
    """Return a transition as `show` tells it; moments in UTC."""
    return {
        "seq": entry.seq,
        "kind": entry.kind.value,
        "at": entry.at,
        "recorded_at": entry.recorded_at,
        "actor": entry.actor,
        "detail": dict(entry.detail),
    }


def portrait(register: Register, complaint: int, view: View) -> Portrait:
    """Gather a complaint as it stands in a view; raises UnknownComplaint."""
    history = register.history(complaint)
    standing = standing_in(register, complaint, history, view)
    return Portrait(standing, register.runs(history, view), view.seen(history), register.personal(complaint))


def standing_in(register: Register, complaint: int, history: Sequence[Transition], view: View) -> Standing:
    """Return how a complaint stands in a view; raises UnknownComplaint where it is not to be seen in it."""
    standing = register.standing_of(history, view)
    if standing is None:
        reason = " It was entered by mistake and voided." if view.is_present else " It had not been received by then."
        raise UnknownComplaint(reference=complaint, nearest=reason)
    return standing


def portrait_lines(held: Portrait, zone: tzinfo, fmt: str) -> Iterator[str]:
    """Yield a portrait in lines: aligned for a reader, or tab-separated as `plain` and piped output are."""
    import sys

    plain = fmt == "plain" or (not fmt and not sys.stdout.isatty())
    rows = list(_rows(held, zone))
    if plain:
        for section, cells in rows:
            yield "\t".join((section, *cells))
        return
    from dealtrack.core.text import display_width

    complaint = held.standing.complaint
    yield f"Complaint {complaint.id}"
    for name in ("field", "clock", "history"):
        lines = [cells for section, cells in rows if section == name]
        if not lines:
            continue
        if name != "field":
            yield ""
            yield {"clock": "Clocks", "history": "History"}[name]
        columns = max(map(len, lines))
        widths = [max((display_width(cells[i]) for cells in lines if i < len(cells) - 1), default=0) for i in range(columns)]
        for cells in lines:
            padded = [cell + " " * (widths[i] - display_width(cell)) for i, cell in enumerate(cells[:-1])]
            yield "  " + "  ".join((*padded, cells[-1])).rstrip()


def _rows(held: Portrait, zone: tzinfo) -> Iterator[tuple[str, list[str]]]:
    values = record(held.standing)
    for name in FIELDS:
        if values[name] is not None:
            yield "field", [name, safe_text(str(values[name]))]
    if held.personal is not None:
        told = [name for name in ("consumer", "phone", "email", "address") if getattr(held.personal, name)]
        yield "field", ["personal", f"{', '.join(told)} on file"]
    moment = held.standing.moment
    for clock in held.clocks():
        name = clock.name if clock.round == 1 else f"{clock.name} ({clock.round})"
        ended = f"ended {show_moment(clock.ended, zone)}" if clock.ended else ""
        due = f"due {due_text(clock, zone)}" if clock.due else ""
        yield "clock", [name, verdict(clock, moment).value, due, ended]
    for entry in held.history:
        yield "history", [show_moment(entry.at, zone), entry.kind.value, *_told(entry, zone)]


def _told(entry: Transition, zone: tzinfo) -> list[str]:
    detail = entry.detail
    said = []
    if entry.kind is not Kind.RECEIVED:
        said = [f"{name} {detail[name]}" for name in ("outcome", "amount", "clock", "by", "owner", "seq") if name in detail]
    said += [str(detail[name]) for name in ("reason", "note") if name in detail]
    late = entry.recorded_at.astimezone(zone).date() > entry.at.astimezone(zone).date()
    if late:
        said.append(f"(entered {show_moment(entry.recorded_at, zone)})")
    return [safe_text(entry.actor), safe_text("; ".join(said))]
