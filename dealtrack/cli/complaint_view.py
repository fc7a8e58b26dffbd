"""One complaint in full: its fields, its clocks, its history."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

from dealtrack.cli.describe import Translate, due_text
from dealtrack.cli.language import _
from dealtrack.cli.terminal import lines_beside
from dealtrack.cli.terms import heading, say_field
from dealtrack.core.clocks import verdict
from dealtrack.core.lifecycle import DAY_UNKNOWN, Kind, Transition, days_behind
from dealtrack.core.moments import show_moment
from dealtrack.core.standing import FIRST_KEYS, LAST_KEYS, Standing, clock_record, record
from dealtrack.core.text import display_width, pad_text, safe_text
from dealtrack.errors import UnknownComplaint
from dealtrack.phrase import Phrase
from dealtrack.register.journal import Entry
from dealtrack.register.personal import Personal, erasures
from dealtrack.register.queries import View
from dealtrack.register.register import Register

FIELDS = (*FIRST_KEYS[1:8], *LAST_KEYS)


class FullComplaint(NamedTuple):
    """A complaint with all that is known of it at a moment; `personal` is as it may be shown, masked or whole."""

    standing: Standing
    history: list[Transition]
    personal: Mapping[str, str | None]
    erased: Entry | None = None

    def record(self) -> dict[str, Any]:
        """Return the complaint's record with its clocks and its history."""
        moment = self.standing.moment
        return {
            **record(self.standing),
            "handler": self.standing.complaint.handler,
            **self.personal,
            "personal_erased": self.erased.at if self.erased else None,
            "clocks": [clock_record(clock, moment) for clock in self.standing.runs_and_waiting],
            "history": [transition_record(entry) for entry in self.history],
        }


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


def full_complaint(register: Register, complaint: int, view: View, reveal: bool = False) -> FullComplaint:
    """Gather a complaint as it stands in a view; personal data is masked, unless it is to be revealed.

    Raises UnknownComplaint.
    """
    history = register.history(complaint)
    standing = standing_in(register, complaint, history, view)
    personal = register.personal(complaint)
    seen = view.seen(history)
    erased = None
    if personal is None and any("personal" in entry.detail for entry in seen):
        erased = erasures(register.connection).get(complaint)
        if erased is not None and view.known_at is not None and erased.recorded_at > view.known_at:
            erased = None
    return FullComplaint(standing, seen, _shown(personal or Personal(), reveal), erased)


def _shown(personal: Personal, reveal: bool) -> Mapping[str, str | None]:
    fields = personal._asdict()
    if reveal or not any(fields.values()):
        return fields
    from dealtrack.core.personal import mask_all  # its patterns take time, and many complaints have no such data

    return mask_all(fields)


def standing_in(register: Register, complaint: int, history: Sequence[Transition], view: View) -> Standing:
    """Return how a complaint stands in a view; raises UnknownComplaint where it is not to be seen in it."""
    standing = register.standing_of(history, view)
    if standing is None:
        voided, early = Phrase(" It was recorded by mistake and undone."), Phrase(" It had not been received by then.")
        reason = voided if view.is_present else early
        raise UnknownComplaint(reference=complaint, nearest=reason)
    return standing


def complaint_lines(full: FullComplaint, zone: tzinfo, fmt: str, room: int | None = None) -> Iterator[str]:
    """Yield a portrait in lines: aligned for a reader, or tab-separated as `plain` and piped output are.

    What is longer than the room, a terminal's width, goes on below itself; None is any room.
    """
    import sys

    plain = fmt == "plain" or (not fmt and not sys.stdout.isatty())
    # Plain lines are for programs, and stay English.
    rows = [(section, list(map(safe_text, cells))) for section, cells in _rows(full, zone, str if plain else _)]
    if plain:
        for section, cells in rows:
            yield "\t".join((section, *cells))
        return
    complaint = full.standing.complaint
    yield _("Complaint {id}").format(id=complaint.id)
    for name in ("field", "clock", "history"):
        lines = [cells for section, cells in rows if section == name]
        if not lines:
            continue
        if name != "field":
            yield ""
            yield {"clock": _("Deadlines"), "history": _("History")}[name]
        columns = max(map(len, lines))
        widths = [
            max((display_width(cells[i]) for cells in lines if i < len(cells) - 1), default=0) for i in range(columns)
        ]
        for cells in lines:
            padded = [pad_text(cell, widths[i]) for i, cell in enumerate(cells[:-1])]
            yield from lines_beside("  " + "  ".join((*padded, "")), cells[-1], room)


def _rows(full: FullComplaint, zone: tzinfo, _: Translate) -> Iterator[tuple[str, list[str]]]:
    values = record(full.standing)
    for name in FIELDS:
        if values[name] is not None:
            yield "field", [heading(name, _), safe_text(say_field(name, str(values[name]), _))]
        if name == "category" and (word := _category_word(full)):
            yield "field", [heading("category word", _), safe_text(word)]
        if name == "owner" and full.standing.complaint.handler is not None:
            yield "field", [heading("handed on to", _), safe_text(full.standing.complaint.handler)]
    for name, text in full.personal.items():
        if text:
            yield "field", [heading(name, _), safe_text(text)]
    if full.erased is not None:
        gone = full.erased
        told_of = _("erased {moment} by {actor}: {reason}")
        told_of = told_of.format(moment=show_moment(gone.at, zone), actor=gone.actor, reason=gone.detail["reason"])
        yield "field", [_("personal"), safe_text(told_of)]
    moment = full.standing.moment
    for clock in full.standing.runs_and_waiting:
        name = _(clock.name) if clock.round == 1 else f"{_(clock.name)} ({clock.round})"
        ended = _("ended {moment}").format(moment=show_moment(clock.known_end, zone)) if clock.known_end else ""
        due = _("due {moment}").format(moment=due_text(clock, zone, _)) if clock.due else ""
        yield "clock", [name, say_field("verdict", verdict(clock, moment), _), due, ended]
    voided = {entry.detail["seq"] for entry in full.history if entry.kind is Kind.VOIDED}
    for entry in full.history:
        actor, words = _entry_words(entry, zone, _)
        if entry.seq in voided:
            words = f"{words} {_('(voided)')}".lstrip()
        when = _("day unknown") if entry.detail.get(DAY_UNKNOWN) else show_moment(entry.at, zone)
        yield "history", [when, say_field("kind", entry.kind, _), actor, words]


def _category_word(full: FullComplaint) -> str | None:
    """Return what the file called the category, None where it was no file, or said the same."""
    word: str | None = full.history[0].detail.get("category_word")
    return word


def _entry_words(entry: Transition, zone: tzinfo, _: Translate) -> list[str]:
    detail = entry.detail
    words = []
    if entry.kind is not Kind.RECEIVED:
        names = [name for name in ("outcome", "amount", "clock", "by", "owner", "seq") if name in detail]
        words = [f"{heading(name, _)} {say_field(name, str(detail[name]), _)}" for name in names]
    if entry.kind is Kind.HANDED_ON:
        words.append(_("to {whom}").format(whom=detail["to"]))
    if entry.kind is Kind.EVIDENCE:
        words.append(_("{name}, {size:,} bytes").format(name=detail["name"], size=detail["size"]))
    words += [str(detail[name]) for name in ("reason", "note") if name in detail]
    days = days_behind(entry, zone)
    if days:
        one, many = _("(entered {moment}, 1 day later)"), _("(entered {moment}, {count} days later)")
        words.append((one if days == 1 else many).format(moment=show_moment(entry.recorded_at, zone), count=days))
    return [safe_text(entry.actor), safe_text(_("; ").join(words))]
