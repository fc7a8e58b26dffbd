"""The clocks of a complaint: when each is due, and its verdict at any moment."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import cache
from types import EllipsisType
from typing import NamedTuple

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.corrections import PolicyAt
from dealtrack.core.deadlines import (
    ONE_HOUR,
    Count,
    HourCount,
    LimitCount,
    Pause,
    deadline,
    plain_deadline,
    plain_deadlines,
    time_between,
)
from dealtrack.core.lifecycle import (
    ANNOTATIONS,
    CLOSING,
    DAY_UNKNOWN,
    OPEN,
    RESTART,
    Kind,
    Status,
    Transition,
    effective,
    read_limits,
    stated_limits,
    unknown_steps,
)
from dealtrack.core.moments import HOUR_UNKNOWN, from_store, local_day, looks_hourless
from dealtrack.core.policy import ENDED, HOURS, ClockRule, Policy, Unit, trigger_of
from dealtrack.core.runs import ENDS_PAUSE, End, is_awaited, runs_of_policy

CalendarAt = Callable[[int | None], WorkingCalendar]
"""Gives the calendar in force when the journal held this many entries; None asks for the one in force now."""


class Verdict(StrEnum):
    """What a clock is at a moment: `verdict` decides, for instance whether it is overdue."""

    __hash__ = str.__hash__

    RUNNING = "running"
    OVERDUE = "overdue"
    MET = "met"
    MISSED = "missed"
    PAUSED = "paused"
    PROJECTED = "projected"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


LATE = (Verdict.MISSED, Verdict.OVERDUE)
"""The verdicts that a deadline was not kept: done after it, or not done though it has passed."""


class Clock(NamedTuple):
    """One run of a clock; moments in UTC.

    `started` is None for a clock that has not begun: its `due` is then a projection, as if it began at `assumed`. So
    is one of hours counted that started on a day whose hour nobody wrote down.
    `due` is None while there is no deadline, as in a pause. `round` counts the runs of the same clock, from 1.
    `revision` is that of the calendar by which the clock was counted. `counted` is the day on which the count of a
    clock that was paused or extended ended, before it was rolled. `version` names the text of the policy that it was
    counted by where that is an earlier one than the complaint's, which was corrected since. `unit` is what its length
    is counted in. `hourless` tells that the deadline of a clock of hours hangs on a moment without its hour. `limit` is
    the one that is written on the complaint, whatever the policy's length.
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
    pauses: tuple[Pause, ...] = ()
    counted: date | None = None
    version: str = ""
    unit: Unit = Unit.WORKING_DAY
    hourless: bool = False
    limit: datetime | None = None

    @property
    def known_end(self) -> datetime | None:
        """Return the moment at which the clock ended, None while it runs, and where that is not known."""
        return None if self.end is End.UNKNOWN else self.ended


def verdict(clock: Clock, moment: datetime) -> Verdict:
    """Return the verdict of a clock at a moment; an event at the very deadline is on time."""
    if clock.started is None:
        return Verdict.CANCELLED if clock.end else Verdict.PROJECTED
    return verdict_of_run(clock.end, None if clock.due is None else (clock.ended or moment) > clock.due)


VERDICT_CASES: tuple[tuple[Verdict, End | EllipsisType | None, bool | EllipsisType | None], ...] = (
    (Verdict.PAUSED, None, None),
    (Verdict.OVERDUE, None, True),
    (Verdict.RUNNING, None, ...),
    (Verdict.UNKNOWN, End.UNKNOWN, ...),
    (Verdict.MISSED, ..., True),
    (Verdict.MET, End.STOPPED, ...),
    (Verdict.CANCELLED, ..., ...),
)
"""The verdicts of runs that have started, by how they ended, and whether they ended or run past their deadline.

The end is None while a run goes on, and the lateness while there is no deadline; "..." stands for any. The first case
that a run falls into is its verdict; the views of the register are made of them too.
"""


@cache
def verdict_of_run(end: End | None, is_late: bool | None) -> Verdict:
    """Return the verdict of a run that has started; what `end` and `is_late` mean `VERDICT_CASES` says."""
    return next(case for case, ends, late in VERDICT_CASES if ends in (end, ...) and late in (is_late, ...))


