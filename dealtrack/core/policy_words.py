"""Policies in words: whose rule it is, when it is in force, and what each clock asks, a sentence a clock."""

from collections.abc import Iterable, Sequence
from datetime import date

from dealtrack.core.calendar import ONE_DAY
from dealtrack.core.lifecycle import Kind
from dealtrack.core.policy import ClockRule, Policy, Roll, Unit

MOMENTS = {
    Kind.RECEIVED: "receipt",
    Kind.ACCEPTED: "acceptance",
    Kind.FORWARDED: "forwarding",
    Kind.COMPLETED: "completion",
    Kind.WITHDRAWN: "withdrawal",
    Kind.REJECTED: "rejection",
    Kind.REOPENED: "reopening",
}
UNITS = {
    Unit.WORKING_DAY: "working day",
    Unit.CALENDAR_DAY: "calendar day",
    Unit.WEEK: "week",
    Unit.MONTH: "month",
}
ROLLS = {
    Roll.NEXT_WORKING_DAY: "a due day that falls on a rest day moves to the next working day",
    Roll.AFTER_STATUTORY_HOLIDAY: "a due day that falls in a statutory holiday moves to the day after it",
}


def headings(policy: Policy, last: date | None, judges_earlier: bool) -> list[tuple[str, str]]:
    """Return what stands above the clocks of a policy version, each with its label: in force, authority, source.

    `last` is the last day on which the version is in force, None where it has no end.
    """
    in_force = f"from {policy.in_force.isoformat()}" + (f" to {last.isoformat()}" if last else " on")
    if judges_earlier:
        in_force += "; receipts before it came into force are judged by it too"
    return [("in force", in_force), ("authority", policy.authority), ("source", policy.source)]


def last_days(versions: Sequence[Policy]) -> list[date | None]:
    """Return for each version, in their order, the last day on which it is in force; None where it has no end."""
    begins = sorted(version.in_force for version in versions)
    ends = dict(zip(begins, [*(day - ONE_DAY for day in begins[1:]), None], strict=True))
    return [ends[version.in_force] for version in versions]


def describe(policy: Policy) -> list[str]:
    """Return the clocks of a policy in words, a line each: `forward: 1 working day from receipt to forwarding`."""
    return [describe_clock(rule) for rule in policy.clocks]


def span_of(rule: ClockRule) -> str:
    """Return how long a clock runs and between what, as in `1 working day from receipt to forwarding`."""
    return f"{counted(rule.length, rule.unit)} from {_moments(rule.start)} to {_moments(rule.stop)}"


def describe_clock(rule: ClockRule) -> str:
    """Return one clock in words: its length, what starts and stops it, and what moves its deadline."""
    parts = [f"{rule.name}: {span_of(rule)}"]
    if rule.closes is not None:
        parts.append(f"the due day ends at {rule.closes.isoformat()}")
    if rule.roll in ROLLS:
        parts.append(ROLLS[rule.roll])
    if not rule.pausable:
        parts.append("no pause stops it")
    if (extensions := _extensions(rule)) is not None:
        parts.append(extensions)
    words = "; ".join(parts)
    return f"{words} ({rule.article})" if rule.article else words


def counted(number: int, unit: Unit) -> str:
    """Return a number of units in words, as in `1 working day` or `8 weeks`."""
    return f"{number} {UNITS[unit]}{'' if number == 1 else 's'}"


def _extensions(rule: ClockRule) -> str | None:
    by = f" by {counted(rule.extension_by, rule.unit)}" if rule.extension_by is not None else ""
    match rule.extensions:
        case None:
            return f"can be extended{by}, as often as needed" if by else None
        case 0:
            return "cannot be extended"
        case 1:
            return f"can be extended once{by}"
        case times:
            return f"can be extended {times} times{by}"


def _moments(kinds: Iterable[Kind]) -> str:
    return " or ".join(words for kind, words in MOMENTS.items() if kind in kinds)
