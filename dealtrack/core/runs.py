"""The runs of a complaint's clocks: where in its history each begins and ends."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from dealtrack.core.lifecycle import CLOSING, STEPS, Kind
from dealtrack.core.policy import ENDED, ClockRule, Policy

ENDS_PAUSE = CLOSING | {Kind.RESUMED}
MOVING = frozenset({Kind.EXTENDED, Kind.PAUSED, Kind.JOINED})
"""The kinds that move a running clock's deadline."""
BY_STEP = frozenset({Kind.RECEIVED, *STEPS})
"""The kinds that every complaint goes through: a clock that one of them starts is awaited from the receipt on."""
CACHED_HISTORIES = 1000


class End(StrEnum):
    """How a clock ended; `unknown` on a day, or by a step, that nobody wrote down."""

    __hash__ = str.__hash__

    STOPPED = "stopped"
    NOT_NEEDED = "not-needed"
    CLOSED_WITHOUT = "closed-without"
    UNKNOWN = "unknown"


NO_ENDS: Mapping[int, frozenset[str]] = {}


class Run(NamedTuple):
    """Where one run of a clock stands in a history: its first and last entry, `end` being None while it runs.

    `is_plain` tells that nothing in between moves its deadline. `pause` is the entry of a pause that it began in.
    """

    round: int
    first: int
    last: int
    end: End | None
    is_plain: bool
    pause: int | None = None


def runs_of(rule: ClockRule, triggers: Sequence[str], ends: Mapping[int, frozenset[str]] = NO_ENDS) -> list[Run]:
    """Return the runs of one clock in a history of counted transitions with these triggers (`trigger_of`).

    `ends` are the clocks of the same policy that ended at an entry, as `ended:NAME`.
    """
    runs: list[tuple[int, int, End | None, int | None]] = []
    first: int | None = None
    pause: int | None = None
    paused: int | None = None
    began, has_run = 0, False
    reached: set[str] = {Kind.RECEIVED}
    for position, trigger in enumerate(triggers):
        ended = ends.get(position, frozenset())
        if trigger is Kind.COMPLETED:
            # What was completed and is opened again counts as forwarded.
            reached.add(Kind.FORWARDED)
        elif trigger in STEPS or trigger.__class__ is not Kind:
            reached |= {trigger, *ended}
        if trigger is Kind.PAUSED:
            pause = position
        elif trigger in ENDS_PAUSE:
            pause = None
        starts = trigger in rule.start or not ended.isdisjoint(rule.start)
        if trigger is Kind.REOPENED and Kind.FORWARDED not in reached:
            # Reopened before it was forwarded: handling begins again, and clocks run whose step is still to come.
            began, has_run = position, False
            starts = not rule.stop & reached and bool(rule.start & reached or rule.start == {Kind.REOPENED})
        if first is None and trigger in rule.stop and trigger.__class__ is Kind and not has_run and is_awaited(rule):
            # Stopped without having started: the whole handling is counted, from the receipt, which comes first.
            first, paused = began, None
        if first is None:
            if starts:
                first, has_run, paused = position, True, pause
            continue
        has_run = True
        if trigger in rule.stop:
            end = End.STOPPED
        elif trigger is Kind.COMPLETED:
            end = End.NOT_NEEDED
        elif trigger in CLOSING:
            end = End.CLOSED_WITHOUT
        else:
            continue
        runs.append((first, position, end, paused))
        first = None
    if first is not None:
        runs.append((first, len(triggers) - 1, None, paused))
    within = [(run, triggers[run[0] : run[1] + 1]) for run in runs]
    if rule.only_if:
        within = [(run, inside) for run, inside in within if not rule.only_if.isdisjoint(inside[1:])]
    return [
        Run(number, first, last, end, paused is None and MOVING.isdisjoint(inside), paused)
        for number, ((first, last, end, paused), inside) in enumerate(within, 1)
    ]


def is_awaited(rule: ClockRule) -> bool:
    """Tell whether a clock starts by a step that every complaint takes, and not by what may never come."""
    return not BY_STEP.isdisjoint(rule.start) or rule.start == {Kind.REOPENED}


@lru_cache(CACHED_HISTORIES)
def runs_of_policy(policy: Policy, triggers: tuple[str, ...]) -> list[tuple[ClockRule, list[Run]]]:
    """Return the runs of every clock of a policy; a million complaints go through some twenty courses of triggers."""
    found = []
    ends: dict[int, frozenset[str]] = {}
    for rule in policy.clocks:
        runs = runs_of(rule, triggers, ends)
        found.append((rule, runs))
        for run in runs:
            if run.end is End.STOPPED and triggers[run.last] not in CLOSING:
                ends[run.last] = ends.get(run.last, frozenset()) | {f"{ENDED}{rule.name}"}
    return found
