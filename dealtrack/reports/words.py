"""The words and numbers of a report, as people read them: titles of its figures, what each share is a share of."""

from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from dealtrack.core.policy_text import span_of
from dealtrack.phrase import either, in_language
from dealtrack.reports.figures import Report, Role, Section, Whole, known_days

Number = float | Decimal

RATE_PLACES = 3
"""Decimals of a rate that people read: as a percentage it has one."""
NUMBER_PLACES = 1
"""Decimals of a mean that people read."""
RECORD_PLACES = 4
"""Decimals of rates and means in records for programs."""


def rounded(number: Number, places: int, *, is_share: bool = False) -> Decimal:
    """Return a number, at least 0, rounded half up to so many decimals; what is not nothing never reads as nothing.

    A share, of which 1 is all, that is neither nothing nor all never reads as either: the smallest step away from it
    stands there. Any other number that would read as 0 keeps its first digit.
    """
    # The shortest text of a quotient is the decimal itself wherever that ends, so that a half is seen as a half.
    exact = Decimal(str(number))
    step = Decimal(1).scaleb(-places)
    near = exact.quantize(step, ROUND_HALF_UP)
    if is_share and 0 < exact < 1:
        return min(max(near, step), 1 - step)
    if exact and not near:
        return exact.quantize(Decimal(1).scaleb(exact.adjusted()), ROUND_HALF_UP).normalize()
    return near


def readable(number: Number, places: int, *, is_share: bool = False) -> Number:
    """Return a number as a cell holds it that shows so many decimals: as it is, unless it would show as 0 or all."""
    near = rounded(number, places, is_share=is_share)
    return near if abs(near - Decimal(str(number))) * 2 > Decimal(1).scaleb(-places) else number


def decimals(number: Decimal) -> int:
    """Return how many decimals a rounded number has."""
    return max(0, -int(number.as_tuple().exponent))


Translate = Callable[[str], str]
"""Gives a message in the user's language."""


def whole_words(whole: Whole, _: Translate) -> str:
    """Return what a share is a share of, as it reads after "of"."""
    return {
        Whole.COMPLAINTS: _("all complaints"),
        Whole.COMPLETED: _("completed complaints"),
        Whole.THIRD_PARTY: _("complaints about third-party sellers"),
        Whole.DECIDED: _("deadlines that are done or past due"),
        Whole.DAYS: _("the days of the period so far"),
        Whole.DAYS_BEFORE: _("the same number of days before"),
    }[whole]


def part_words(name: str, _: Translate) -> str:
    """Return the title of one of the parts into which the runs of a clock fall."""
    return {
        "on_time": _("on time"),
        "late": _("late"),
        "open_late": _("overdue"),
        "open_in_time": _("not yet due"),
        "paused": _("paused"),
        "not_started": _("not started"),
        "cancelled": _("not counted"),
        "unknown": _("unknown"),
    }[name]


def unknown_note(report: Report, _: Translate) -> str:
    """Return of how many completed complaints first contact is not known, nothing where it is known of all."""
    total = report.main.total
    text = _("First contact is not known for {count} of {all} completed: their file has no column for that step.")
    count, all_ = f"{total.contacts_unknown:,}", f"{total.completed:,}"
    return text.format(count=count, all=all_) if total.contacts_unknown else ""


def role_words(role: Role, _: Translate) -> str:
    """Return which days a section is about, in a word or two."""
    return {Role.MAIN: _("this period"), Role.BEFORE: _("before"), Role.LAST_YEAR: _("last year")}[role]


def title_of(report: Report, _: Translate) -> str:
    """Return the title of a report: that of its campaign, else what it is about."""
    return str(in_language(report.main.title, _)) or _("complaints received")


def days_of(section: Section, _: Translate) -> str:
    """Return the days of a section as 2016-11-01 to 2016-11-20, nothing where it has none."""
    if section.first is None or section.last is None:
        if section.first is not None:
            return _("from {first}").format(first=section.first.isoformat())
        return _("up to {last}").format(last=section.last.isoformat()) if section.last is not None else ""
    return _("{first} to {last}").format(first=section.first.isoformat(), last=section.last.isoformat())


