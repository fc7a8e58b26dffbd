"""Counting the register as it stands: by what complaints have in common, rather than one by one."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta, tzinfo

from dealtrack.core.clocks import Clock, End, Verdict, plain_deadlines, project, verdict
from dealtrack.core.lifecycle import OPEN, Status
from dealtrack.core.moments import from_store, local_day
from dealtrack.core.policy import Policy
from dealtrack.errors import OutsideCalendar
from dealtrack.register.counts import GROUPED, Complaints, Runs
from dealtrack.register.queries import Filter
from dealtrack.register.register import Register
from dealtrack.register.view import View
from dealtrack.reports.counting import ADVANCE_COMPENSATION, PERIODS, THIRD_PARTY, Counting, Key, Tally

FIRST_SECOND = "0000-01-01T00:00:00Z"
HOUR, MINUTE, SECOND = 13, 16, 19
A_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
Waiting = Counter[tuple[Key, str, str]]
"""Complaints by their group, their status and the name of a clock."""


def length_for(zone: tzinfo) -> int:
    """Return to how many characters a stored moment can be cut so that its day in a time zone still shows."""
    offsets = [datetime(year, month, 1, tzinfo=zone).utcoffset() for year in range(1970, 2101) for month in (1, 7)]
    seconds = [int(offset.total_seconds()) for offset in offsets if offset is not None]
    return HOUR if not any(s % 3600 for s in seconds) else MINUTE if not any(s % 60 for s in seconds) else SECOND


class PresentCounter:
    """Counts the complaints of a register as it stands that were received in a span of days."""

    def __init__(self, register: Register, by: str, view: View) -> None:
        self._register, self._by, self._view = register, by, view
        self._zone = register.zone
        self._calendar = register.calendar_in(view)
        self._column = by if by in GROUPED else ""
        self._length = length_for(self._zone)
        self._days: dict[str, date] = {}
        self._spans: dict[tuple[str, str], int] = {}

    def count(self, counting: Counting, wanted: Filter) -> None:
        """Count the complaints that are meant into groups; raises OutsideCalendar."""
        waiting: Waiting = Counter()
        is_projecting = self._count_complaints(counting, wanted, waiting)
        has_provisional = self._count_runs(counting, wanted, waiting)
        for (key, status, name), count in waiting.items():
            if count:
                counting.tally(key).clock(name).verdicts[self._waiting_verdict(name, status)] += count
        doubts = is_projecting and not self._projections_are_certain()
        if doubts:
            self._count_provisional(counting, wanted._replace(status="open"), projections=True)
        if has_provisional:
            ids = self._register.provisional_ids(wanted)
            self._count_provisional(counting, wanted._replace(ids=tuple(ids)), closed_alone=doubts)

    def _count_complaints(self, counting: Counting, wanted: Filter, waiting: Waiting) -> bool:
        """Count complaints, and for each clock of their policies those that may not have started it.

        Tell whether any is open.
        """
        is_open = False
        found = self._register.complaints_alike(wanted, self._column, self._length, ADVANCE_COMPENSATION)
        policies: dict[tuple[str, str], Policy] = {}
        for alike, count in found:
            day = self._day(alike.received)
            key = self._key(alike.key, day)
            tally = counting.tally(key)
            count_alike(tally, alike, day, count)
            is_open = is_open or Status(alike.status) in OPEN
            named = (alike.policy, alike.policy_version)
            policy = policies.get(named) or policies.setdefault(named, self._register.policy_version(*named))
            for rule in policy.clocks:
                tally.clock(rule.name).complaints += count
                waiting[key, alike.status, rule.name] += count
        return is_open

    def _count_runs(self, counting: Counting, wanted: Filter, waiting: Waiting) -> bool:
        """Count the runs of clocks, and take those that have started from the waiting; tell of provisional ones."""
        has_provisional = False
        for alike, count in self._register.runs_alike(wanted, self._column, self._length, self._view.moment):
            key = alike.key if alike.received is None else self._key(None, self._day(alike.received))
            clock = counting.tally(key).clock(alike.name)
            clock.verdicts[verdict_of(alike)] += count
            if alike.provisional:
                has_provisional = True
                clock.provisional += count
            if alike.end == End.STOPPED and alike.ended is not None:
                clock.days[self._days_between(alike.started, alike.ended)] += count
            if alike.round == 1:
                waiting[key, alike.status, alike.name] -= count
        return has_provisional

    def _count_provisional(
        self, counting: Counting, wanted: Filter, *, projections: bool = False, closed_alone: bool = False
    ) -> None:
        """Count the complaints with a provisional deadline, and of `projections` the clocks that have not started."""
        for standing in self._register.standings(wanted, self._view):
            complaint = standing.complaint
            if complaint.received is None or (closed_alone and complaint.is_open):
                continue
            tally = counting.tally(self._key_of(complaint, local_day(complaint.received, self._zone)))
            tally.provisional += any(clock.provisional for clock in standing.clocks)
            if projections:
                for clock in standing.clocks:
                    tally.clock(clock.name).provisional += clock.provisional and clock.started is None

    def _projections_are_certain(self) -> bool:
        """Tell whether no clock that has not started can be projected onto a day that is not confirmed."""
        try:
            return self._calendar.is_confirmed(*self._farthest_projection())
        except OutsideCalendar:
            return False

    def _farthest_projection(self) -> tuple[date, date]:
        """Return days between which every projection of a clock that has not started lies."""
        moment = self._view.moment
        latest = max(moment, self._register.last_running_due() or moment)
        policies = [policy for versions in self._register.policies.values() for policy in versions]
        for _ in range(max(len(policy.clocks) for policy in policies)):
            day = local_day(latest, self._zone)
            ends = [
                plain_deadlines(rule, self._calendar, self._zone)[day][0]
                for policy in policies
                for rule in policy.clocks
            ]
            latest = max(latest, *ends)
        first = local_day(moment, self._zone) - timedelta(days=1)
        return first, local_day(latest, self._zone)

    def _waiting_verdict(self, name: str, status: str) -> Verdict:
        """Return the verdict of a clock of this name that has not started, of a complaint of a status."""
        policies = [policy for versions in self._register.policies.values() for policy in versions]
        policy, rule = next((held, rule) for held in policies if (rule := held.clock(name)) is not None)
        is_open = Status(status) in OPEN
        # As in a pause: the verdict does not hang on the day to which the clock is projected.
        clock = project(rule, {}, policy, is_open, True, self._calendar, self._zone, self._view.moment)
        return verdict(clock, self._view.moment)

    def _key(self, key: Key, day: date) -> Key:
        period = PERIODS.get(self._by)
        return period(day) if period else key

    def _key_of(self, complaint: object, day: date) -> Key:
        key: Key = getattr(complaint, self._column) if self._column else None
        return self._key(key, day)

    def _day(self, text: str) -> date:
        known = self._days.get(text)
        if known is None:
            moment = from_store(text + FIRST_SECOND[len(text) :])
            known = self._days[text] = local_day(moment, self._zone)
        return known

    def _days_between(self, started: str, ended: str) -> int:
        known = self._spans.get((started, ended))
        if known is None:
            if len(self._spans) > 200_000:
                self._spans.clear()
            known = self._calendar.count_between(self._day(started), self._day(ended))
            self._spans[started, ended] = known
        return known


def count_alike(tally: Tally, alike: Complaints, day: date, count: int) -> None:
    """Count complaints that are alike, received on a day."""
    tally.complaints += count
    tally.intake[day] += count
    tally.open += count if Status(alike.status) in OPEN else 0
    tally.completed += count if alike.completed else 0
    tally.first_contacts += count if alike.first_contact else 0
    tally.reopened_complaints += count if alike.reopenings else 0
    tally.reopenings += count * alike.reopenings
    tally.backdated_complaints += count if alike.backdated else 0
    about_third_party = alike.seller == THIRD_PARTY
    tally.third_party += count if about_third_party else 0
    if alike.outcome == ADVANCE_COMPENSATION:
        tally.count_advance(alike.amount, count)
        tally.third_party_advanced += count if about_third_party else 0


def verdict_of(alike: Runs) -> Verdict:
    """Return the verdict of runs that are alike: that of one of them, as core gives it.

    They share whether and how they ended, and on which side of the deadline, which is all that a verdict hangs on.
    """
    late = timedelta(seconds=1 if alike.late else -1)
    due = None if alike.late is None else A_MOMENT
    ended = None if alike.end is None else A_MOMENT + late
    clock = Clock(alike.name, alike.round, A_MOMENT, due, None, ended, End(alike.end) if alike.end else None)
    return verdict(clock, A_MOMENT + late)