def working_days_late(clock: Clock, moment: datetime, calendar: WorkingCalendar, zone: tzinfo) -> int:
    """Return the working days after a clock's due day up to the moment's day, itself included; 0 when not late."""
    until = clock.ended if clock.ended is not None else moment
    if clock.due is None or clock.due_day is None or until <= clock.due:
        return 0
    return calendar.count_between(clock.due_day, local_day(until, zone))


def lateness_text(clock: Clock, moment: datetime, calendar: WorkingCalendar, zone: tzinfo) -> str:
    """Return by how much a clock is late: the hours begun, as `3 h`, else the working days, as `7 wd`; empty if not.

    Of working hours the office hours alone are counted.
    """
    until = clock.ended if clock.ended is not None else moment
    if clock.due is None or until <= clock.due:
        return ""
    if clock.unit in HOURS:
        return f"{-(-time_between(clock.unit, clock.due, until, calendar, zone) // ONE_HOUR)} h"
    return f"{working_days_late(clock, moment, calendar, zone)} wd"


def time_left(clock: Clock, moment: datetime, calendar: WorkingCalendar, zone: tzinfo) -> str:
    """Return how long a running clock has left: `2 wd`, on its last day `3 h` or `40 min`; nothing where it is late.

    Of a clock of hours it is those, of working hours the office hours alone.
    """
    if clock.due is None or moment > clock.due:
        return ""
    day = local_day(moment, zone)
    if clock.unit in HOURS:
        left = time_between(clock.unit, moment, clock.due, calendar, zone)
    elif local_day(clock.due, zone) > day:
        return f"{calendar.count_between(day, local_day(clock.due, zone))} wd"
    else:
        # The last second of a day is a part of it.
        left = clock.due - moment + timedelta(seconds=1)
    hours, rest = divmod(left, ONE_HOUR)
    return f"{hours} h" if hours else f"{rest // timedelta(minutes=1)} min"


def is_lateness_provisional(clock: Clock, moment: datetime, calendar: WorkingCalendar, zone: tzinfo) -> bool:
    """Tell whether one of the days by which a clock is late at a moment belongs to no officially published year."""
    if clock.due is None or clock.due_day is None or moment <= clock.due or clock.unit is Unit.HOUR:
        return False
    return not calendar.is_confirmed(clock.due_day, local_day(moment, zone))


def judge(history: Iterable[Transition], policy: Policy, calendar_at: CalendarAt, zone: tzinfo) -> list[Clock]:
    """Return every run of every clock that a history started, each with its deadline.

    A run that has ended is counted by the calendar in force when it ended: its verdict stands.
    """
    return [clock for _, clock in _judged(effective(history), policy, calendar_at, zone)]


def _judged(
    entries: Sequence[Transition], policy: Policy, calendar_at: CalendarAt, zone: tzinfo
) -> Iterator[tuple[int | None, Clock]]:
    """Yield every run with the number of the entry that ended it, by which its calendar is asked for; None if none."""
    unknown = unknown_steps(entries[0].detail) if entries else frozenset()
    limits = stated_limits(entries)
    for rule, runs in runs_of_policy(policy, tuple(map(trigger_of, entries))):
        for run in runs:
            start, last = entries[run.first], entries[run.last]
            end = run.end
            if end and (last.detail.get(DAY_UNKNOWN) or (unknown and end is not End.STOPPED and rule.stop & unknown)):
                end = End.UNKNOWN
            seq, ended = (last.seq, last.at) if end else (None, None)
            calendar = calendar_at(seq)
            if rule.unit is Unit.WORKING_HOUR and not calendar.rules.office_hours:
                # What ended before the calendar had office hours can be counted in the present ones alone.
                calendar = calendar_at(None)
            limit = from_store(limits[rule.name]) if run.round == 1 and rule.name in limits else None
            if run.is_plain and rule.unit not in HOURS and limit is None:
                due, day, is_provisional = plain_deadlines(rule, calendar, zone)[local_day(start.at, zone)]
                counted = (due, day, ended, end, False, is_provisional, calendar.revision, start.kind)
                more = (None, rule.length, (), None, "", rule.unit, False, None)
                yield seq, Clock._make((rule.name, run.round, start.at, *counted, *more))
            else:
                begun = Clock(
                    rule.name, run.round, start.at, None, None, ended, end, start_kind=start.kind, limit=limit
                )
                within = entries[run.first : run.last + 1]
                if run.pause is not None:
                    within = [start, entries[run.pause]._replace(at=start.at), *within[1:]]
                if any(entry.kind is Kind.JOINED for entry in within):
                    within = _with_receipts(within, policy.restart_on_merge)
                hourless: frozenset[int] = frozenset()
                if rule.unit in HOURS:
                    places = range(run.first, run.last + 1)
                    hourless = frozenset(entries[place].seq for place in places if is_hourless(entries, place, zone))
                yield seq, count_run(rule, begun, within, calendar, zone, hourless)


