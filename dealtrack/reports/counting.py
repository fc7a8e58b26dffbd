"""Counting complaints and the runs of their clocks into groups."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta, tzinfo
from decimal import Decimal

from dealtrack.core.calendar import ONE_DAY, WorkingCalendar
from dealtrack.core.clocks import Clock, End, Verdict
from dealtrack.core.lifecycle import Complaint
from dealtrack.core.moments import local_day
from dealtrack.core.policy import Policy
from dealtrack.core.standing import Standing
from dealtrack.reports.figures import ClockFigures, Group

ADVANCE_COMPENSATION = "advance-compensation"
THIRD_PARTY = "third-party"
MOST_PERIODS = 600

Key = str | None
CalendarOf = Callable[[int], WorkingCalendar]
"""Gives the working calendar as a revision left it."""


@dataclass(slots=True)
class ClockTally:
    """What was counted of one clock so far."""

    complaints: int = 0
    provisional: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    days: Counter[int] = field(default_factory=Counter)

    def add(self, other: "ClockTally") -> None:
        """Count in what another has counted."""
        self.complaints += other.complaints
        self.provisional += other.provisional
        self.verdicts.update(other.verdicts)
        self.days.update(other.days)

    def figures(self, name: str) -> ClockFigures:
        """Return the figures of what was counted."""
        counts = {verdict: self.verdicts[verdict] for verdict in Verdict}
        days = tuple(sorted(self.days.items()))
        return ClockFigures(name, self.complaints, sum(counts.values()), counts, self.provisional, days)


@dataclass(slots=True)
class Tally:
    """What was counted of a group so far."""

    complaints: int = 0
    open: int = 0
    provisional: int = 0
    completed: int = 0
    first_contacts: int = 0
    contacts_unknown: int = 0
    third_party: int = 0
    third_party_advanced: int = 0
    advanced: int = 0
    advanced_sum: Decimal = Decimal(0)
    advanced_amounts: int = 0
    advanced_without_amount: int = 0
    reopened_complaints: int = 0
    reopenings: int = 0
    backdated_complaints: int = 0
    clocks: dict[str, ClockTally] = field(default_factory=dict)
    intake: Counter[date] = field(default_factory=Counter)

    def clock(self, name: str) -> ClockTally:
        """Return what was counted of a clock."""
        tally = self.clocks.get(name)
        if tally is None:
            tally = self.clocks[name] = ClockTally()
        return tally

    def count(self, complaint: Complaint, day: date) -> None:
        """Count a complaint received on a day."""
        self.complaints += 1
        self.intake[day] += 1
        self.open += complaint.is_open
        self.completed += complaint.is_completed
        self.first_contacts += complaint.first_contact is True
        self.contacts_unknown += complaint.first_contact is None
        self.reopened_complaints += complaint.reopenings > 0
        self.reopenings += complaint.reopenings
        self.backdated_complaints += complaint.backdated > 0
        about_third_party = complaint.seller == THIRD_PARTY
        self.third_party += about_third_party

    def count_advances(self, amounts: Collection[str | None], about_third_party: bool, times: int = 1) -> None:
        """Count complaints in which each of these amounts was paid in advance, None for one that nobody stated."""
        if not amounts:
            return
        stated = [Decimal(amount) for amount in amounts if amount is not None]
        self.advanced += times
        self.third_party_advanced += times if about_third_party else 0
        self.advanced_sum += sum(stated, Decimal(0)) * times
        self.advanced_amounts += len(stated) * times
        self.advanced_without_amount += times if len(stated) < len(amounts) else 0

    def add(self, other: "Tally") -> None:
        """Count in what another has counted."""
        for name in ADDED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.intake.update(other.intake)
        for name, clock in other.clocks.items():
            self.clock(name).add(clock)

    def group(self, key: Key, names: Iterable[str]) -> Group:
        """Return the figures of what was counted, the clocks in the order of their names given."""
        clocks = tuple(self.clocks[name].figures(name) for name in names if name in self.clocks)
        counts = {name: getattr(self, name) for name in ADDED}
        return Group(key, **counts, clocks=clocks, intake=tuple(sorted(self.intake.items())))


ADDED = tuple(name for name in Tally.__slots__ if name not in ("clocks", "intake"))
"""What is counted of complaints in plain numbers, under the names that `Group` gives it."""


class Counting:
    """Counts the complaints received in a span of days, both ends included, None for an open end.

    `policies` are those that judge the complaints counted, by name and version.
    """

    def __init__(self, first: date | None, last: date | None) -> None:
        self.first, self.last = first, last
        self.tallies: dict[Key, Tally] = {}
        self.policies: dict[tuple[str, str], Policy] = {}

    def holds(self, day: date) -> bool:
        """Tell whether a day is in the span."""
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)

    def tally(self, key: Key) -> Tally:
        """Return what was counted of a group."""
        tally = self.tallies.get(key)
        if tally is None:
            tally = self.tallies[key] = Tally()
        return tally

    def total(self) -> Tally:
        """Return what was counted of all groups together."""
        total = Tally()
        for tally in self.tallies.values():
            total.add(tally)
        return total


def count_standings(
    countings: Sequence[Counting],
    standings: Iterable[Standing],
    key_of: Callable[[Complaint, date], Key],
    policy_of: Callable[[Complaint], Policy],
    calendar_of: CalendarOf,
    zone: tzinfo,
) -> None:
    """Count complaints, by how they stand, in each span that their day of receipt lies in."""
    for standing in standings:
        complaint = standing.complaint
        if complaint.received is None:
            continue
        day = local_day(complaint.received, zone)
        key = key_of(complaint, day)
        for counting in countings:
            if counting.holds(day):
                version = complaint.policy, complaint.policy_version
                if version not in counting.policies:
                    counting.policies[version] = policy_of(complaint)
                tally = counting.tally(key)
                tally.count(complaint, day)
                tally.count_advances(advances(standing), complaint.seller == THIRD_PARTY)
                count_clocks(tally, standing, calendar_of, zone)


def advances(standing: Standing) -> list[str | None]:
    """Return the amounts paid in advance, by each closing of a complaint that was not voided; None for one not stated.

    What was paid stays paid where the complaint was reopened.
    """
    closings = (*standing.closed_before, standing.complaint)
    return [closing.amount for closing in closings if closing.outcome == ADVANCE_COMPENSATION]


def count_clocks(tally: Tally, standing: Standing, calendar_of: CalendarOf, zone: tzinfo) -> None:
    """Count every run of a complaint's clocks, and those that stand in for what has not started."""
    tally.provisional += any(clock.provisional for clock in standing.clocks)
    for clock in standing.clocks:
        tally.clock(clock.name).complaints += 1
    for run in standing.runs_and_waiting:
        counted = tally.clock(run.name)
        counted.verdicts[standing.verdict(run)] += 1
        counted.provisional += run.provisional
        days = working_days_taken(run, calendar_of, zone)
        if days is not None:
            counted.days[days] += 1


