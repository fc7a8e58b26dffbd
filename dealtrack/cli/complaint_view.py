"""One complaint in full, its fields, its clocks and its history, and why its deadlines are what they are."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from io import StringIO
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from dealtrack.cli.language import _, heading, say, say_field
from dealtrack.cli.output import Translate, due_text, name_of, print_records, print_steps, step_record
from dealtrack.cli.terminal import aligned_lines, tell
from dealtrack.core.clocks import Clock, verdict
from dealtrack.core.lifecycle import (
    ASKED,
    DAY_UNKNOWN,
    LIMITS,
    MERGING,
    MOMENTS,
    TRANSFER,
    Kind,
    Transition,
    corrections,
    days_behind,
    effective,
)
from dealtrack.core.moments import from_store, local_day, show_moment
from dealtrack.core.policy import HOURS, Policy
from dealtrack.core.runs import End
from dealtrack.core.standing import FIRST_KEYS, LAST_KEYS, Standing, clock_record, record
from dealtrack.core.text import safe_text
from dealtrack.errors import UnknownClock, UnknownComplaint
from dealtrack.phrase import Phrase, Word, listed
from dealtrack.register.journal import Entry
from dealtrack.register.queries import Personal, View
from dealtrack.register.register import Register

if TYPE_CHECKING:
    from dealtrack.core.explanation import Step

FIELDS = (*FIRST_KEYS[1:8], *LAST_KEYS)
HISTORY_KEYS = ("seq", "kind", "at", "recorded_at", "actor", "detail")
SHOWN_DIGITS = 12
"""How much of a letter's hash is shown to people."""

STEP_KEYS = ("id", "clock", "round", "day", "counted", "reason")


class FullComplaint(NamedTuple):
    """A complaint with all that is known of it at a moment; `personal` is as it may be shown, masked or whole."""

    standing: Standing
    history: list[Transition]
    personal: Mapping[str, str | None]
    erased: Entry | None = None

    def record(self) -> dict[str, Any]:
        """Return the complaint's record with its clocks and its history; moments in UTC."""
        moment, complaint = self.standing.moment, self.standing.complaint
        return {
            **record(self.standing),
            "handler": complaint.handler,
            "merged": None if complaint.transferred else complaint.merged,
            "merged_into": complaint.merged_into,
            "transferred": complaint.transferred,
            **self.personal,
            "personal_erased": self.erased.at if self.erased else None,
            "clocks": [clock_record(clock, moment) for clock in self.standing.runs_and_waiting],
            "history": [
                {key: getattr(entry, key) for key in HISTORY_KEYS}
                | {"kind": entry.kind.value, "detail": dict(entry.detail)}
                for entry in self.history
            ],
        }


def full_complaint(register: Register, complaint: int, view: View, reveal: bool = False) -> FullComplaint:
    """Return a complaint as it stands in a view, its personal data masked or revealed; raises UnknownComplaint."""
    history = register.history(complaint)
    standing = standing_in(register, complaint, history, view)
    personal = register.personal(complaint)
    seen = view.seen(history)
    erased = None
    if personal is None and any("personal" in entry.detail for entry in seen):
        from dealtrack.register.personal import erasures

        erased = erasures(register.database).get(complaint)
        if erased and view.known_at and erased.recorded_at > view.known_at:
            erased = None
    fields: Mapping[str, str | None] = (personal or Personal())._asdict()
    if any(fields.values()) and not reveal:
        from dealtrack.core.personal import mask_all  # its patterns take time, and many complaints have no such data

        fields = mask_all(fields)
    return FullComplaint(standing, seen, fields, erased)


def standing_in(register: Register, complaint: int, history: Sequence[Transition], view: View) -> Standing:
    """Return how a complaint stands in a view; raises UnknownComplaint where it is not to be seen in it."""
    standing = register.standing_of(history, view)
    if standing is None:
        voided, early = Phrase(" It was recorded by mistake and undone."), Phrase(" It had not been received by then.")
        raise UnknownComplaint(reference=complaint, nearest=voided if view.is_present else early)
    return standing


