"""The clocks of a complaint: when each is due, and its verdict at any moment."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple

from dealtrack.core.calendar import ONE_DAY, WorkingCalendar
from dealtrack.core.lifecycle import CLOSING, Kind, Transition, effective
from dealtrack.core.moments import local_day
from dealtrack.core.policy import ClockRule, Policy, Roll, Unit

LAST_SECOND = time(23, 59, 59)
ENDS_PAUSE = CLOSING | {Kind.RESUMED}
MOVING = frozenset({Kind.EXTENDED, Kind.PAUSED})
"""The kinds that move a running clock's deadline."""
MOST_COURSES = 1000

CalendarAt = Callable[[int | None], WorkingCalendar]
"""Gives the calendar in force when the journal held this many entries; None asks for the one in force now."""


class Verdict(StrEnum):
    """What can be said of a clock at a moment."""

    __hash__ = str.__hash__

    RUNNING = "running"
    OVERDUE = "overdue"
    MET = "met"
    MISSED = "missed"
    PAUSED = "paused"
    PROJECTED = "projected"
    CANCELLED = "cancelled"


class End(StrEnum):
    """How a clock ended."""

    __hash__ = str.__hash__

    STOPPED = "stopped"
    NOT_NEEDED = "not-needed"
    CLOSED_WITHOUT = "closed-without"


class Span(NamedTuple):
    """A pause: its working days after the day of `start` and up to the day of `end` are not counted; moments in UTC."""

    start: datetime
    end: datetime | None
    reason: str = ""


class Clock(NamedTuple):
    """One run of a clock; moments in UTC.

    `started` is None for a clock that has not begun: its `due` is then a projection, as if it began at
    `assumed`. `due` is None while
    there is no deadline, as in a pause. `round` counts the runs of the same clock, from 1. `revision` is
    that of the calendar by which the clock was counted.
    """

    name: str
    round: int
    started: datetime | None
    due: datetime | None
    due_day: date | None
    ended: datetime | None = None
    end: End | None = None
    paused: bool = False
    provisional: bool = False
    revision: int = 0
    start_kind: Kind | None = None
    assumed: datetime | None = None
    length: int = 0
    pauses: tuple[Span, ...] = ()


def verdict(clock: Clock, moment: datetime) -> Verdict:
    """Return the verdict of a clock at a moment; an event at the very deadline is on time."""
    if clock.started is None:
        return Verdict.CANCELLED if clock.end else Verdict.PROJECTED
    if clock.ended is not None:
        late = clock.due is not None and clock.ended > clock.due
        if clock.end is End.STOPPED:
            return Verdict.MISSED if late else Verdict.MET
        return Verdict.MISSED if late and clock.end is End.CLOSED_WITHOUT else Verdict.CANCELLED
    if clock.due is None:
        return Verdict.PAUSED
    return Verdict.OVERDUE if moment > clock.due else Verdict.RUNNING


def deadline(day: date, closes: time | None, zone: tzinfo) -> datetime:
    """Return the last moment, inclusive and in UTC, of a due day: its closing time, or its last second.

    Source: Civil Code of the PRC art. 203.
    """
    return datetime.combine(day, closes or LAST_SECOND, zone).replace(fold=1).astimezone(UTC)


def working_days_late(clock: Clock, moment: datetime, calendar: WorkingCalendar, zone: tzinfo) -> int:
    """Return the working days after a clock's due day up to the moment's day, itself included; 0 when not late."""
    until = clock.ended if clock.ended is not None else moment
    if clock.due is None or clock.due_day is None or until <= clock.due:
        return 0
    return calendar.count_between(clock.due_day, local_day(until, zone))


def is_lateness_provisional(clock: Clock, moment: datetime, calendar: WorkingCalendar, zone: tzinfo) -> bool:
    """Tell whether one of the days by which a clock is late at a moment belongs to no officially published year."""
    if clock.due is None or clock.due_day is None or moment <= clock.due:
        return False
    return not calendar.is_confirmed(clock.due_day, local_day(moment, zone))


def due_day(
    rule: ClockRule, start: date, length: int, pauses: Iterable[tuple[date, date]], calendar: WorkingCalendar
) -> tuple[date, date]:
    """Return the day that ends a clock's count, and the due day that it is rolled to.

    The start day is not counted. Of each pause, the days after its first day up to its last are not counted.
    Source: Civil Code of the PRC art. 201 to 203.
    """
    if rule.unit is Unit.WORKING_DAY:
        number = calendar.days.number(start) + length
        day = calendar.days.working(number)
        for pause, resume in pauses:
            if pause < day:
                number += calendar.count_between(pause, resume)
                day = calendar.days.working(number)
        return day, day
    day = _calendar_end(start, length, rule.unit)
    for pause, resume in pauses:
        if pause < day:
            day += resume - pause
    match rule.roll:
        case Roll.NEXT_WORKING_DAY:
            return day, calendar.next_working(day)
        case Roll.AFTER_STATUTORY_HOLIDAY:
            return day, calendar.after_holiday(day)
        case Roll.NONE:
            return day, day


