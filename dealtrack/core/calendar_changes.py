"""What changes from one calendar to the next, as days and as the data that the journal keeps."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from typing import Any

from dealtrack.core.calendar import (
    CalendarRules,
    DayKind,
    WorkingCalendar,
    days_between,
    rulings_to_data,
    spans_to_data,
)
from dealtrack.errors import OutsideCalendar


def change_to_data(old: CalendarRules, new: CalendarRules) -> dict[str, Any]:
    """Return as plain data what makes the new rules of the old: days ruled anew or no more, official years.

    Weekend, spans and law are named where they differ.
    """
    anew = {day: ruling for day, ruling in new.rulings.items() if old.rulings.get(day) != ruling}
    change: dict[str, Any] = {
        "rulings": rulings_to_data(anew),
        "dropped": sorted(day.isoformat() for day in old.rulings if day not in new.rulings),
        "official": sorted(new.official),
    }
    if new.weekend != old.weekend:
        change["weekend"] = sorted(new.weekend)
    if new.spans is not None and new.spans != old.spans:
        change["spans"] = spans_to_data(new.spans)
    if new.law != old.law:
        change["law"] = new.law
    return change


def changed_days(old: CalendarRules, new: CalendarRules) -> list[date]:
    """Return the days, in order, on which two calendars differ in whether the day is worked, why, or by whose word."""

    def effect(rules: CalendarRules, day: date) -> tuple[bool, DayKind, str, str]:
        return rules.ruling(day)[:4]

    if old.weekend == new.weekend:
        days = sorted({*old.rulings, *new.rulings})
    else:
        days = days_between(max(old.first, new.first), min(old.last, new.last))
    return [day for day in days if effect(old, day) != effect(new, day)]


def otherwise_rolled(old: WorkingCalendar, new: WorkingCalendar, within: Iterable[date]) -> list[date]:
    """Return those of some days, in order, that are off in both calendars and belong to a holiday that ends otherwise.

    A period that ends on such a day, and is rolled past holidays, ends on another day than before.
    """
    days = []
    for day in within:
        with suppress(OutsideCalendar):
            if not new.is_worked(day) and not old.is_worked(day) and old.after_holiday(day) != new.after_holiday(day):
                days.append(day)
    return days