def intake_words(report: Report, _: Translate) -> str:
    """Return how many complaints came in a day, the usual number with its days, and on which day the most."""
    section, usual = report.main, report.main.usual
    text = _("{rate} per day").format(rate=number_of(section.a_day.rate))
    if usual is not None:
        rate = number_of(usual.rate)
        count, days = f"{usual.whole:,}", f"{usual_span(report):,}"
        is_before = usual.of is Whole.DAYS_BEFORE
        if leaves_out_campaigns(report):
            some = _(", daily mean, {days} days before: {rate}") if is_before else _(", {rate} on {days} of them")
            text += some.format(rate=rate, days=count) + _(" (days of sales campaigns left out)")
        elif not is_before:
            if usual.whole != section.days:
                some = _(", {rate} since the register began on {begun}")
                text += some.format(rate=rate, begun=_day(report.begun))
        elif count == days:
            text += _(", daily mean, {days} days before: {rate}").format(rate=rate, days=days)
        else:
            some = _(", daily mean before {rate} ({count} of {days} days: the register begins on {begun})")
            text += some.format(rate=rate, count=count, days=days, begun=_day(report.begun))
    day, most = max(section.daily(), key=lambda item: item[1])
    text += _("; most on {day}: {count}").format(day=day.isoformat(), count=f"{most:,}")
    if usual is not None and usual.rate:
        times = (
            _(", {times} times the mean of the days before")
            if usual.of is Whole.DAYS_BEFORE
            else _(", {times} times the mean")
        )
        text += times.format(times=number_of(most * usual.whole / usual.count))
    return text


def usual_words(report: Report, _: Translate) -> str:
    """Return what the usual number of complaints a day is the mean of, nothing where there is none."""
    usual = report.main.usual
    if usual is None:
        return ""
    text = _("mean of {whole}").format(whole=whole_words(usual.of, _))
    if leaves_out_campaigns(report):
        text += _(" (days of sales campaigns left out)")
    elif usual.whole != usual_span(report):
        some = _(", {count} of them: the register begins on {begun}")
        text += some.format(count=f"{usual.whole:,}", begun=_day(report.begun))
    return text


def leaves_out_campaigns(report: Report) -> bool:
    """Tell whether days of campaigns, of which the register knows, do not count towards the usual number a day."""
    usual = report.main.usual
    role = Role.BEFORE if usual is not None and usual.of is Whole.DAYS_BEFORE else Role.MAIN
    known = sum(known_days(section, report.begun) for section in report.sections if section.role is role)
    return usual is not None and usual.whole < known


def usual_span(report: Report) -> int:
    """Return how many days the usual number a day would be taken from had the register known of complaints in all."""
    usual, main = report.main.usual, report.main
    is_before = usual is not None and usual.of is Whole.DAYS_BEFORE
    return (main.last - main.first).days + 1 if is_before and main.first and main.last else main.days


def since_words(report: Report, section: Section, _: Translate) -> str:
    """Return of how many days of a section the register knows, nothing where of all that have begun."""
    days_known = known_days(section, report.begun)
    if days_known == section.days:
        return ""
    if days_known:
        text = _("The register begins on {begun}: it covers {known} of {count} days of {days}.")
    else:
        text = _("The register begins on {begun}: it does not cover {days}.")
    days = days_of(section, _)
    return text.format(days=days, begun=_day(report.begun), known=f"{days_known:,}", count=f"{section.days:,}")


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else ""


def rate_title(name: str, _: Translate) -> str:
    """Return the title of the rate of a clock."""
    return _("{clock} on time").format(clock=_(name))


def rules_of_clock(report: Report, name: str, _: Translate) -> str:
    """Return what the policies ask of a clock, in a sentence without its end."""
    return str(in_language(either(map(span_of, report.rules[name])), _))


def sections_compared(report: Report) -> list[Section]:
    """Return the spans that a report is compared with in which complaints were received."""
    return [section for section in report.compared if section.total.complaints]


def percent(rate: Number | None) -> str:
    """Return a rate as 94.9%, a dash for none; what is not all or nothing never reads as either."""
    if rate is None:
        return "–"
    return f"{rounded(rate, RATE_PLACES, is_share=True) * 100:.1f}%" if rate < 1 else "100%"


def number_of(number: Number | None) -> str:
    """Return a number with one decimal, a whole one with none, a dash for none; one that would read as 0 with more."""
    if number is None:
        return "–"
    return f"{int(number):,}" if number == int(number) else f"{rounded(number, NUMBER_PLACES):,f}"


TEXT_OF = {"rate": percent, "number": number_of, "money": "{:,.2f}".format, "count": "{:,}".format}
"""What gives the text of a value, by the form of its column."""