def _calendar_end(start: date, length: int, unit: Unit) -> date:
    if unit is Unit.MONTH:
        months = start.year * 12 + start.month - 1 + length
        year, month = divmod(months, 12)
        next_first = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
        last = (next_first - ONE_DAY).day
        return date(year, month + 1, min(start.day, last))
    return start + timedelta(days=length * (7 if unit is Unit.WEEK else 1))


class Deadlines(dict[date, tuple[datetime, date, bool]]):
    """The deadlines of a clock never paused nor extended: in UTC, with their days, and whether they are provisional.

    They are found by the day on which the clock starts, each counted when it is first asked for: a million complaints
    have some thousand days of receipt, and looking one up takes 0.1 us.
    """

    __slots__ = ("_calendar", "_rule", "_zone")

    def __init__(self, rule: ClockRule, calendar: WorkingCalendar, zone: tzinfo) -> None:
        self._rule, self._calendar, self._zone = rule, calendar, zone

    def __missing__(self, start: date) -> tuple[datetime, date, bool]:
        rule = self._rule
        counted, rolled = due_day(rule, start, rule.length, (), self._calendar)
        is_provisional = _is_provisional(rule, start, counted, rolled, self._calendar)
        found = self[start] = deadline(rolled, rule.closes, self._zone), rolled, is_provisional
        return found


def plain_deadlines(rule: ClockRule, calendar: WorkingCalendar, zone: tzinfo) -> Deadlines:
    """Return the table of a clock's plain deadlines, which the calendar keeps; asked for a day it counts that one.

    It raises OutsideCalendar.
    """
    # The table keeps the rule and the zone, and so nothing else can get their id.
    key = (id(rule), id(zone))
    known: Deadlines | None = calendar.deadlines.get(key)
    if known is None:
        known = calendar.deadlines[key] = Deadlines(rule, calendar, zone)
    return known


def _is_provisional(rule: ClockRule, start: date, counted: date, due: date, calendar: WorkingCalendar) -> bool:
    if rule.unit is Unit.WORKING_DAY:
        return not calendar.is_confirmed(start, due)
    return rule.roll is not Roll.NONE and not calendar.is_confirmed(counted - ONE_DAY, due)


class Run(NamedTuple):
    """Where one run of a clock stands in a history: its first and last entry, `end` being None while it runs.

    `is_plain` tells that nothing in between moves its deadline.
    """

    round: int
    first: int
    last: int
    end: End | None
    is_plain: bool


def runs_of(rule: ClockRule, kinds: Sequence[Kind]) -> list[Run]:
    """Return the runs of one clock in a history of counted transitions of these kinds."""
    runs: list[Run] = []
    first: int | None = None
    for position, kind in enumerate(kinds):
        if first is None and kind in rule.stop and not runs:
            # Stopped without having started: the whole handling is counted, from the receipt, which comes first.
            first = 0
        if first is None:
            if kind in rule.start:
                first = position
            continue
        if kind in rule.stop:
            end = End.STOPPED
        elif kind is Kind.COMPLETED:
            end = End.NOT_NEEDED
        elif kind in CLOSING:
            end = End.CLOSED_WITHOUT
        else:
            continue
        runs.append(_run(len(runs) + 1, first, position, end, kinds))
        first = None
    if first is not None:
        runs.append(_run(len(runs) + 1, first, len(kinds) - 1, None, kinds))
    return runs


def _run(round_: int, first: int, last: int, end: End | None, kinds: Sequence[Kind]) -> Run:
    return Run(round_, first, last, end, MOVING.isdisjoint(kinds[first : last + 1]))


_Runs = list[tuple[ClockRule, list[Run]]]
_known_runs: dict[tuple[int, tuple[Kind, ...]], tuple[Policy, _Runs]] = {}


def _runs(policy: Policy, kinds: tuple[Kind, ...]) -> _Runs:
    """Return the runs of every clock of a policy; a million complaints go through some twenty courses of kinds."""
    known = _known_runs.get((id(policy), kinds))
    if known is None:
        if len(_known_runs) > MOST_COURSES:
            _known_runs.clear()
        # The policy is kept beside them, and so nothing else can get its id.
        known = policy, [(rule, runs_of(rule, kinds)) for rule in policy.clocks]
        _known_runs[id(policy), kinds] = known
    return known[1]


