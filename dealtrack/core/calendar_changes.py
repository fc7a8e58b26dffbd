"""What changes a calendar: official notices put over it in any order, and the difference of two calendars."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple

from dealtrack.core.calendar import (
    CalendarRules,
    DayKind,
    Ruling,
    WorkingCalendar,
    days_between,
    rulings_to_data,
    spans_from_data,
    spans_to_data,
)
from dealtrack.errors import IssueDaysEqual, IssueDayUnknown, OutsideCalendar

NATIONAL = frozenset({"", "national", "nationwide", "all", "全国"})
"""The words for a scope that is the whole country."""

ESTIMATED = (DayKind.HOLIDAY, DayKind.MAKE_UP)
"""The kinds of rulings that are estimates where their year is not published."""

DAYS = (re.compile(r"(?<!\d)(\d{4})-(\d\d)-(\d\d)(?!\d)"), re.compile(r"(?<!\d)(\d{4})年(\d{1,2})月(\d{1,2})日"))


class Notice(NamedTuple):
    """The days that an official notice rules, and the years of which it is the whole official word.

    A day is off (True) or worked (False), or the weekday rule governs it again (None); beside it stands the name of
    its holiday. `issued` is the day of issue as YYYY-MM-DD, empty where it is not known; `scope` is where the notice
    holds, empty for the whole country. `spans` are the holidays that it announces, each with its first and last day.
    `is_partial` tells that the calendar needs its region's notice too: no year becomes official by this one.
    """

    days: Mapping[date, tuple[bool | None, str]]
    years: frozenset[int] = frozenset()
    source: str = ""
    issued: str = ""
    scope: str = ""
    spans: tuple[tuple[date, date], ...] = ()
    is_partial: bool = False

    def to_data(self) -> dict[str, Any]:
        """Return the notice as plain data that canonical JSON can hold."""
        days = {day.isoformat(): list(ruling) for day, ruling in sorted(self.days.items())}
        data = self._asdict() | {"days": days, "years": sorted(self.years), "spans": spans_to_data(self.spans)}
        if not self.is_partial:
            del data["is_partial"]
        return data

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Notice":
        """Return the notice that `to_data` wrote."""
        days = {date.fromisoformat(day): (off, name) for day, (off, name) in data["days"].items()}
        spans = spans_from_data(data.get("spans", ()))
        is_partial = data.get("is_partial", False)
        return cls(days, frozenset(data["years"]), data["source"], data["issued"], data["scope"], spans, is_partial)

    def ruling(self, day: date, weekend: frozenset[int]) -> Ruling:
        """Return what the notice rules of a day that it names; `weekend` is the calendar's own."""
        off, name = self.days[day]
        origin = (name, self.source, self.issued, self.scope)
        rests = day.weekday() in weekend
        if off is None:
            return Ruling(not rests, DayKind.WEEKEND if rests else DayKind.WEEKDAY, *origin)
        if off:
            return Ruling(False, DayKind.HOLIDAY, *origin)
        return Ruling(True, DayKind.MAKE_UP if rests else DayKind.WEEKDAY, *origin)


def day_in(text: str) -> str:
    """Return the one day that a text names, as YYYY-MM-DD; empty where it names none, or several."""
    days = set()
    for pattern in DAYS:
        for year, month, day in pattern.findall(text):
            try:
                days.add(date(int(year), int(month), int(day)).isoformat())
            except ValueError:
                continue
    return days.pop() if len(days) == 1 else ""


def with_notices(base: CalendarRules, notices: Iterable[Notice], amended: Mapping[date, Ruling]) -> CalendarRules:
    """Return a calendar with notices put over it, and what the register's clerks amended put over these.

    A notice rules the days that it names, and the estimates of the years of which it is the whole word. Where two
    rule one day, the narrower scope wins, then the later day of issue; the order of the notices has no effect.
    Raises IssueDayUnknown or IssueDaysEqual.
    """
    imported = list(notices)
    distinct = _distinct(imported, base.weekend)
    years = frozenset[int]().union(*(notice.years for notice in imported))
    rulings = {
        day: ruling for day, ruling in base.rulings.items() if day.year not in years or not _is_estimate(base, day)
    }
    for day in sorted({day for notice in distinct for day in notice.days}):
        ruling = _winner(day, [notice.ruling(day, base.weekend) for notice in distinct if day in notice.days])
        before = rulings.get(day)
        if before is not None and not _is_estimate(base, day) and _stands(day, before, ruling):
            continue
        rulings[day] = ruling._replace(name=ruling.name or _name_beside(before, ruling))
    rulings.update(amended)
    official = base.official.union(*(notice.years for notice in imported if not notice.is_partial))
    rules = base._replace(rulings=rulings, official=official)
    return rules._replace(spans=with_spans(rules, (span for notice in distinct for span in notice.spans)))


def with_spans(rules: CalendarRules, spans: Iterable[tuple[date, date]]) -> tuple[tuple[date, date], ...] | None:
    """Return the holidays of a calendar with further ones: those that share a day are one.

    One that has a day which is worked by now gives way. A calendar that was written down before spans were known has
    none.
    """
    if rules.spans is None:
        return None
    holidays = list(rules.spans)
    for span in spans:
        over = [each for each in holidays if each[0] <= span[1] and span[0] <= each[1]]
        off = [each for each in (*over, span) if not any(rules.ruling(day).worked for day in days_between(*each))]
        if off:
            holidays = [each for each in holidays if each not in over]
            holidays.append((min(first for first, _ in off), max(last for _, last in off)))
    return tuple(sorted(holidays)) if holidays != list(rules.spans) else rules.spans