def is_hourless(entries: Sequence[Transition], place: int, zone: tzinfo) -> bool:
    """Tell whether nobody wrote down the hour of one of the transitions that count, in their order.

    Where an entry of an earlier release does not say so, its moment does.
    """
    entry = entries[place]
    if entry.kind is Kind.JOINED:
        return looks_hourless(from_store(entry.detail["received"]), None, zone)
    if HOUR_UNKNOWN in entry.detail:
        return bool(entry.detail[HOUR_UNKNOWN])
    before = next((earlier for earlier in reversed(entries[:place]) if earlier.kind not in ANNOTATIONS), None)
    return looks_hourless(entry.at, before and before.at, zone)


def _with_receipts(entries: Sequence[Transition], restart: bool) -> list[Transition]:
    """Return a run's entries, further complaints where they were received, or left out if they restart nothing."""
    joined = [entry._replace(at=from_store(entry.detail["received"])) for entry in entries if entry.kind is Kind.JOINED]
    others = [entry for entry in entries if entry.kind is not Kind.JOINED]
    return [others[0], *sorted([*(joined if restart else ()), *others[1:]], key=lambda entry: entry.at)]


def count_run(
    rule: ClockRule,
    run: Clock,
    entries: Sequence[Transition],
    calendar: WorkingCalendar,
    zone: tzinfo,
    hourless: Container[int] = (),
) -> Clock:
    """Return a run with its deadline counted, given the transitions from its start to its end.

    Extensions lengthen it; a pause that begins after the deadline has passed excuses nothing; while a pause
    lasts there is no deadline. A closing, or what else ends the run, ends the pause that it finds open. A pause that
    ends with a restart begins the run anew with its end, and what came before no longer counts; so does a further
    complaint (`_with_receipts`) received by the deadline. Of a clock of hours, the transitions numbered in `hourless`
    have no hour: it is counted from the last second of such a day, and once it has ended nobody knows how. A limit of
    the run stands in the place of its length, until it begins anew.
    """
    counting = HourCount if rule.unit in HOURS else Count
    run = run._replace(unit=rule.unit, revision=calendar.revision)
    pauses: list[Pause] = []

    def latest(entry: Transition) -> datetime:
        return deadline(local_day(entry.at, zone), None, zone) if entry.seq in hourless else entry.at

    edges = [entries[0]]
    begins = latest(entries[0])
    count: Count | HourCount | LimitCount = counting(rule, begins, calendar, zone)
    if run.limit is not None:
        count, edges = LimitCount(rule, run.limit, calendar, zone), []
    for position, entry in enumerate(entries):
        if entry.kind is Kind.EXTENDED and entry.detail.get("clock") == rule.name:
            count.extend(entry.detail["by"])
        elif entry.kind is Kind.PAUSED and rule.pausable and entry.at <= count.deadline():
            ends = (later for later in entries[position + 1 :] if later.kind in ENDS_PAUSE)
            ending = next(ends, entries[-1] if run.ended else None)
            pause = Pause(entry.at, latest(ending) if ending else None, entry.detail.get("reason", ""))
            if ending is None:
                pauses.append(pause)
                return run._replace(paused=True, length=count.units, pauses=tuple(pauses))
            if ending.detail.get(RESTART):
                begins = latest(ending)
                run = run._replace(started=ending.at, start_kind=ending.kind, limit=None)
                count = counting(rule, begins, calendar, zone)
                pauses.clear()
                edges = [ending]
            else:
                pauses.append(count.pause(pause))
                edges += (entry, ending)
        elif entry.kind is Kind.JOINED and begins < latest(entry) and entry.at <= count.deadline():
            begins = latest(entry)
            run = run._replace(started=entry.at, start_kind=entry.kind, limit=None)
            count = counting(rule, begins, calendar, zone)
            left = [Pause(entry.at, pause.end, pause.reason) for pause in pauses if pause.end and pause.end > entry.at]
            pauses = list(map(count.pause, left))
            edges = [entry]
    due, day, is_provisional, counted = count.result()
    is_hourless = any(entry.seq in hourless for entry in edges)
    if run.end and (is_hourless or entries[-1].seq in hourless):
        run = run._replace(end=End.UNKNOWN)
    return run._replace(
        due=due,
        due_day=day,
        provisional=is_provisional or (is_hourless and not run.end),
        length=count.units,
        pauses=tuple(pauses),
        counted=counted,
        hourless=is_hourless,
        assumed=latest(edges[0]) if run.limit is None and edges[0].seq in hourless else None,
    )


