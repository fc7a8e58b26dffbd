"""Counting complaints and the runs of their clocks into groups."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from dealtrack.core.calendar import ONE_DAY
from dealtrack.core.clocks import Verdict, verdict, verdict_of_run, waiting_clock
from dealtrack.core.lifecycle import Complaint, before_reopenings
from dealtrack.core.policy import Policy
from dealtrack.register.counts import Counts, Key
from dealtrack.register.queries import Filter
from dealtrack.register.register import Register
from dealtrack.register.view import View
from dealtrack.reports.figures import ClockFigures, Group

ADVANCE_COMPENSATION = "advance-compensation"
THIRD_PARTY = "third-party"
MOST_PERIODS = 600


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

    def count(self, alike: Complaint, count: int) -> None:
        """Count so many complaints of which one tells what they have in common."""
        self.complaints += count
        self.open += count * alike.is_open
        self.completed += count * alike.is_completed
        self.first_contacts += count * (alike.first_contact is True)
        self.contacts_unknown += count * (alike.first_contact is None)
        self.third_party += count * (alike.seller == THIRD_PARTY)
        self.reopened_complaints += count * (alike.reopenings > 0)
        self.reopenings += count * alike.reopenings
        self.backdated_complaints += count * (alike.backdated > 0)

    def count_advances(self, closings: Iterable[Complaint]) -> None:
        """Count a complaint as it stood after each of its closings: what was paid stays paid where it was reopened."""
        paid = [closing for closing in closings if closing.outcome == ADVANCE_COMPENSATION]
        if not paid:
            return
        stated = [Decimal(closing.amount) for closing in paid if closing.amount is not None]
        self.advanced += 1
        self.third_party_advanced += paid[-1].seller == THIRD_PARTY
        self.advanced_sum += sum(stated, Decimal(0))
        self.advanced_amounts += len(stated)
        self.advanced_without_amount += len(stated) < len(paid)

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
    """What was counted of complaints, by groups; `policies` judge them, by name and version."""

    def __init__(self) -> None:
        self.tallies: dict[Key, Tally] = {}
        self.policies: dict[tuple[str, str], Policy] = {}

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


def count(counting: Counting, register: Register, wanted: Filter, by: str, view: View) -> None:
    """Count the complaints that a filter means, as a view shows them, and their clocks; raises OutsideCalendar."""
    counts = Counts(register, wanted, view, "" if by in PERIODS else by, PERIODS.get(by))
    waiting: Counter[tuple[Key, bool, str]] = Counter()
    for key, alike, number in counts.complaints():
        policy = register.policy_of(alike)
        counting.policies[alike.policy, alike.policy_version] = policy
        tally = counting.tally(key)
        tally.count(alike, number)
        for rule in policy.clocks:
            tally.clock(rule.name).complaints += number
            waiting[key, alike.is_open, rule.name] += number
    for key, day, number in counts.intake():
        counting.tally(key).intake[day] += number
    for runs in counts.runs():
        clock = counting.tally(runs.key).clock(runs.name)
        clock.verdicts[verdict_of_run(runs.end, runs.is_late)] += runs.total
        clock.provisional += runs.total * runs.provisional
        if runs.days is not None:
            clock.days[runs.days] += runs.total
        if runs.is_first and runs.is_own:
            waiting[runs.key, runs.is_open, runs.name] -= runs.total
        elif runs.is_first:
            clock.complaints += runs.total
    for (key, is_open, name), number in waiting.items():
        counting.tally(key).clock(name).verdicts[verdict(waiting_clock(name, is_open), view.moment)] += number
    for key, complaint in counts.closed_with(ADVANCE_COMPENSATION):
        before = (
            before_reopenings(complaint.id, view.seen(register.history(complaint.id))) if complaint.reopenings else []
        )
        counting.tally(key).count_advances([*before, complaint])
    for key, standing in counts.doubtful():
        tally = counting.tally(key)
        tally.provisional += any(clock.provisional for clock in standing.clocks)
        for waits in standing.clocks:
            if waits.started is None:
                tally.clock(waits.name).provisional += waits.provisional


def week_of(day: date) -> str:
    """Return the week of a day as 2016-W45: weeks begin on Monday and belong to the year of their Thursday (ISO)."""
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def month_of(day: date) -> str:
    """Return the month of a day as 2016-11."""
    return f"{day.year:04d}-{day.month:02d}"


PERIODS: dict[str, Callable[[date], str]] = {"week": week_of, "month": month_of}


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