def overruled_days(rules: CalendarRules, notice: Notice) -> Iterator[tuple[date, Ruling]]:
    """Yield the days that a notice names and that are ruled otherwise all the same, with what holds."""
    for day in sorted(notice.days):
        ruling = rules.ruling(day)
        if ruling.worked != notice.ruling(day, rules.weekend).worked:
            yield day, ruling


def _distinct(notices: Iterable[Notice], weekend: frozenset[int]) -> list[Notice]:
    """Return the notices, one that was taken in again once, with the day of issue where it was given one time."""
    distinct: dict[Any, Notice] = {}
    for notice in notices:
        key = tuple(sorted(notice.days.items())), notice.years, notice.scope
        before = distinct.get(key)
        distinct[key] = notice if before is None else max(before, notice, key=attrgetter("issued", "source"))
    in_order = sorted(distinct.values(), key=lambda notice: (notice.issued, notice.source, sorted(notice.days)))
    dated = [notice for notice in in_order if notice.issued]
    undated = (notice for notice in in_order if not notice.issued)
    return [notice for notice in undated if not any(_is_part(notice, whole, weekend) for whole in dated)] + dated


def _is_part(part: Notice, whole: Notice, weekend: frozenset[int]) -> bool:
    """Tell whether a notice is another one less wholly known: of the same source and scope, its days ruled alike.

    Of a notice that was imported before notices were kept whole, those days alone are known that it changed.
    """
    return (part.source, part.scope) == (whole.source, whole.scope) and all(
        day in whole.days and part.ruling(day, weekend).worked == whole.ruling(day, weekend).worked for day in part.days
    )


def _is_estimate(base: CalendarRules, day: date) -> bool:
    ruling = base.rulings.get(day)
    return ruling is not None and ruling.kind in ESTIMATED and day.year not in base.official


def _is_narrow(ruling: Ruling) -> bool:
    return ruling.scope.strip().casefold() not in NATIONAL


def _winner(day: date, rulings: list[Ruling]) -> Ruling:
    """Return the ruling that holds among those of several notices; a later one in the list wins where they agree."""
    narrow = [ruling for ruling in rulings if _is_narrow(ruling)] or rulings
    latest = max(narrow, key=attrgetter("issued"))
    latest = next(ruling for ruling in reversed(narrow) if ruling.issued == latest.issued)
    for ruling in narrow:
        if ruling.worked == latest.worked:
            continue
        if not ruling.issued:
            raise IssueDayUnknown(day=day, notice=ruling.source, other=latest.source)
        if ruling.issued == latest.issued:
            raise IssueDaysEqual(day=day, notice=ruling.source, other=latest.source, issued=ruling.issued)
    return latest


def _stands(day: date, before: Ruling, notice: Ruling) -> bool:
    """Tell whether what a calendar rules itself stands against a notice."""
    if before.worked == notice.worked:
        return False
    if _is_narrow(before) != _is_narrow(notice):
        return _is_narrow(before)
    if before.issued and not notice.issued:
        raise IssueDayUnknown(day=day, notice=notice.source, other=before.source)
    return before.issued > notice.issued


def _name_beside(before: Ruling | None, ruling: Ruling) -> str:
    """Return the name of a day whose notice gives none: the calendar's own where it rules the same."""
    if before is not None and before.worked == ruling.worked and before.name:
        return before.name
    return "" if ruling.worked else "holiday"


def change_to_data(old: CalendarRules, new: CalendarRules) -> dict[str, Any]:
    """Return as plain data what makes the new rules of the old: days ruled anew or no more, official years.

    Weekend, spans, law, region and office hours are named where they differ.
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
    if list(new.office_hours) != list(old.office_hours):
        change["office_hours"] = list(new.office_hours)
    if new.region != old.region:
        change["region"] = new.region
    return change


def changed_days(old: CalendarRules, new: CalendarRules) -> list[date]:
    """Return the days, in order, on which two calendars differ in whether a day is worked, why, or by whose word."""

    def effect(rules: CalendarRules, day: date) -> tuple[bool, DayKind, str, str]:
        return rules.ruling(day)[:4]

    if old.weekend == new.weekend:
        days = sorted(day for day in {*old.rulings, *new.rulings} if old.first <= day <= old.last)
    else:
        days = days_between(max(old.first, new.first), min(old.last, new.last))
    return [day for day in days if effect(old, day) != effect(new, day)]


def days_rolled_differently(old: WorkingCalendar, new: WorkingCalendar, within: Iterable[date]) -> list[date]:
    """Return those of some days, in order, that are off in both calendars and belong to a holiday that ends otherwise.

    A period that ends on such a day, and is rolled past holidays, ends on another day than before.
    """
    days = []
    for day in within:
        with suppress(OutsideCalendar):
            if not new.is_worked(day) and not old.is_worked(day) and old.after_holiday(day) != new.after_holiday(day):
                days.append(day)
    return days
