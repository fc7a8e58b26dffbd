"""A report put together: which days it is about, what it is compared with, and the figures of each, counted."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING

from dealtrack.core.calendar import days_between
from dealtrack.core.clocks import verdict, verdict_of_run, waiting_clock
from dealtrack.core.complaint_state import before_reopenings
from dealtrack.core.lifecycle import Complaint
from dealtrack.core.moments import ONE_DAY, local_day
from dealtrack.core.policy import ClockRule, Policy
from dealtrack.register.counts import Counts, Key, first_received
from dealtrack.register.queries import Filter, View
from dealtrack.register.register import Register
from dealtrack.reports.figures import Group, Report, Role, Section, Share, Whole, known_days

if TYPE_CHECKING:
    from dealtrack.sources.campaigns import Campaign

NARROWING = {"platform": "platforms", "category": "categories", "owner": "owners", "handler": "handlers"}
"""What a report may be narrowed to, with the field of a filter that holds it."""


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """What a report is asked about: days of receipt, both included, None for an open end, or a campaign's days.

    `by` is one of GROUPINGS. `last_year` is the same campaign of the year before, where it is known.
    `complaints` may keep to platforms, categories or owners. `campaigns` are the first and last days of all campaigns:
    no usual number of complaints is taken from their days.
    """

    by: str = "platform"
    first: date | None = None
    last: date | None = None
    campaign: "Campaign | None" = None
    last_year: "Campaign | None" = None
    complaints: Filter = field(default_factory=Filter)
    campaigns: tuple[tuple[date, date], ...] = ()


@dataclass(frozen=True, slots=True)
class SectionDays:
    """Days that a section is about, both included; None for an open end."""

    role: Role
    title: str
    first: date | None
    last: date | None


def spans_of(query: ReportQuery) -> list[SectionDays]:
    """Return the days asked about, as many days before where both ends are given, and a campaign's last year."""
    campaign = query.campaign
    if campaign is None:
        first, last, title = query.first, query.last, ""
    else:
        first, last, title = campaign.first, campaign.last, campaign.title
    spans = [SectionDays(Role.MAIN, title, first, last)]
    if first is not None and last is not None and first - date.min > last - first:
        spans.append(SectionDays(Role.BEFORE, "", first - (last - first) - ONE_DAY, first - ONE_DAY))
    if query.last_year is not None:
        year = query.last_year
        spans.append(SectionDays(Role.LAST_YEAR, year.title, year.first, year.last))
    elif campaign is not None and campaign.first.year > date.min.year:
        spans.append(SectionDays(Role.LAST_YEAR, "", year_before(campaign.first), year_before(campaign.last)))
    return spans