def complaint_lines(full: FullComplaint, zone: tzinfo, fmt: str, room: int | None = None) -> Iterator[str]:
    """Yield a portrait in lines: aligned for a reader, or tab-separated as `plain` and piped output are.

    What is longer than the room, a terminal's width, goes on below itself; None is any room.
    """
    plain = fmt == "plain" or (not fmt and not sys.stdout.isatty())
    # Plain lines are for programs, and stay English.
    rows = [(section, list(map(safe_text, cells))) for section, cells in _rows(full, zone, str if plain else _)]
    if plain:
        for section, cells in rows:
            # The number of an entry comes last, where no script that cuts the fields before it is in its way.
            yield "\t".join((section, *(cells[1:] + cells[:1] if section == "history" else cells)))
        return
    yield _("Complaint {id}", id=full.standing.complaint.id)
    for name, title in (("field", ""), ("clock", _("Deadlines")), ("history", _("History"))):
        lines = [cells for section, cells in rows if section == name]
        if lines and title:
            yield from ("", title)
        yield from aligned_lines(lines, room)


def _rows(full: FullComplaint, zone: tzinfo, _: Translate) -> Iterator[tuple[str, list[str]]]:
    values = record(full.standing)
    for name in FIELDS:
        if values[name] is not None:
            yield "field", [heading(name, _), say_field(name, str(values[name]), _)]
        # What the file called the category, where it was a file and said something else.
        if name == "category" and (word := full.history[0].detail.get("category_word")):
            yield "field", [heading("category word", _), word]
        if name == "owner" and full.standing.complaint.handler is not None:
            yield "field", [heading("handed on to", _), full.standing.complaint.handler]
    for name, text in full.personal.items():
        if text:
            yield "field", [heading(name, _), text]
    if erased := full.erased:
        line = _("erased {moment} by {actor}: {reason}")
        line = line.format(moment=show_moment(erased.at, zone), actor=erased.actor, reason=erased.detail["reason"])
        yield "field", [_("personal"), line]
    moment = full.standing.moment
    for clock in filter(full.standing.is_foreseen, full.standing.runs_and_waiting):
        name = _(clock.name) if clock.round == 1 else f"{_(clock.name)} ({clock.round})"
        ended = _("ended {moment}").format(moment=show_moment(clock.known_end, zone)) if clock.known_end else ""
        due = _("due {moment}").format(moment=due_text(clock, zone, _)) if clock.due else ""
        if clock.limit:
            due = _("{due} (limit written on the complaint)").format(due=due)
        yield "clock", [name, say_field("verdict", verdict(clock, moment), _), due, ended]
    voided = {entry.detail["seq"] for entry in full.history if entry.kind is Kind.VOIDED}
    corrected = corrections(effective(full.history))
    for entry in full.history:
        actor, words = _entry_words(entry, zone, _)
        if entry.seq in voided:
            words = f"{words} {_('(voided)')}".lstrip()
        if entry.seq in corrected:
            words = f"{words} {_('(time corrected)')}".lstrip()
        when = _("day unknown") if entry.detail.get(DAY_UNKNOWN) else show_moment(entry.at, zone)
        yield "history", [str(entry.seq), when, say_field("kind", entry.kind, _), actor, words]


