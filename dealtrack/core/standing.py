"""How a complaint stands at a moment, and its record for lists and exports."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.clocks import Clock, Verdict, current, judge, verdict
from dealtrack.core.complaint_state import make_complaint
from dealtrack.core.lifecycle import Complaint, Kind, Status, Transition
from dealtrack.core.moments import local_day
from dealtrack.core.policy import HOURS, Policy, version_for


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

    def is_foreseen(self, clock: Clock) -> bool:
        """Tell whether a clock has begun or has a deadline to expect: one that waits for an event has not."""
        is_waiting = self.complaint.is_open and self.complaint.status is not Status.PAUSED
        return not is_waiting or clock.started is not None or clock.due is not None

    def verdict(self, clock: Clock) -> Verdict:
        """Return the verdict of a clock at the standing's moment."""
        return verdict(clock, self.moment)


class Lateness(NamedTuple):
    """One clock that is watched: running and past its deadline, or running towards it.

    `is_provisional` tells that the deadline is, or the days late: those up to a moment that has not come yet, or
    those of a calendar not published yet. `late` is by how much the clock is late, as `3 h` or `7 wd`, empty if not.
    """

    complaint: Complaint
    clock: Clock
    verdict: Verdict
    working_days_late: int
    is_provisional: bool = False
    late: str = ""


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
    complaint = make_complaint(0, history)
    clocks = current(runs, policy, Status.RECEIVED, calendar, zone, now, complaint.limits)
    return Standing(complaint, tuple(clocks), now, tuple(runs))


FIRST_KEYS = (
    *("id", "number", "platform", "category", "seller", "status", "owner", "policy"),
    *("received", "forwarded", "completed"),
)
LAST_KEYS = ("outcome", "amount", "summary")
"""The keys of a complaint's record, in their order, before and after those of its clocks and `provisional`."""


def record(standing: Standing) -> dict[str, Any]:
    """Return the record of a complaint under its fixed keys; moments in UTC, None for what is not known.

    `_provisional`, which no output shows, names the deadlines that are provisional, `_timed` those of hours.
    """
    values = _values(standing.complaint, FIRST_KEYS)
    for clock in standing.clocks:
        values[f"{clock.name}_due"] = clock.due
        values[f"{clock.name}_verdict"] = str(standing.verdict(clock))
    uncertain = {f"{clock.name}_due" for clock in standing.clocks if clock.provisional}
    return values | {
        "provisional": bool(uncertain),
        "_provisional": uncertain,
        "_timed": {f"{clock.name}_due" for clock in standing.clocks if clock.unit in HOURS},
        **_values(standing.complaint, LAST_KEYS),
    }


def record_keys(clocks: Iterable[str]) -> list[str]:
    """Return the keys of a complaint's record, with those of all the clocks named."""
    of_clocks = [f"{name}_{what}" for name in clocks for what in ("due", "verdict")]
    return [*FIRST_KEYS, *of_clocks, "provisional", *LAST_KEYS]


def _values(complaint: Complaint, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(complaint, name) for name in names}
    if "status" in values:
        values["status"] = str(complaint.status)
    return values


WATCH_KEYS = (
    *("id", "number", "platform", "category", "status", "owner"),
    *("clock", "due", "verdict", "working_days_late", "provisional", "late"),
)


def watch_record(lateness: Lateness) -> dict[str, Any]:
    """Return the record of a watched clock under its fixed keys; moments in UTC.

    `_provisional`, which no output shows, names the deadline where it is provisional, and not the days late alone;
    `_timed` where it is one of hours.
    """
    clock, days, late = lateness.clock, lateness.working_days_late, lateness.late or None
    values = (clock.name, clock.due, str(lateness.verdict), days, lateness.is_provisional, late)
    return {
        **_values(lateness.complaint, WATCH_KEYS[:6]),
        **dict(zip(WATCH_KEYS[6:], values, strict=True)),
        "_provisional": {"due"} if clock.provisional else set(),
        "_timed": {"due"} if clock.unit in HOURS else set(),
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
        "limit": clock.limit,
        "calendar_revision": clock.revision,
    }
