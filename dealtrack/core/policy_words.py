"""Policies in words: what each clock asks, a sentence a clock."""

from collections.abc import Iterable

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


def describe(policy: Policy) -> list[str]:
    """Return the clocks of a policy in words, a line a clock, as in `forward: 1 working day from receipt to forwarding`."""
    return [describe_clock(rule) for rule in policy.clocks]


def describe_clock(rule: ClockRule) -> str:
    """Return one clock in words: its length, what starts and stops it, and what moves its deadline."""
    length = counted(rule.length, rule.unit)
    parts = [f"{rule.name}: {length} from {_moments(rule.start)} to {_moments(rule.stop)}"]
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