def _entry_words(entry: Transition, zone: tzinfo, _: Translate) -> list[str]:
    detail, words = entry.detail, []
    if entry.kind is not Kind.RECEIVED:
        names = [name for name in ("outcome", "amount", "clock", "by", "owner", "seq") if name in detail]
        words = [f"{heading(name, _)} {say_field(name, str(detail[name]), _)}" for name in names]
    if ASKED in detail:
        words.append(_("asked for {moment}").format(moment=show_moment(from_store(detail[ASKED]), zone)))
    for clock, limit in detail.get(LIMITS, {}).items():
        shown = show_moment(from_store(limit), zone) if limit else _("none")
        words.append(_("limit of stage {clock}: {moment}").format(clock=_(clock), moment=shown))
    for each in detail.get(MOMENTS, ()):
        moments = (show_moment(from_store(each[name]), zone) for name in ("was", "at"))
        words.append(f"{say_field('kind', each['kind'], _)} {' -> '.join(moments)}")
    if entry.kind is Kind.HANDED_ON:
        words.append(_("to {whom}").format(whom=detail["to"]))
    if entry.kind is Kind.TRANSFERRED:
        words.append(_("to office {office}").format(office=detail["to"]))
    if TRANSFER in detail:
        words.append(_("from office {office}, its complaint {complaint} (entry {seq})").format(**detail[TRANSFER]))
    if entry.kind in MERGING:
        word, _kind = MERGING[entry.kind]
        other = f"{detail[word]} ({detail['other']})" if "other" in detail else str(detail[word])
        words.append((_("into {other}") if word == "into" else _("further complaint {other}")).format(other=other))
    if entry.kind is Kind.REPLIED:
        words.append(_("final reply") if detail["final"] else _("interim reply"))
    if entry.kind is Kind.EVENT:
        words.append(detail["name"])
    if entry.kind is Kind.EVIDENCE:
        words.append(_("{name}, {size:,} bytes").format(name=detail["name"], size=detail["size"]))
    if entry.kind is Kind.LETTER:
        letter, digest = say_field("letter", detail["letter"], _), detail["sha256"][:SHOWN_DIGITS]
        line = _("{letter}, {format}, SHA-256 {digest}")
        words.append(line.format(letter=letter, format=detail["format"], digest=digest))
    words += [str(detail[name]) for name in ("reason", "note") if name in detail]
    days = days_behind(entry, zone)
    if days:
        one, many = _("(entered {moment}, 1 day later)"), _("(entered {moment}, {count} days later)")
        words.append((one if days == 1 else many).format(moment=show_moment(entry.recorded_at, zone), count=days))
    return [entry.actor, _("; ").join(words)]


StepsByClock = list[tuple[Clock, "list[Step]"]]


def _conclusion(clock: Clock, moment: datetime, zone: tzinfo) -> str:
    """Return what follows from a count: the deadline, how it was ended, the verdict."""
    due = _("due {moment}", moment=due_text(clock, zone)) if clock.due else _("no deadline")
    provisional = _(" (provisional: the official calendar is not published yet)") if clock.provisional else ""
    if clock.provisional and clock.hourless:
        provisional = _(" (provisional: an hour that it depends on is unknown)")
    if clock.end is End.UNKNOWN and clock.unit in HOURS:
        ended = _(", ended; an hour that it depends on is unknown")
    elif clock.end is End.UNKNOWN:
        ended = _(", ended at an unknown time")
    elif clock.ended:
        ended = _(", ended {moment}", moment=show_moment(clock.ended, zone))
    else:
        ended = _(", at {moment}", moment=show_moment(moment, zone))
    word = say_field("verdict", verdict(clock, moment))
    line = _("{clock}: {due}{provisional}{ended}: {verdict}")
    return line.format(clock=_(clock.name), due=due, provisional=provisional, ended=ended, verdict=word)


def _explanation(register: Register, complaint: int, view: View, only: str) -> tuple[Standing, StepsByClock]:
    """Return a complaint with each of its clocks, or the one named, and its count; raises UnknownClock."""
    from dealtrack.core.explanation import explain, explain_hours

    standing = standing_in(register, complaint, register.history(complaint), view)
    policy, zone = register.policy_of(standing.complaint), register.zone
    names = dict.fromkeys((*(rule.name for rule in policy.clocks), *(clock.name for clock in standing.runs)))
    if only and only not in names:
        raise UnknownClock(policy=policy.name, name=Word(only), allowed=listed(map(Word, names)))
    counts: StepsByClock = []
    for clock in standing.runs_and_waiting:
        rule, start = register.rule_of(standing.complaint, clock), clock.limit or clock.assumed or clock.started
        if rule is None or (only and clock.name != only):
            continue
        steps: list[Step] = []
        if start is not None:
            calendar, law = register.calendar_of(clock.revision or register.revision), register.calendar.rules.law
            if rule.unit in HOURS:
                steps = explain_hours(clock, rule, start, calendar, zone, standing.moment, law)
            else:
                steps = explain(clock, rule, local_day(start, zone), calendar, zone, standing.moment, law)
        counts.append((clock, steps))
    return standing, counts


