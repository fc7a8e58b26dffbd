"""Counting complaints and the runs of their clocks into groups."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal

from dealtrack.core.clocks import verdict, verdict_of_run, waiting_clock
from dealtrack.core.lifecycle import Complaint, before_reopenings
from dealtrack.core.moments import ONE_DAY
from dealtrack.core.policy import Policy
from dealtrack.register.counts import Counts, Key
from dealtrack.register.queries import Filter, View
from dealtrack.register.register import Register
from dealtrack.reports.figures import Group

ADVANCE_COMPENSATION = "advance-compensation"
THIRD_PARTY = "third-party"
MOST_PERIODS = 600


def count(
    register: Register, complaints: Filter, by: str, view: View
) -> tuple[dict[Key, Group], Mapping[tuple[str, str], Policy]]:
    """Return the complaints that a filter means, as a view shows them, and their clocks, counted in groups.

    With them come the policies that judge them, by name and version. Raises OutsideCalendar.
    """
    counts = Counts(register, complaints, view, "" if by in PERIODS else by, PERIODS.get(by))
    groups: dict[Key, Group] = {}
    policies: dict[tuple[str, str], Policy] = {}
    waiting: Counter[tuple[Key, bool, str]] = Counter()
    for key, alike, number in counts.complaints():
        policy = policies[alike.policy, alike.policy_version] = register.policy_of(alike)
        group = groups.setdefault(key, Group(key))
        _count_complaints(group, alike, number)
        for rule in policy.clocks:
            group.clocks[rule.name].complaints += number
            waiting[key, alike.is_open, rule.name] += number
    for key, day, number in counts.intake():
        groups[key].intake[day] += number
    for runs in counts.runs():
        clock = groups[runs.key].clocks[runs.name]
        clock.verdicts[verdict_of_run(runs.end, runs.is_late)] += runs.total
        clock.provisional += runs.total * runs.provisional
        if runs.days is not None:
            clock.days[runs.days] += runs.total
        if runs.is_first and runs.is_own:
            waiting[runs.key, runs.is_open, runs.name] -= runs.total
        elif runs.is_first:
            clock.complaints += runs.total
    for (key, is_open, name), number in waiting.items():
        groups[key].clocks[name].verdicts[verdict(waiting_clock(name, is_open), view.moment)] += number
    for key, complaint in counts.closed_with(ADVANCE_COMPENSATION):
        before = (
            before_reopenings(complaint.id, view.seen(register.history(complaint.id))) if complaint.reopenings else []
        )
        _count_advances(groups[key], [*before, complaint])
    for key, standing in counts.doubtful():
        groups[key].provisional += any(clock.provisional for clock in standing.clocks)
        for waits in standing.clocks:
            if waits.started is None:
                groups[key].clocks[waits.name].provisional += waits.provisional
    return groups, policies


def _count_complaints(group: Group, alike: Complaint, number: int) -> None:
    """Count so many complaints, of which one states what they have in common."""
    group.complaints += number
    group.open += number * alike.is_open
    group.completed += number * alike.is_completed
    group.first_contacts += number * (alike.first_contact is True)
    group.contacts_unknown += number * (alike.first_contact is None)
    group.third_party += number * (alike.seller == THIRD_PARTY)
    group.reopened_complaints += number * (alike.reopenings > 0)
    group.reopenings += number * alike.reopenings
    group.backdated_complaints += number * (alike.backdated > 0)


def _count_advances(group: Group, closings: Iterable[Complaint]) -> None:
    """Count a complaint as it stood after each of its closings: what was paid stays paid where it was reopened."""
    paid = [closing for closing in closings if closing.outcome == ADVANCE_COMPENSATION]
    if not paid:
        return
    amounts = [Decimal(closing.amount) for closing in paid if closing.amount is not None]
    group.advanced += 1
    group.third_party_advanced += paid[-1].seller == THIRD_PARTY
    group.advanced_sum += sum(amounts, Decimal(0))
    group.advanced_amounts += len(amounts)
    group.advanced_without_amount += len(amounts) < len(paid)


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
    day, last_key = first, ""
    while True:
        key = period(min(day, last))
        if key != last_key:
            yield key
        if day >= last:
            return
        day, last_key = day + step, key


def ordered_groups(groups: Mapping[Key, Group], by: str, span: tuple[date, date] | None) -> list[Group]:
    """Return groups in the order of a report: weeks and months in theirs, the empty ones too; others, largest first."""
    if by not in PERIODS:
        return sorted(groups.values(), key=lambda group: (group.key is None, -group.complaints, group.key or ""))
    if span is not None and (span[1] - span[0]).days < MOST_PERIODS * (7 if by == "week" else 30):
        groups = {**{key: Group(key) for key in periods_between(by, *span)}, **groups}
    return sorted(groups.values(), key=lambda group: str(group.key))
