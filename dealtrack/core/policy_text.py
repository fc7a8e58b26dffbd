"""Policies in words: whose rule it is, when it is in force, and what each clock asks, a sentence a clock."""

from collections.abc import Sequence
from datetime import date

from dealtrack.core.lifecycle import Kind
from dealtrack.core.moments import ONE_DAY
from dealtrack.core.policy import (
    ENDED,
    EVENT_NAMED,
    FINAL_REPLY,
    HOURS,
    INTERIM_REPLY,
    REPLIES,
    ClockRule,
    Policy,
    Roll,
    Unit,
)
from dealtrack.phrase import Phrase, Word, either, in_order, listed

MOMENTS: dict[str, Phrase] = {
    Kind.RECEIVED: Phrase("receipt"),
    Kind.ACCEPTED: Phrase("acceptance"),
    Kind.FORWARDED: Phrase("forwarding"),
    Kind.COMPLETED: Phrase("completion"),
    Kind.WITHDRAWN: Phrase("withdrawal"),
    Kind.REJECTED: Phrase("rejection"),
    Kind.REOPENED: Phrase("reopening"),
}
OTHER_MOMENTS = (
    (frozenset(REPLIES), Phrase("any reply")),
    (frozenset({INTERIM_REPLY}), Phrase("an interim reply")),
    (frozenset({FINAL_REPLY}), Phrase("a final reply")),
)
DECISION = Phrase("the decision whether to open a case")
"""What ends the verifying of a report (举报): it is not accepted or rejected as a complaint is."""

UNITS = {
    Unit.WORKING_DAY: ("{count} working day", "{count} working days"),
    Unit.CALENDAR_DAY: ("{count} calendar day", "{count} calendar days"),
    Unit.WEEK: ("{count} week", "{count} weeks"),
    Unit.MONTH: ("{count} month", "{count} months"),
    Unit.HOUR: ("{count} hour", "{count} hours"),
    Unit.WORKING_HOUR: ("{count} working hour", "{count} working hours"),
}
ROLLS = {
    Roll.NEXT_WORKING_DAY: Phrase("a due day that falls on a rest day moves to the next working day"),
    Roll.AFTER_STATUTORY_HOLIDAY: Phrase("a due day that falls in a statutory holiday moves to the day after it"),
}


def headings(policy: Policy, last: date | None, judges_earlier: bool) -> list[tuple[str, str]]:
    """Return what stands above the clocks of a policy version, each with its label: in force, authority, source.

    `last` is the last day on which the version is in force, None where it has no end.
    """
    first = policy.in_force.isoformat()
    in_force = Phrase("from {day} on", day=first)
    if last:
        in_force = Phrase("from {day} to {last}", day=first, last=last.isoformat())
    if judges_earlier:
        in_force = Phrase("{span}; also applied to complaints received before", span=in_force)
    restart = [(Phrase("pauses"), Phrase("resume --restart starts the deadlines again"))] if policy.restart else []
    if policy.restart_on_merge:
        restart.append((Phrase("merges"), Phrase("a complaint merged into another starts its deadlines again")))
    unverified = [(Phrase("not verified"), Word(policy.unverified))] if policy.unverified else []
    return [
        (Phrase("in force"), in_force),
        (Phrase("authority"), Word(policy.authority)),
        (Phrase("source"), Word(policy.source)),
        *unverified,
        *restart,
    ]


def last_days(versions: Sequence[Policy]) -> list[date | None]:
    """Return for each version, in their order, the last day on which it is in force; None where it has no end."""
    begins = sorted(version.in_force for version in versions)
    ends = dict(zip(begins, [*(day - ONE_DAY for day in begins[1:]), None], strict=True))
    return [ends[version.in_force] for version in versions]


def span_of(rule: ClockRule) -> Phrase:
    """Return how long a clock runs and between what, as in `1 working day from receipt to forwarding`."""
    length = length_text(rule.length, rule.unit)
    stop = DECISION if rule.name == "verify" and Kind.REJECTED in rule.stop else _moments(rule.stop)
    words = {"length": length, "start": _moments(rule.start), "stop": stop}
    if rule.unit in HOURS:
        return Phrase("{length} from the moment of {start} to {stop}", **words)
    if not rule.length:
        return Phrase("{stop} on the day of {start}", **words)
    return Phrase("{length} from {start} to {stop}", **words)


def clock_words(rule: ClockRule) -> Phrase:
    """Return one clock in words, without its name: its length, what starts and stops it, what moves its deadline."""
    parts = [span_of(rule)]
    if rule.closes is not None:
        parts.append(Phrase("the due day ends at {time}", time=rule.closes.isoformat()))
    if rule.roll in ROLLS:
        parts.append(ROLLS[rule.roll])
    if rule.counts_first_day:
        parts.append(Phrase("the day of the start is day 1"))
    if not rule.counts_first_hour:
        parts.append(Phrase("counted from the next full hour"))
    if rule.working_days_for:
        lengths = listed(map(str, rule.working_days_for))
        parts.append(Phrase("lengths of {lengths} are working days, all others calendar days", lengths=lengths))
    if rule.only_if:
        parts.append(Phrase("it applies only after {moment} within that time", moment=_moments(rule.only_if)))
    if not rule.pausable:
        parts.append(Phrase("not stopped by a pause"))
    if (extensions := _extensions(rule)) is not None:
        parts.append(extensions)
    if rule.asked_before:
        days = length_text(rule.asked_before, Unit.WORKING_DAY)
        parts.append(Phrase("an extension is asked for at least {days} before the due day", days=days))
    words = in_order(parts)
    return Phrase("{words} ({article})", words=words, article=Word(rule.article)) if rule.article else words


def length_text(number: int, unit: Unit) -> Phrase:
    """Return a number of units in words, as in `1 working day` or `8 weeks`; of none `the same day`."""
    if not number:
        return Phrase("the same day")
    one, many = UNITS[unit]
    return Phrase(one if number == 1 else many, count=number)


def _extensions(rule: ClockRule) -> Phrase | None:
    most = rule.extension_by
    by = Phrase(" by {length}", length=length_text(most, rule.unit)) if most is not None else ""
    match rule.extensions:
        case None:
            return Phrase("can be extended{by}, as often as needed", by=by) if by else None
        case 0:
            return Phrase("cannot be extended")
        case 1:
            return Phrase("can be extended once{by}", by=by)
        case times:
            return Phrase("can be extended {times} times{by}", times=times, by=by)


def _moments(triggers: frozenset[str]) -> Phrase:
    words = [words for kind, words in MOMENTS.items() if kind in triggers]
    words += [words for replies, words in OTHER_MOMENTS if replies == triggers & frozenset(REPLIES)]
    for trigger in sorted(triggers):
        if trigger.startswith(EVENT_NAMED):
            words.append(Phrase("the event {name}", name=Word(trigger.removeprefix(EVENT_NAMED))))
        elif trigger.startswith(ENDED):
            words.append(Phrase("the end of stage {clock}", clock=Word(trigger.removeprefix(ENDED))))
    return either(words)
