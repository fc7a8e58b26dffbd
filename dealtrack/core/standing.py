"""How a complaint stands at a moment, and the record of it that lists and exports are made of."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.clocks import Clock, Verdict, current, judge, verdict
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


def foreseen(
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
    clocks = current(runs, policy, True, False, calendar, zone, now)
    return Standing(fold(0, history), tuple(clocks), now, tuple(runs))


def record(standing: Standing) -> dict[str, Any]:
    """Return the record of a complaint under its fixed keys; moments in UTC, None for what is not known.

    `_provisional`, which no output shows, names the deadlines that are provisional.
    """
    complaint = standing.complaint
    values: dict[str, Any] = {
        "id": complaint.id,
        "number": complaint.number,
        "platform": complaint.platform,
        "category": complaint.category,
        "seller": complaint.seller,
        "status": complaint.status.value,
        "owner": complaint.owner,
        "policy": complaint.policy,
        "received": complaint.received,
        "forwarded": complaint.forwarded,
        "completed": complaint.completed,
    }
    for clock in standing.clocks:
        values[f"{clock.name}_due"] = clock.due
        values[f"{clock.name}_verdict"] = standing.verdict(clock).value
    uncertain = {f"{clock.name}_due" for clock in standing.clocks if clock.provisional}
    values["provisional"] = bool(uncertain)
    values["_provisional"] = uncertain
    values["outcome"] = complaint.outcome
    values["amount"] = complaint.amount
    values["summary"] = complaint.summary
    return values


def record_keys(clocks: Iterable[str]) -> list[str]:
    """Return the keys of a complaint's record, with those of all the clocks named."""
    empty = Standing(Complaint(0, Status.VOIDED), (), datetime.min.replace(tzinfo=UTC))
    keys = [key for key in record(empty) if not key.startswith("_")]
    position = keys.index("provisional")
    keys[position:position] = [key for name in clocks for key in (f"{name}_due", f"{name}_verdict")]
    return keys


WATCH_KEYS = (
    "id",
    "number",
    "platform",
    "category",
    "status",
    "owner",
    "clock",
    "due",
    "verdict",
    "working_days_late",
    "provisional",
)


def watch_record(lateness: Lateness) -> dict[str, Any]:
    """Return the record of a watched clock under its fixed keys; moments in UTC.

    `_provisional`, which no output shows, names the deadline where it is provisional, and not the days late alone.
    """
    complaint, clock = lateness.complaint, lateness.clock
    return {
        "id": complaint.id,
        "number": complaint.number,
        "platform": complaint.platform,
        "category": complaint.category,
        "status": complaint.status.value,
        "owner": complaint.owner,
        "clock": clock.name,
        "due": clock.due,
        "verdict": lateness.verdict.value,
        "working_days_late": lateness.working_days_late,
        "provisional": lateness.is_provisional,
        "_provisional": {"due"} if clock.provisional else set(),
    }


def clock_record(clock: Clock, moment: datetime) -> Mapping[str, Any]:
    """Return one run of a clock as `show` tells it; moments in UTC."""
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
