"""Printing why deadlines are what they are."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import StringIO
from typing import Any

from dealtrack.cli.complaint_view import standing_in
from dealtrack.cli.describe import due_text, name_of
from dealtrack.cli.language import _, say
from dealtrack.cli.output import print_records, print_steps, step_record
from dealtrack.cli.terminal import print_line, tell
from dealtrack.cli.terms import say_field
from dealtrack.core.clocks import Clock, End, verdict
from dealtrack.core.explanation import Step, explain
from dealtrack.core.moments import local_day, show_moment
from dealtrack.core.policy import Policy
from dealtrack.core.policy_text import clock_words
from dealtrack.core.standing import Standing, clock_record
from dealtrack.errors import UnknownClock
from dealtrack.phrase import Word, listed
from dealtrack.register.queries import View
from dealtrack.register.register import Register

STEP_KEYS = ("id", "clock", "round", "day", "counted", "reason")


def conclusion(clock: Clock, moment: datetime, register: Register) -> str:
    """Return what follows from a count: the deadline, how it was ended, the verdict."""
    zone = register.zone
    word = say_field("verdict", verdict(clock, moment))
    due = _("due {moment}", moment=due_text(clock, zone)) if clock.due else _("no deadline")
    provisional = ""
    if clock.provisional:
        provisional = _(" (provisional: the official calendar is not published yet)")
    if clock.end is End.UNKNOWN:
        ended = _(", ended at an unknown time")
    elif clock.ended:
        ended = _(", ended {moment}", moment=show_moment(clock.ended, zone))
    else:
        ended = _(", at {moment}", moment=show_moment(moment, zone))
    line = _("{clock}: {due}{provisional}{ended}: {verdict}")
    return line.format(clock=_(clock.name), due=due, provisional=provisional, ended=ended, verdict=word)


def _counts(register: Register, standing: Standing, only: str) -> Iterator[tuple[Clock, list[Step]]]:
    policy = register.policy_of(standing.complaint)
    names = dict.fromkeys((*(rule.name for rule in policy.clocks), *(clock.name for clock in standing.runs)))
    if only and only not in names:
        raise UnknownClock(policy=policy.name, name=Word(only), allowed=listed(map(Word, names)))
    for clock in standing.runs_and_waiting:
        rule = register.rule_of(standing.complaint, clock)
        if rule is None or (only and clock.name != only):
            continue
        start = clock.started or clock.assumed
        if start is None:
            yield clock, []
            continue
        day = local_day(start, register.zone)
        yield (
            clock,
            explain(
                clock,
                rule,
                day,
                register.calendar_of(clock.revision or register.revision),
                register.zone,
                standing.moment,
                register.calendar.rules.law,
            ),
        )


def print_explanations(register: Register, named: Sequence[int], only: str, view: View, fmt: str) -> None:
    """Print, for each complaint named, each day of each clock's count; raises UnknownComplaint and UnknownClock."""
    explanations = []
    for id_ in named:
        standing = standing_in(register, id_, register.history(id_), view)
        explanations.append((standing, list(_counts(register, standing, only))))
    if fmt in ("json", "jsonl"):
        records = [_record(register, standing, counts) for standing, counts in explanations]
        print_records(records, fmt=fmt, zone=register.zone, single=len(records) == 1)
        return
    if fmt == "csv":
        print_records(_rows(explanations), STEP_KEYS, fmt, zone=register.zone)
        return
    first = True
    for standing, counts in explanations:
        headings = _headings(register, standing, [clock for clock, _steps in counts])
        for (clock, steps), heading in zip(counts, headings, strict=True):
            if not first:
                print()
            first = False
            print_line(heading)
            print_steps(steps, fmt, zone=register.zone)
            print_line(conclusion(clock, view.moment, register))


def _headings(register: Register, standing: Standing, clocks: Iterable[Clock]) -> Iterator[str]:
    """Yield what is counted for each clock and by which rule, and with the first of a policy whose rule it is."""
    last: Policy | None = None
    for clock in clocks:
        heading = f"{name_of(standing)}{_(': ')}{_(clock.name)}{'' if clock.started else _(' (expected)')}"
        policy, rule = register.text_of(standing.complaint, clock), register.rule_of(standing.complaint, clock)
        if rule is not None:
            heading = _("{heading}, {rule}", heading=heading, rule=say(clock_words(rule)))
        if policy != last:
            line = _("{heading}; policy {policy}, in force from {day} ({authority}: {source})")
            heading = line.format(
                heading=heading,
                policy=policy.name,
                day=policy.in_force.isoformat(),
                authority=_(policy.authority),
                source=_(policy.source),
            )
            last = policy
        yield heading


def _rows(explanations: Iterable[tuple[Standing, Sequence[tuple[Clock, list[Step]]]]]) -> Iterator[dict[str, Any]]:
    """Yield a record of each day counted, with the complaint and the run of the clock that it was counted for."""
    for standing, counts in explanations:
        for clock, steps in counts:
            for step in steps:
                whose = {"id": standing.complaint.id, "clock": clock.name, "round": clock.round}
                yield {**whose, **step_record(step)}


def explanation_text(register: Register, complaint: int, view: View) -> str:
    """Return each day of each clock's count of one complaint, as lines for a reader; raises UnknownComplaint."""
    standing = standing_in(register, complaint, register.history(complaint), view)
    out = StringIO()
    counts = list(_counts(register, standing, ""))
    headings = _headings(register, standing, [clock for clock, _steps in counts])
    for (clock, steps), heading in zip(counts, headings, strict=True):
        tell(heading, out)
        print_steps(steps, "table", zone=register.zone, stream=out)
        tell(conclusion(clock, view.moment, register), out)
        print(file=out)
    return out.getvalue().rstrip("\n")


def _record(register: Register, standing: Standing, counts: Sequence[tuple[Clock, list[Step]]]) -> dict[str, Any]:
    return {
        "id": standing.complaint.id,
        "number": standing.complaint.number,
        "clocks": [_clock_record(register, standing, clock, steps) for clock, steps in counts],
    }


def _clock_record(register: Register, standing: Standing, clock: Clock, steps: Sequence[Step]) -> dict[str, Any]:
    policy, rule = register.text_of(standing.complaint, clock), register.rule_of(standing.complaint, clock)
    record = clock_record(clock, standing.moment)
    del record["calendar_revision"]
    return record | {
        "policy": policy.name,
        "in_force": policy.in_force,
        "authority": policy.authority,
        "source": policy.source,
        "article": rule.article if rule else "",
        "steps": [step_record(step) for step in steps],
    }