def working_days_taken(clock: Clock, calendar_of: CalendarOf, zone: tzinfo) -> int | None:
    """Return the working days after the day of a run's start up to that of its stop; None where nothing stopped it.

    They are counted by the revision of the calendar by which the run was judged.
    """
    if clock.started is None or clock.ended is None or clock.end is not End.STOPPED:
        return None
    calendar = calendar_of(clock.revision)
    return calendar.count_between(local_day(clock.started, zone), local_day(clock.ended, zone))


def week_of(day: date) -> str:
    """Return the week of a day as 2016-W45: weeks begin on Monday and belong to the year of their Thursday (ISO)."""
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def month_of(day: date) -> str:
    """Return the month of a day as 2016-11."""
    return f"{day.year:04d}-{day.month:02d}"


PERIODS: dict[str, Callable[[date], str]] = {"week": week_of, "month": month_of}


def key_function(by: str) -> Callable[[Complaint, date], Key]:
    """Return what tells the group of a complaint and its day of receipt; one group for an empty `by`."""
    if not by:
        return lambda _complaint, _day: None
    if period := PERIODS.get(by):
        return lambda _complaint, day: period(day)
    return lambda complaint, _day: getattr(complaint, by)


def periods_between(by: str, first: date, last: date) -> Iterator[str]:
    """Yield the weeks or months that a span of days, both ends included, touches."""
    period = PERIODS[by]
    step = timedelta(days=7) if by == "week" else ONE_DAY
    day, told = first, ""
    while True:
        key = period(min(day, last))
        if key != told:
            yield key
        if day >= last:
            return
        day, told = day + step, key


def ordered_groups(tallies: dict[Key, Tally], by: str, span: tuple[date, date] | None) -> list[tuple[Key, Tally]]:
    """Return groups in the order of a report: weeks and months in theirs, the empty ones too; others, largest first."""
    if by in PERIODS:
        held = {str(key): tally for key, tally in tallies.items()}
        if span is not None and (span[1] - span[0]).days < MOST_PERIODS * (7 if by == "week" else 30):
            held = {key: Tally() for key in periods_between(by, *span)} | held
        return sorted(held.items())
    return sorted(tallies.items(), key=lambda item: (item[0] is None, -item[1].complaints, item[0] or ""))
