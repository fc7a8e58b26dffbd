"""Counting the register as its tables hold it: by what complaints have in common, rather than one by one."""

from datetime import UTC, date, datetime, timedelta, tzinfo

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.clocks import Clock, Verdict, project, verdict
from dealtrack.core.deadlines import plain_deadlines
from dealtrack.core.moments import from_store, local_day
from dealtrack.errors import OutsideCalendar
from dealtrack.register.counts import GROUPED, NO_MOMENT, Complaints, Grouping, Known, Runs
from dealtrack.register.queries import Filter
from dealtrack.register.register import Register
from dealtrack.register.view import View
from dealtrack.reports.counting import ADVANCE_COMPENSATION, PERIODS, THIRD_PARTY, Counting, Key, Tally, advances

FIRST_SECOND = "0000-01-01T00:00:00Z"
A_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
Waiting = dict[tuple[Key, bool, str], int]
"""Complaints by their group, whether they are open, and the name of a clock."""


def is_by_hour(zone: tzinfo) -> bool:
    """Tell whether a moment's hour in UTC alone says which day it is in a time zone."""
    offsets = [datetime(year, month, 1, tzinfo=zone).utcoffset() for year in range(1970, 2101) for month in (1, 7)]
    return not any(offset.total_seconds() % 3600 for offset in offsets if offset is not None)