def current(
    clocks: Iterable[Clock],
    policy: Policy,
    status: Status,
    calendar: WorkingCalendar,
    zone: tzinfo,
    moment: datetime,
    limits: str | None = None,
) -> list[Clock]:
    """Return one clock for each rule of the policy of a complaint: its latest run, or what stands in for it.

    A clock that has not started is projected while the complaint is open, as if it started when the clock before it is
    due, or now where that has passed; it is cancelled once the complaint has closed. What may never start it, and what
    it hangs on (`only_if`), give it no deadline. `limits` are those of the complaint, as its field has them. Clocks
    that ended under an earlier text of the policy, and that it has no more, come after them.
    """
    latest = {clock.name: clock for clock in sorted(clocks, key=lambda clock: clock.round)}

    def projected(rule: ClockRule, after: frozenset[str] = frozenset()) -> Clock:
        waiting = waiting_clock(rule.name, status in OPEN, rule.length, calendar.revision)._replace(unit=rule.unit)
        if status not in OPEN or status is Status.PAUSED or rule.only_if:
            return waiting
        if limit := read_limits(limits).get(rule.name):
            return waiting._replace(due=limit, due_day=local_day(limit, zone), limit=limit)
        start, is_hourless = moment if is_awaited(rule) else None, False
        after |= {rule.name}
        for earlier in policy.clocks:
            if earlier.name not in after and (earlier.stop & rule.start or f"{ENDED}{earlier.name}" in rule.start):
                before = latest.get(earlier.name)
                if before is None and not earlier.start & rule.stop:
                    before = projected(earlier, after)
                if before is not None and before.due is not None and before.ended is None:
                    start = max(start or moment, before.due)
                    is_hourless = is_hourless or before.hourless or (before.provisional and rule.unit is Unit.HOUR)
        if start is None:
            return waiting
        due, day, is_provisional = plain_deadline(rule, start, calendar, zone)
        return waiting._replace(
            assumed=start, due=due, due_day=day, provisional=is_provisional or is_hourless, hourless=is_hourless
        )

    # What is stored of a clock does not tell its unit.
    latest |= {
        rule.name: latest[rule.name]._replace(unit=rule.unit)
        for rule in policy.clocks
        if rule.unit in HOURS and rule.name in latest
    }
    runs = {rule.name: latest.get(rule.name) or projected(rule) for rule in policy.clocks}
    return list((runs | latest).values())


def waiting_clock(name: str, is_open: bool, length: int = 0, revision: int = 0) -> Clock:
    """Return a clock that has not started, without a projection; a complaint that has closed needs it no more."""
    end = None if is_open else End.NOT_NEEDED
    return Clock(name, 1, None, None, None, end=end, length=length, revision=revision)


def judge_corrected(
    history: Iterable[Transition], texts: PolicyAt, is_open: bool, calendar_at: CalendarAt, zone: tzinfo
) -> tuple[Policy, list[Clock]]:
    """Return the text that a complaint is handled by, and every run of its clocks.

    A complaint that has closed keeps the text that it closed under, and a run that has ended the one that it ended
    under, which it then names as its `version`; all else is counted by the last.
    """
    entries = effective(history)
    closing = None if is_open else next((entry.seq for entry in reversed(entries) if entry.kind in CLOSING), None)
    policy = texts(closing)
    runs = {(clock.name, clock.round): clock for _, clock in _judged(entries, policy, calendar_at, zone)}
    earlier = dict.fromkeys(text for text in (texts(entry.seq) for entry in entries) if text != policy)
    for text in earlier:
        for seq, clock in _judged(entries, text, calendar_at, zone):
            if seq is not None and texts(seq) == text:
                runs[clock.name, clock.round] = clock._replace(version=text.version)
    return policy, list(runs.values())
