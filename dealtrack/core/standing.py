"""How a complaint stands at a moment, its record for lists and exports, and what of it wants attention first."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, tzinfo
from enum import StrEnum
from typing import Any, NamedTuple

from dealtrack.core.calendar import ONE_DAY, WorkingCalendar
from dealtrack.core.clocks import Clock, Verdict, current, judge, verdict
from dealtrack.core.deadlines import deadline
from dealtrack.core.lifecycle import Complaint, Kind, Status, Transition, fold
from dealtrack.core.moments import local_day
from dealtrack.core.policy import Policy, version_for


class Standing(NamedTuple):
    """A complaint with one clock for each rule of its policy, and every run of its clocks, as seen at a moment."""

    complaint: Complaint
    clocks: tuple[Clock, ...]
    moment: datetime
    runs: tuple[Clock, ...] = ()

    @property
    def runs_and_waiting(self) -> list[Clock]:
        """Return every run of every clock, and the clocks that have not started."""
        return [*self.runs, *(clock for clock in self.clocks if clock.started is None)]

    def verdict(self, clock: Clock) -> Verdict:
        """Return the verdict of a clock at the standing's moment."""
        return verdict(clock, self.moment)


class Lateness(NamedTuple):
    """One clock that is watched: running and past its deadline, or running towards it.

    `is_provisional` tells that the deadline is, or the days late: those up to a moment that has not come yet, or
    those of a calendar not published yet.
    """

    complaint: Complaint
    clock: Clock
    verdict: Verdict
    working_days_late: int
    is_provisional: bool = False


def projected_standing(
    detail: Mapping[str, Any],
    versions: Sequence[Policy],
    received: datetime,
    calendar: WorkingCalendar,
    zone: tzinfo,
    now: datetime,
) -> Standing:
    """Return how a complaint would stand now that was received at a moment, in UTC, under one of a policy's versions.

    Raises OutsideCalendar.
    """
    policy = version_for(versions, local_day(received, zone))
    stated = {**detail, "policy": policy.name, "policy_version": policy.version}
    history = [Transition(1, 0, Kind.RECEIVED, received, now, "", stated)]
    runs = judge(history, policy, lambda _: calendar, zone)
    clocks = current(runs, policy, Status.RECEIVED, calendar, zone, now)
    return Standing(fold(0, history), tuple(clocks), now, tuple(runs))


FIRST_KEYS = (
    *("id", "number", "platform", "category", "seller", "status", "owner", "policy"),
    *("received", "forwarded", "completed"),
)
LAST_KEYS = ("outcome", "amount", "summary")
"""The keys of a complaint's record, in their order, before and after those of its clocks and `provisional`."""


def record(standing: Standing) -> dict[str, Any]:
    """Return the record of a complaint under its fixed keys; moments in UTC, None for what is not known.

    `_provisional`, which no output shows, names the deadlines that are provisional.
    """
    values = _values(standing.complaint, FIRST_KEYS)
    for clock in standing.clocks:
        values[f"{clock.name}_due"] = clock.due
        values[f"{clock.name}_verdict"] = standing.verdict(clock).value
    uncertain = {f"{clock.name}_due" for clock in standing.clocks if clock.provisional}
    return values | {
        "provisional": bool(uncertain),
        "_provisional": uncertain,
        **_values(standing.complaint, LAST_KEYS),
    }


def record_keys(clocks: Iterable[str]) -> list[str]:
    """Return the keys of a complaint's record, with those of all the clocks named."""
    of_clocks = [f"{name}_{what}" for name in clocks for what in ("due", "verdict")]
    return [*FIRST_KEYS, *of_clocks, "provisional", *LAST_KEYS]


def _values(complaint: Complaint, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(complaint, name) for name in names}
    if "status" in values:
        values["status"] = complaint.status.value
    return values


WATCH_KEYS = (
    *("id", "number", "platform", "category", "status", "owner"),
    *("clock", "due", "verdict", "working_days_late", "provisional"),
)


def watch_record(lateness: Lateness) -> dict[str, Any]:
    """Return the record of a watched clock under its fixed keys; moments in UTC.

    `_provisional`, which no output shows, names the deadline where it is provisional, and not the days late alone.
    """
    clock = lateness.clock
    values = (clock.name, clock.due, lateness.verdict.value, lateness.working_days_late, lateness.is_provisional)
    return {
        **_values(lateness.complaint, WATCH_KEYS[:6]),
        **dict(zip(WATCH_KEYS[6:], values, strict=True)),
        "_provisional": {"due"} if clock.provisional else set(),
    }


