"""What changes from one calendar to the next, as days and as the data that the journal keeps."""

from datetime import date, timedelta
from typing import Any

from dealtrack.core.calendar import CalendarRules, DayKind, rulings_to_data, spans_to_data


def change_to_data(old: CalendarRules, new: CalendarRules) -> dict[str, Any]:
    """Return as plain data what makes the new rules of the old: days ruled anew or no more, official years.

    Spans and law are named where they differ.
    """
    anew = {day: ruling for day, ruling in new.rulings.items() if old.rulings.get(day) != ruling}
    change: dict[str, Any] = {
        "rulings": rulings_to_data(anew),
        "dropped": sorted(day.isoformat() for day in old.rulings if day not in new.rulings),
        "official": sorted(new.official),
    }
    if new.spans is not None and new.spans != old.spans:
        change["spans"] = spans_to_data(new.spans)
    if new.law != old.law:
        change["law"] = new.law
    return change


def changed_days(old: CalendarRules, new: CalendarRules) -> list[date]:
    """Return the days, in order, on which two calendars differ in whether the day is worked or why."""

    def told(rules: CalendarRules, day: date) -> tuple[bool, DayKind, str]:
        ruling = rules.ruling(day)
        return ruling.worked, ruling.kind, ruling.name

    if old.weekend == new.weekend:
        days = sorted({*old.rulings, *new.rulings})
    else:
        first, last = max(old.first, new.first), min(old.last, new.last)
        days = [first + index * timedelta(1) for index in range((last - first).days + 1)]
    return [day for day in days if told(old, day) != told(new, day)]