def year_before(day: date) -> date:
    """Return the same day of the year before, 28 February for the 29th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def last_years(campaign: "Campaign", campaigns: Mapping[str, "Campaign"]) -> "Campaign | None":
    """Return the campaign of the year before: that which bears the same name but for its year; None for none known."""
    year = str(campaign.first.year)
    before = str(campaign.first.year - 1)
    return campaigns.get(campaign.name.replace(year, before)) if year in campaign.name else None


def make_report(register: Register, query: ReportQuery, view: View) -> Report:
    """Return the report of a register, seen in a view, on complaints received in some days; raises OutsideCalendar."""
    zone, by = register.zone, query.by
    first = first_received(register, Filter(), view)
    begun = local_day(first, zone) if first is not None else None
    # At a day's first second nothing of it lies behind.
    today = local_day(view.moment - timedelta(seconds=1), zone)
    sections, judging = [], []
    for span in spans_of(query):
        groups, policies = count(register, received_in(query.complaints, span, zone), by, view)
        sections.append(make_section(span, groups, by, today))
        judging.append(policies)
    main, *others = sections
    # There is a last year to compare with only where complaints were received.
    compared = [section for section in others if section.role is Role.BEFORE or section.total.complaints]
    return Report(
        by,
        view.moment,
        view.known_at,
        str(zone),
        replace(main, usual=usual_intake(main, others, begun, query)),
        tuple(compared),
        query.campaign.name if query.campaign else "",
        rules_of(register, judging[0].values(), register.clock_names(view)),
        {name: names for name, field in NARROWING.items() if (names := getattr(query.complaints, field))},
        begun,
    )


def received_in(complaints: Filter, span: SectionDays, zone: tzinfo) -> Filter:
    """Return a filter of those complaints that were received in a span."""

    def start(day: date | None) -> datetime | None:
        return datetime.combine(day, time(), zone) if day else None

    return complaints._replace(since=start(span.first), until=start(span.last and span.last + ONE_DAY))


def make_section(span: SectionDays, groups: Mapping[str | None, Group], by: str, today: date) -> Section:
    """Return the figures of a span, from its groups; `today` is the last day that has begun."""
    total = Group(None)
    for group in groups.values():
        total.add(group)
    days = sorted(total.intake)
    first = span.first or (days[0] if days else None)
    last = span.last or (days[-1] if days else None)
    if span.last is None and span.first is not None:
        last = max([today, *days[-1:]]) if days or today >= span.first else None
    until = min(last, max(today, days[-1]) if days else today) if first and last else None
    if first and until and until < first:
        until = None
    whole = (first, until) if first and until else None
    ordered = ordered_groups(groups, by, whole)
    return Section(span.role, span.title, first, last, until, total, tuple(ordered))


def usual_intake(main: Section, others: Sequence[Section], begun: date | None, query: ReportQuery) -> Share | None:
    """Return the usual number of complaints a day: that of as many days before, where there were any, else its own.

    Of either the days of campaigns do not count, of a campaign its own never do, and none before the register first
    knew of a complaint. None where no day is left.
    """
    before = [(section, Whole.DAYS_BEFORE) for section in others if section.role is Role.BEFORE]
    for section, whole in before if query.campaign else [*before, (main, Whole.DAYS)]:
        if not known_days(section, begun) or section.first is None or section.until is None or begun is None:
            continue
        first, last = max(section.first, begun), section.until
        spans = ((max(first, start), min(last, end)) for start, end in query.campaigns)
        left_out = {day for start, end in spans if start <= end for day in days_between(start, end)}
        days = known_days(section, begun) - len(left_out)
        count = sum(
            number for day, number in section.total.intake.items() if first <= day <= last and day not in left_out
        )
        if count or (days and whole is Whole.DAYS):
            return Share(count, days, whole)
    return None


def rules_of(
    register: Register, policies: Collection[Policy], names: Iterable[str]
) -> dict[str, tuple[ClockRule, ...]]:
    """Return the different rules by which policies judge each clock, in the order in which they were taken in."""
    rules = [rule for policy, _seq in register.texts if policy in policies for rule in policy.clocks]
    plain = [rule._replace(article="") for rule in rules]
    return {name: tuple(dict.fromkeys(rule for rule in plain if rule.name == name)) for name in names}


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


PERIODS: dict[str, Callable[[date], str]] = {
    "week": lambda day: "{}-W{:02}".format(*day.isocalendar()),
    "month": lambda day: day.isoformat()[:7],
}
"""What gives the week of a day as 2016-W45 (ISO: it belongs to the year of its Thursday), and the month as 2016-11."""


def ordered_groups(groups: Mapping[Key, Group], by: str, span: tuple[date, date] | None) -> list[Group]:
    """Return groups in the order of a report: weeks and months in theirs, the empty ones too; others, largest first."""
    if by not in PERIODS:
        return sorted(groups.values(), key=lambda group: (group.key is None, -group.complaints, group.key or ""))
    if span is not None and (span[1] - span[0]).days < MOST_PERIODS * (7 if by == "week" else 30):
        groups = {**{key: Group(key) for key in map(PERIODS[by], days_between(*span))}, **groups}
    return sorted(groups.values(), key=lambda group: str(group.key))