class HeldCounter:
    """Counts complaints that were received in a span of days, at the moment of a view, by the tables as they are."""

    def __init__(self, register: Register, by: str, view: View) -> None:
        self._register, self._by, self._view = register, by, view
        self._zone = register.zone
        self._calendar = register.calendar_in(view)
        self._column = by if by in GROUPED else ""
        self._names = register.clock_names(view)
        self._policies = [policy for versions in register.policies.values() for policy in versions]
        # An emptied table would make SQL that SQLite refuses; so it is told of as damage.
        assert self._policies
        days = Known(self._day)
        period = PERIODS.get(by)
        self._grouping = Grouping(
            self._column,
            is_by_hour(self._zone),
            days,
            self._numbers(self._calendar, days),
            Known(lambda text: period(days[text])) if period else None,
            {revision: self._numbers(held, days) for revision, held in register.earlier_calendars().items()},
        )

    @staticmethod
    def _numbers(calendar: WorkingCalendar, days: Known[date]) -> Known[int]:
        """Return the working days of a calendar up to stored moments, of which `days` tells the days."""
        return Known(lambda text: 0 if text == NO_MOMENT else calendar.days.number(days[text]))

    def count(self, counting: Counting, wanted: Filter) -> None:
        """Count the complaints that are meant into groups; raises OutsideCalendar."""
        waiting: Waiting = {}
        is_projecting = self._count_complaints(counting, wanted, waiting)
        has_provisional = self._count_runs(counting, wanted, waiting)
        for (key, is_open, name), count in waiting.items():
            if count:
                counting.tally(key).clock(name).verdicts[self._waiting_verdict(name, is_open)] += count
        doubts = is_projecting and not self._projections_are_certain()
        if doubts:
            self._count_provisional(counting, wanted._replace(statuses=("open",)), projections=True)
        if has_provisional:
            ids = self._register.provisional_ids(wanted)
            self._count_provisional(counting, wanted._replace(ids=tuple(ids)), closed_alone=doubts)

    def _count_complaints(self, counting: Counting, wanted: Filter, waiting: Waiting) -> bool:
        """Count complaints, and for each clock of their policies those that may not have started it.

        Tell whether any is open.
        """
        grouping = self._grouping
        kinds, intake = self._register.complaints_alike(wanted, grouping, self._policies, THIRD_PARTY)
        for alike, count in kinds.items():
            policy = self._policies[alike.policy]
            counting.policies[policy.name, policy.in_force.isoformat()] = policy
            tally = counting.tally(alike.key)
            count_alike(tally, alike, count)
            for rule in self._policies[alike.policy].clocks:
                tally.clock(rule.name).complaints += count
                place = alike.key, alike.is_open, rule.name
                waiting[place] = waiting.get(place, 0) + count
        for (key, day), count in intake.items():
            counting.tally(key).intake[day] = count
        alike_advances = self._register.advances_alike(wanted, grouping, ADVANCE_COMPENSATION, THIRD_PARTY)
        for advance, count in alike_advances.items():
            counting.tally(advance.key).count_advances([advance.amount], advance.third_party, count)
        for standing in self._register.reopened(wanted, ADVANCE_COMPENSATION):
            complaint = standing.complaint
            assert complaint.received is not None
            tally = counting.tally(self._key_of(complaint, local_day(complaint.received, self._zone)))
            tally.count_advances(advances(standing), complaint.seller == THIRD_PARTY)
        return any(alike.is_open for alike in kinds)

    def _count_runs(self, counting: Counting, wanted: Filter, waiting: Waiting) -> bool:
        """Count the runs of clocks, and take those that have started from the waiting; tell of provisional ones."""
        has_provisional = False
        runs = self._register.runs_alike(wanted, self._grouping, self._names, self._view.moment)
        for alike, count in runs.items():
            clock = counting.tally(alike.key).clock(alike.name)
            clock.verdicts[verdict_of(alike)] += count
            if alike.provisional:
                has_provisional = True
                clock.provisional += count
            if alike.days is not None:
                clock.days[alike.days] += count
            if alike.is_first:
                waiting[alike.key, alike.is_open, alike.name] -= count
        return has_provisional

    def _count_provisional(
        self, counting: Counting, wanted: Filter, *, projections: bool = False, closed_alone: bool = False
    ) -> None:
        """Count the complaints with a provisional deadline, and of `projections` the clocks that have not started."""
        for standing in self._register.held_standings(wanted, self._view):
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
        for _ in range(max(len(policy.clocks) for policy in self._policies)):
            day = local_day(latest, self._zone)
            ends = [
                plain_deadlines(rule, self._calendar, self._zone)[day][0]
                for policy in self._policies
                for rule in policy.clocks
            ]
            latest = max(latest, *ends)
        first = local_day(moment, self._zone) - timedelta(days=1)
        return first, local_day(latest, self._zone)

    def _waiting_verdict(self, name: str, is_open: bool) -> Verdict:
        """Return the verdict of a clock of this name that has not started, of complaints that are open, or are not."""
        policy, rule = next((held, rule) for held in self._policies if (rule := held.clock(name)) is not None)
        # As in a pause: the verdict does not hang on the day to which the clock is projected.
        clock = project(rule, {}, policy, is_open, True, self._calendar, self._zone, self._view.moment)
        return verdict(clock, self._view.moment)

    def _key_of(self, complaint: object, day: date) -> Key:
        period = PERIODS.get(self._by)
        if period is not None:
            return period(day)
        key: Key = getattr(complaint, self._column) if self._column else None
        return key

    def _day(self, text: str) -> date:
        return local_day(from_store(text + FIRST_SECOND[len(text) :]), self._zone)


def count_alike(tally: Tally, alike: Complaints, count: int) -> None:
    """Count complaints that are alike."""
    tally.complaints += count
    tally.open += count if alike.is_open else 0
    tally.completed += count if alike.completed else 0
    tally.first_contacts += count if alike.first_contact else 0
    tally.contacts_unknown += count if alike.contact_unknown else 0
    tally.third_party += count if alike.third_party else 0
    tally.reopened_complaints += count if alike.reopenings else 0
    tally.reopenings += count * alike.reopenings
    tally.backdated_complaints += count if alike.backdated else 0


def verdict_of(alike: Runs) -> Verdict:
    """Return the verdict of runs that are alike: that of one of them, as core gives it.

    They share whether and how they ended, and on which side of the deadline, which is all that a verdict hangs on.
    """
    late = timedelta(seconds=1 if alike.late else -1)
    due = None if alike.late is None else A_MOMENT
    ended = None if alike.end is None else A_MOMENT + late
    clock = Clock(alike.name, 1, A_MOMENT, due, None, ended, alike.end)
    return verdict(clock, A_MOMENT + late)