def clock_record(clock: Clock, moment: datetime) -> dict[str, Any]:
    """Return one run of a clock as `show` shows it; moments in UTC."""
    return {
        "clock": clock.name,
        "round": clock.round,
        "started": clock.started,
        "due": clock.due,
        "ended": clock.known_end,
        "verdict": verdict(clock, moment).value,
        "provisional": clock.provisional,
        "calendar_revision": clock.revision,
    }


class Urgency(StrEnum):
    """How a complaint wants attention, the most urgent first."""

    OVERDUE = "overdue"
    DUE_TODAY = "due-today"
    RUNNING = "running"
    PAUSED = "paused"


class AgendaItem(NamedTuple):
    """An open complaint with the clock that decides its place, None where no clock runs."""

    complaint: Complaint
    clock: Clock | None
    urgency: Urgency


def item_of(standing: Standing, moment: datetime, zone: tzinfo) -> AgendaItem:
    """Return the place of an open complaint at a moment, by its clock that runs and is due first."""
    running = [clock for clock in standing.clocks if clock.started is not None and clock.ended is None]
    due = [(clock.due, clock) for clock in running if clock.due is not None]
    if not due:
        paused = next((clock for clock in running if clock.paused), None)
        return AgendaItem(standing.complaint, paused, Urgency.PAUSED if paused else Urgency.RUNNING)
    first, clock = min(due, key=lambda pair: pair[0])
    if verdict(clock, moment) is Verdict.OVERDUE:
        return AgendaItem(standing.complaint, clock, Urgency.OVERDUE)
    today = local_day(first, zone) == local_day(moment, zone)
    return AgendaItem(standing.complaint, clock, Urgency.DUE_TODAY if today else Urgency.RUNNING)


def by_urgency(standings: Iterable[Standing], moment: datetime, zone: tzinfo) -> list[AgendaItem]:
    """Return open complaints by urgency, those due first before others; what has no deadline stands last."""
    order = list(Urgency)
    last = datetime.max.replace(tzinfo=moment.tzinfo)

    def place(item: AgendaItem) -> tuple[int, datetime, int]:
        due = item.clock.due if item.clock else None
        return order.index(item.urgency), due or last, item.complaint.id

    return sorted((item_of(standing, moment, zone) for standing in standings), key=place)


def next_change(items: Iterable[AgendaItem], moment: datetime, zone: tzinfo) -> datetime:
    """Return the moment, in UTC, from which time alone may have moved an item: a deadline's passing, or midnight."""
    midnight = datetime.combine(local_day(moment, zone) + ONE_DAY, time(), zone).astimezone(moment.tzinfo)
    ahead = (item.clock.due for item in items if item.clock and item.clock.due and item.clock.due >= moment)
    return min(midnight, min(ahead, default=midnight))


class DigestDay(NamedTuple):
    """The moment of a daily summary among the working days around it.

    `since` is the same hour of the working day before its day, exclusive: the summary before this one was
    made then. `until` is the last moment, inclusive, of the next working day, `following`. Both in UTC.
    """

    day: date
    is_worked: bool
    since: datetime
    following: date
    until: datetime


def digest_day(moment: datetime, calendar: WorkingCalendar, zone: tzinfo) -> DigestDay:
    """Return the working days around a moment as they lie in a time zone; raises OutsideCalendar."""
    local = moment.astimezone(zone)
    day = local.date()
    is_worked = calendar.is_worked(day)
    # The working days up to a rest day end with the one before it; those up to a working day, with itself.
    previous = calendar.nth_after(day, -1 if is_worked else 0)
    following = calendar.nth_after(day, 1)
    since = datetime.combine(previous, local.time(), zone).astimezone(moment.tzinfo)
    return DigestDay(day, is_worked, since, following, deadline(following, None, zone))


def is_new(lateness: Lateness, summary: DigestDay) -> bool:
    """Tell whether the deadline of an overdue clock has passed since the last working day."""
    return lateness.clock.due is not None and lateness.clock.due > summary.since


def is_due_today(lateness: Lateness, summary: DigestDay, zone: tzinfo) -> bool:
    """Tell whether a running clock falls due on the summary's own day."""
    return lateness.clock.due is not None and local_day(lateness.clock.due, zone) <= summary.day