def print_explanations(register: Register, named: Sequence[int], only: str, view: View, fmt: str) -> None:
    """Print, for each complaint named, each day of each clock's count; raises UnknownComplaint and UnknownClock."""
    explanations = [_explanation(register, id_, view, only) for id_ in named]
    if fmt in ("json", "jsonl"):
        records = [_explanation_record(register, standing, counts) for standing, counts in explanations]
        print_records(records, fmt=fmt, zone=register.zone, single=len(records) == 1)
    elif fmt == "csv":
        rows = (
            {"id": standing.complaint.id, "clock": clock.name, "round": clock.round, **step_record(step)}
            for standing, counts in explanations
            for clock, steps in counts
            for step in steps
        )
        print_records(rows, STEP_KEYS, fmt, zone=register.zone)
    else:
        _write(register, explanations, view, fmt, sys.stdout)


def explanation_text(register: Register, complaint: int, view: View) -> str:
    """Return each day of each clock's count of one complaint, as lines for a reader; raises UnknownComplaint."""
    out = StringIO()
    _write(register, [_explanation(register, complaint, view, "")], view, "table", out)
    return out.getvalue().rstrip("\n")


def _write(
    register: Register, explanations: Iterable[tuple[Standing, StepsByClock]], view: View, fmt: str, out: TextIO
) -> None:
    """Write each count under its heading, with what follows from it, and an empty line between two."""
    is_first = True
    for standing, counts in explanations:
        titles = _titles(register, standing, [clock for clock, _steps in counts])
        for (clock, steps), title in zip(counts, titles, strict=True):
            out.write("" if is_first else "\n")
            is_first = False
            tell(title, out)
            print_steps(steps, fmt, zone=register.zone, stream=out)
            tell(_conclusion(clock, view.moment, register.zone), out)


def _titles(register: Register, standing: Standing, clocks: Iterable[Clock]) -> Iterator[str]:
    """Yield what is counted for each clock and by which rule, and with the first of a policy whose rule it is."""
    from dealtrack.core.policy_text import clock_words

    last: Policy | None = None
    for clock in clocks:
        title = f"{name_of(standing)}{_(': ')}{_(clock.name)}{'' if clock.started else _(' (expected)')}"
        policy, rule = register.text_of(standing.complaint, clock), register.rule_of(standing.complaint, clock)
        if rule is not None:
            title = _("{heading}, {rule}", heading=title, rule=say(clock_words(rule)))
        if policy != last:
            line = _("{heading}; policy {policy}, in force from {day} ({authority}: {source})")
            sources = {"authority": _(policy.authority), "source": _(policy.source)}
            title = line.format(heading=title, policy=policy.name, day=policy.in_force.isoformat(), **sources)
            last = policy
        yield title


def _explanation_record(register: Register, standing: Standing, counts: StepsByClock) -> dict[str, Any]:
    complaint, clocks = standing.complaint, []
    for clock, steps in counts:
        policy, rule = register.text_of(complaint, clock), register.rule_of(complaint, clock)
        values = clock_record(clock, standing.moment)
        del values["calendar_revision"]
        values |= {"policy": policy.name, "in_force": policy.in_force, "authority": policy.authority}
        values |= {"source": policy.source, "article": rule.article if rule else ""}
        clocks.append({**values, "steps": list(map(step_record, steps))})
    return {"id": complaint.id, "number": complaint.number, "clocks": clocks}
