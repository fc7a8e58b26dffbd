"""A report put together: which days it is about, what it is compared with, and the figures of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from dealtrack.core.calendar import ONE_DAY
from dealtrack.core.moments import local_day
from dealtrack.core.policy import ClockRule
from dealtrack.register.counts import first_received
from dealtrack.register.queries import Filter
from dealtrack.register.register import Register
from dealtrack.register.view import View
from dealtrack.reports.counting import Counting, count, ordered_groups
from dealtrack.reports.figures import Report, Role, Section, Share, Whole, known_days

if TYPE_CHECKING:
    from dealtrack.sources.campaigns import Campaign

NARROWING = {"platform": "platforms", "category": "categories", "owner": "owners"}
"""What a report may be narrowed to, with the field of a filter that holds it."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a report is asked about: days of receipt, both included, None for an open end, or a campaign's days.

    `by` is one of GROUPINGS, or empty. `last_year` is the same campaign of the year before, where it is known.
    `wanted` may keep to platforms, categories or owners.
    """

    by: str = ""
    first: date | None = None
    last: date | None = None
    campaign: "Campaign | None" = None
    last_year: "Campaign | None" = None
    wanted: Filter = field(default_factory=Filter)


@dataclass(frozen=True, slots=True)
class SectionDays:
    """Days that a section is about, both included; None for an open end."""

    role: Role
    title: str
    first: date | None
    last: date | None


def spans_of(question: Question) -> list[SectionDays]:
    """Return the days asked about, as many days before where both ends are given, and a campaign's last year."""
    campaign = question.campaign
    if campaign is None:
        first, last, title = question.first, question.last, ""
    else:
        first, last, title = campaign.first, campaign.last, campaign.title
    spans = [SectionDays(Role.ASKED, title, first, last)]
    if first is not None and last is not None and first - date.min > last - first:
        spans.append(SectionDays(Role.BEFORE, "", first - (last - first) - ONE_DAY, first - ONE_DAY))
    if question.last_year is not None:
        year = question.last_year
        spans.append(SectionDays(Role.LAST_YEAR, year.title, year.first, year.last))
    elif campaign is not None and campaign.first.year > date.min.year:
        spans.append(SectionDays(Role.LAST_YEAR, "", year_before(campaign.first), year_before(campaign.last)))
    return spans


def year_before(day: date) -> date:
    """Return the same day of the year before, 28 February for the 29th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def last_years(campaign: "Campaign", known: Mapping[str, "Campaign"]) -> "Campaign | None":
    """Return the campaign of the year before: that which bears the same name but for its year; None for none known."""
    year = str(campaign.first.year)
    before = str(campaign.first.year - 1)
    return known.get(campaign.name.replace(year, before)) if year in campaign.name else None


def make_report(register: Register, question: Question, view: View) -> Report:
    """Return the report of a register, seen in a view, on the complaints received in the days asked about.

    Raises OutsideCalendar.
    """
    zone, by = register.zone, question.by
    spans = spans_of(question)
    countings = [Counting() for _ in spans]
    for span, counting in zip(spans, countings, strict=True):
        count(counting, register, received_in(question.wanted, span, zone), by, view)
    first = first_received(register, Filter(), view)
    begun = local_day(first, zone) if first is not None else None
    names = register.clock_names(view)
    # At a day's first second nothing of it lies behind.
    today = local_day(view.moment - timedelta(seconds=1), zone)
    sections = [make_section(*made, by, names, today) for made in zip(spans, countings, strict=True)]
    asked, *others = sections
    # There is a last year to compare with only where complaints were received.
    beside = [section for section in others if section.role is Role.BEFORE or section.total.complaints]
    return Report(
        by,
        view.moment,
        view.known_at,
        str(zone),
        replace(asked, usual=usual_intake(asked, beside, begun)),
        tuple(beside),
        question.campaign.name if question.campaign else "",
        rules_of(register, countings[0], names),
        {name: names for name, field in NARROWING.items() if (names := getattr(question.wanted, field))},
        begun,
    )


def received_in(wanted: Filter, span: SectionDays, zone: tzinfo) -> Filter:
    """Return which complaints are wanted: of those meant, the ones received in a span."""

    def start(day: date) -> datetime:
        return datetime.combine(day, time(), zone)

    since = None if span.first is None else start(span.first)
    return wanted._replace(since=since, until=None if span.last is None else start(span.last + ONE_DAY))


def make_section(span: SectionDays, counting: Counting, by: str, names: list[str], today: date) -> Section:
    """Return the figures of what was counted in a span; `today` is the last day that has begun."""
    total = counting.total()
    days = sorted(total.intake)
    first = span.first or (days[0] if days else None)
    last = span.last or (days[-1] if days else None)
    if span.last is None and span.first is not None:
        last = max([today, *days[-1:]]) if days or today >= span.first else None
    until = min(last, max(today, days[-1]) if days else today) if first and last else None
    if first and until and until < first:
        until = None
    whole = (first, until) if first and until else None
    groups = [tally.group(key, names) for key, tally in ordered_groups(counting.tallies, by, whole)] if by else []
    return Section(span.role, span.title, first, last, until, total.group(None, names), tuple(groups))


def usual_intake(asked: Section, beside: list[Section], begun: date | None) -> Share | None:
    """Return the usual number of complaints a day: that of as many days before, where there were any, else its own.

    Of either only the days count since the register first knew of a complaint.
    """
    before = next((section for section in beside if section.role is Role.BEFORE), None)
    if before is not None and before.total.complaints:
        return Share(before.total.complaints, known_days(before, begun), Whole.DAYS_BEFORE)
    days = known_days(asked, begun)
    return Share(asked.total.complaints, days, Whole.DAYS) if days else None


def rules_of(register: Register, counting: Counting, names: list[str]) -> dict[str, tuple[ClockRule, ...]]:
    """Return the different rules by which the complaints counted are judged, of each clock."""
    policies = (policy for policy, _seq in register.texts)
    rules = [rule for policy in policies if policy in counting.policies.values() for rule in policy.clocks]
    plain = [rule._replace(article="") for rule in rules]
    return {name: tuple(dict.fromkeys(rule for rule in plain if rule.name == name)) for name in names}