def judge(history: Iterable[Transition], policy: Policy, calendar_at: CalendarAt, zone: tzinfo) -> list[Clock]:
    """Return every run of every clock that a history started, each with its deadline.

    A run that has ended is counted by the calendar in force when it ended: its verdict stands.
    """
    entries = effective(history)
    clocks: list[Clock] = []
    for rule, runs in _runs(policy, tuple([entry.kind for entry in entries])):
        for run in runs:
            start, last = entries[run.first], entries[run.last]
            calendar = calendar_at(last.seq if run.end else None)
            ended = last.at if run.end else None
            if run.is_plain:
                due, day, is_provisional = plain_deadlines(rule, calendar, zone)[local_day(start.at, zone)]
                counted = (due, day, ended, run.end, False, is_provisional, calendar.revision, start.kind)
                clocks.append(Clock(rule.name, run.round, start.at, *counted, None, rule.length))
            else:
                begun = Clock(rule.name, run.round, start.at, None, None, ended, run.end, start_kind=start.kind)
                clocks.append(measure(rule, begun, entries[run.first : run.last + 1], calendar, zone))
    return clocks


def measure(
    rule: ClockRule, run: Clock, entries: Sequence[Transition], calendar: WorkingCalendar, zone: tzinfo
) -> Clock:
    """Return a run with its deadline counted, given the transitions from its start to its end.

    Extensions lengthen it; a pause that begins after the deadline has passed excuses nothing; while a pause
    lasts there is no deadline. A closing ends the pause that it finds open.
    """
    start = local_day(entries[0].at, zone)
    length = rule.length
    spans: list[Span] = []
    days: list[tuple[date, date]] = []

    def due() -> tuple[date, date, datetime]:
        counted, rolled = due_day(rule, start, length, days, calendar)
        return counted, rolled, deadline(rolled, rule.closes, zone)

    for position, entry in enumerate(entries):
        if entry.kind is Kind.EXTENDED and entry.detail.get("clock") == rule.name:
            length += entry.detail["by"]
        elif entry.kind is Kind.PAUSED and rule.pausable and entry.at <= due()[2]:
            end = next((later.at for later in entries[position + 1 :] if later.kind in ENDS_PAUSE), None)
            spans.append(Span(entry.at, end, entry.detail.get("reason", "")))
            if end is None:
                return run._replace(paused=True, length=length, pauses=tuple(spans), revision=calendar.revision)
            days.append((local_day(entry.at, zone), local_day(end, zone)))
    counted, rolled, moment = due()
    return run._replace(
        due=moment,
        due_day=rolled,
        provisional=_is_provisional(rule, start, counted, rolled, calendar),
        length=length,
        pauses=tuple(spans),
        revision=calendar.revision,
    )


def current(
    clocks: Iterable[Clock],
    policy: Policy,
    is_open: bool,
    is_paused: bool,
    calendar: WorkingCalendar,
    zone: tzinfo,
    moment: datetime,
) -> list[Clock]:
    """Return one clock for each rule of a policy: its latest run, or what stands in for it.

    A clock that has not started is projected while the complaint is open, and cancelled once it has closed.
    """
    latest = {clock.name: clock for clock in sorted(clocks, key=lambda clock: clock.round)}
    return [
        latest.get(rule.name) or project(rule, latest, policy, is_open, is_paused, calendar, zone, moment)
        for rule in policy.clocks
    ]


def project(
    rule: ClockRule,
    latest: dict[str, Clock],
    policy: Policy,
    is_open: bool,
    is_paused: bool,
    calendar: WorkingCalendar,
    zone: tzinfo,
    moment: datetime,
) -> Clock:
    """Return a clock as if it started when the clock before it is due, or now where that has passed."""
    waiting = Clock(rule.name, 1, None, None, None, length=rule.length, revision=calendar.revision)
    if not is_open:
        return waiting._replace(end=End.NOT_NEEDED)
    if is_paused:
        return waiting
    start = moment
    for feeder in policy.clocks:
        if feeder.stop & rule.start and feeder.name != rule.name:
            before = latest.get(feeder.name)
            if before is None and not feeder.start & rule.stop:
                before = project(feeder, latest, policy, is_open, is_paused, calendar, zone, moment)
            if before is not None and before.due is not None and before.ended is None:
                start = max(start, before.due)
    due, day, is_provisional = plain_deadlines(rule, calendar, zone)[local_day(start, zone)]
    return waiting._replace(assumed=start, due=due, due_day=day, provisional=is_provisional)
