"""A report put together: which days it is about, what it is compared with, and the figures of each."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from dealtrack.core.moments import ONE_DAY, local_day
from dealtrack.core.policy import ClockRule, Policy
from dealtrack.register.counts import first_received
from dealtrack.register.queries import Filter, View
from dealtrack.register.register import Register
from dealtrack.reports.counting import count, ordered_groups
from dealtrack.reports.figures import Group, Report, Role, Section, Share, Whole, known_days

if TYPE_CHECKING:
    from dealtrack.sources.campaigns import Campaign

NARROWING = {"platform": "platforms", "category": "categories", "owner": "owners"}
"""What a report may be narrowed to, with the field of a filter that holds it."""


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """What a report is asked about: days of receipt, both included, None for an open end, or a campaign's days.

    `by` is one of GROUPINGS, or empty. `last_year` is the same campaign of the year before, where it is known.
    `complaints` may keep to platforms, categories or owners.
    """

    by: str = ""
    first: date | None = None
    last: date | None = None
    campaign: "Campaign | None" = None
    last_year: "Campaign | None" = None
    complaints: Filter = field(default_factory=Filter)


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
    """Return the report of a register, seen in a view, on the complaints received in the days asked about.

    Raises OutsideCalendar.
    """
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
        replace(main, usual=usual_intake(main, compared, begun)),
        tuple(compared),
        query.campaign.name if query.campaign else "",
        rules_of(register, judging[0].values(), register.clock_names(view)),
        {name: names for name, field in NARROWING.items() if (names := getattr(query.complaints, field))},
        begun,
    )


def received_in(complaints: Filter, span: SectionDays, zone: tzinfo) -> Filter:
    """Return a filter of those complaints that were received in a span."""

    def start(day: date) -> datetime:
        return datetime.combine(day, time(), zone)

    since = None if span.first is None else start(span.first)
    return complaints._replace(since=since, until=None if span.last is None else start(span.last + ONE_DAY))


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
    ordered = ordered_groups(groups, by, whole) if by else []
    return Section(span.role, span.title, first, last, until, total, tuple(ordered))


def usual_intake(main: Section, compared: list[Section], begun: date | None) -> Share | None:
    """Return the usual number of complaints a day: that of as many days before, where there were any, else its own.

    Of either only the days count since the register first knew of a complaint.
    """
    before = next((section for section in compared if section.role is Role.BEFORE), None)
    if before is not None and before.total.complaints:
        return Share(before.total.complaints, known_days(before, begun), Whole.DAYS_BEFORE)
    days = known_days(main, begun)
    return Share(main.total.complaints, days, Whole.DAYS) if days else None


def rules_of(
    register: Register, policies: Collection[Policy], names: Iterable[str]
) -> dict[str, tuple[ClockRule, ...]]:
    """Return the different rules by which policies judge each clock, in the order in which they were taken in."""
    rules = [rule for policy, _seq in register.texts if policy in policies for rule in policy.clocks]
    plain = [rule._replace(article="") for rule in rules]
    return {name: tuple(dict.fromkeys(rule for rule in plain if rule.name == name)) for name in names}
