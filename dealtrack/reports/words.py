"""The words of a report: titles of its figures, and what each share is a share of."""

from collections.abc import Callable

from dealtrack.core.policy_words import span_of
from dealtrack.phrase import either, in_language
from dealtrack.reports.figures import Report, Role, Section, Whole

Translate = Callable[[str], str]
"""Gives a message in the user's language."""


def whole_words(whole: Whole, _: Translate) -> str:
    """Return what a share is a share of, as it reads after "of"."""
    return {
        Whole.COMPLAINTS: _("all complaints"),
        Whole.COMPLETED: _("those completed"),
        Whole.THIRD_PARTY: _("those about third-party sellers"),
        Whole.DECIDED: _("those decided: done, or past the deadline"),
        Whole.DAYS: _("the days of the span so far"),
        Whole.DAYS_BEFORE: _("as many days before"),
    }[whole]


def part_words(name: str, _: Translate) -> str:
    """Return the title of one of the parts into which the runs of a clock fall."""
    return {
        "on_time": _("on time"),
        "late": _("late"),
        "open_late": _("open late"),
        "open_in_time": _("open in time"),
        "paused": _("paused"),
        "not_started": _("not started"),
        "cancelled": _("cancelled"),
    }[name]


def role_words(role: Role, _: Translate) -> str:
    """Return which days a section is about, in a word or two."""
    return {Role.ASKED: _("this span"), Role.BEFORE: _("before"), Role.LAST_YEAR: _("last year")}[role]


def title_of(report: Report, _: Translate) -> str:
    """Return the title of a report: that of its campaign, else what it is about."""
    return _(report.asked.title) if report.asked.title else _("complaints received")


def days_of(section: Section, _: Translate) -> str:
    """Return the days of a section as 2016-11-01 to 2016-11-20, nothing where it has none."""
    if section.first is None or section.last is None:
        return ""
    return _("{first} to {last}").format(first=section.first.isoformat(), last=section.last.isoformat())


def intake_words(section: Section, _: Translate) -> str:
    """Return how many complaints came in a day, the usual number, and on which day the most."""
    told = _("{rate} a day").format(rate=number_of(section.a_day.rate))
    usual = section.usual
    if usual is not None and usual.of is Whole.DAYS_BEFORE:
        told += _(", usually {rate} (the {days} days before)").format(rate=number_of(usual.rate), days=usual.whole)
    day, most = max(section.daily(), key=lambda item: item[1])
    told += _("; most on {day}: {count}").format(day=day.isoformat(), count=f"{most:,}")
    if usual is not None and usual.rate:
        times = _(", {times} times the usual") if usual.of is Whole.DAYS_BEFORE else _(", {times} times the mean")
        told += times.format(times=number_of(most / usual.rate))
    return told


def rate_title(name: str, _: Translate) -> str:
    """Return the title of the rate of a clock."""
    return _("{clock} on time").format(clock=_(name))


def rules_of_clock(report: Report, name: str, _: Translate) -> str:
    """Return what the policies ask of a clock, in a sentence without its end."""
    return str(in_language(either(map(span_of, report.rules[name])), _))


def sections_beside(report: Report) -> list[Section]:
    """Return the spans that a report is compared with in which complaints were received."""
    return [section for section in report.beside if section.total.complaints]


def percent(rate: float | None) -> str:
    """Return a rate as 94.9 %, a dash for none; what is not all or nothing never reads as either."""
    if rate is None:
        return "–"
    shown = min(max(rate, 0.0005), 0.9995) if 0 < rate < 1 else rate
    return f"{int(shown * 1000 + 0.5) / 10:.1f} %" if rate < 1 else "100 %"


def number_of(number: float | None) -> str:
    """Return a number with at most one decimal, a dash for none."""
    return "–" if number is None else f"{number:,.1f}".removesuffix(".0")
