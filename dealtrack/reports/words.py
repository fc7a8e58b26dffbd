"""The words of a report: titles of its figures, and what each share is a share of."""

from collections.abc import Callable

from dealtrack.reports.figures import Role, Whole

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
