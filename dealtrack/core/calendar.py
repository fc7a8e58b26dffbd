"""The working calendar: which days are worked, the n-th after a day, the count between two, and why."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from itertools import accumulate, compress
from typing import Any, NamedTuple, Protocol

from dealtrack.core.festival import name_of_day
from dealtrack.errors import OutsideCalendar
from dealtrack.phrase import Phrase, Word

ONE_DAY = timedelta(days=1)
NOTICE_MONTH = 11
WEEKDAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class DayKind(StrEnum):
    """What makes a day a working day or a rest day."""

    WEEKDAY = "weekday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKE_UP = "make-up"
    AMENDED_OFF = "amended-off"
    AMENDED_WORKED = "amended-worked"


class Ruling(NamedTuple):
    """What the official calendar or an amendment says of one day, against the plain weekday rule."""

    worked: bool
    kind: DayKind
    name: str = ""
    source: str = ""


class Day(NamedTuple):
    """One day of a calendar; `number` counts the calendar's working days up to it, itself included."""

    day: date
    worked: bool
    kind: DayKind
    name: str
    source: str
    confirmed: bool
    number: int


class CalendarRules(NamedTuple):
    """All that a calendar says: the weekend, the days ruled otherwise, and which years are official.

    `first` and `last` are inclusive. A year in `official` has been published by the authority;
    the days of every other year are provisional.
    """

    name: str
    title: str
    timezone: str
    first: date
    last: date
    weekend: frozenset[int]
    rulings: Mapping[date, Ruling]
    official: frozenset[int]
    source: str = ""

    def plain(self, day: date) -> Ruling:
        """Return what the weekday rule alone says of a day."""
        rest = day.weekday() in self.weekend
        return _PLAIN_REST if rest else _PLAIN_WORKED

    def ruling(self, day: date) -> Ruling:
        """Return what holds for a day: its own ruling where there is one, else the weekday rule."""
        return self.rulings.get(day) or self.plain(day)

    def to_data(self) -> dict[str, Any]:
        """Return the rules as plain data that canonical JSON can hold."""
        return {
            "name": self.name,
            "title": self.title,
            "timezone": self.timezone,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "weekend": sorted(self.weekend),
            "rulings": rulings_to_data(self.rulings),
            "official": sorted(self.official),
            "source": self.source,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "CalendarRules":
        """Return the rules that `to_data` wrote."""
        return cls(
            name=data["name"],
            title=data["title"],
            timezone=data["timezone"],
            first=date.fromisoformat(data["first"]),
            last=date.fromisoformat(data["last"]),
            weekend=frozenset(data["weekend"]),
            rulings=rulings_from_data(data["rulings"]),
            official=frozenset(data["official"]),
            source=data["source"],
        )

    def revised(self, change: Mapping[str, Any]) -> "CalendarRules":
        """Return the rules after a change as `change_to_data` writes it."""
        rulings = {**self.rulings, **rulings_from_data(change["rulings"])}
        for day in change["dropped"]:
            rulings.pop(date.fromisoformat(day), None)
        return self._replace(rulings=rulings, official=frozenset(change["official"]))


def change_to_data(old: CalendarRules, new: CalendarRules) -> dict[str, Any]:
    """Return as plain data what makes the new rules of the old: days ruled anew or no more, official years."""
    anew = {day: ruling for day, ruling in new.rulings.items() if old.rulings.get(day) != ruling}
    return {
        "rulings": rulings_to_data(anew),
        "dropped": sorted(day.isoformat() for day in old.rulings if day not in new.rulings),
        "official": sorted(new.official),
    }


_PLAIN_REST = Ruling(False, DayKind.WEEKEND)
_PLAIN_WORKED = Ruling(True, DayKind.WEEKDAY)


def rulings_to_data(rulings: Mapping[date, Ruling]) -> dict[str, list[Any]]:
    """Return rulings as plain data, a list a day: worked, kind, name, source."""
    return {
        day.isoformat(): [ruling.worked, ruling.kind.value, ruling.name, ruling.source]
        for day, ruling in sorted(rulings.items())
    }


def rulings_from_data(data: Mapping[str, list[Any]]) -> dict[date, Ruling]:
    """Return the rulings that `rulings_to_data` wrote."""
    return {
        date.fromisoformat(day): Ruling(bool(worked), DayKind(kind), name, source)
        for day, (worked, kind, name, source) in data.items()
    }


class DayTable(Protocol):
    """The days of a calendar in running order, wherever they are kept."""

    first: date
    last: date

    def number(self, day: date) -> int:
        """Return the running number of a day: the working days up to it, itself included."""

    def working(self, number: int) -> date:
        """Return the working day that has this running number."""

    def day(self, day: date) -> Day:
        """Return all that is known of a day."""


class DayList:
    """The days of a calendar held in memory, with their running numbers; a look-up is one list access."""

    def __init__(self, rules: CalendarRules) -> None:
        self.rules = rules
        self.first, self.last = rules.first, rules.last
        self._start = start = self.first.toordinal()
        size = self.last.toordinal() - start + 1
        # Ordinal 1, 0001-01-01, was a Monday.
        week = [int((start - 1 + day) % 7 not in rules.weekend) for day in range(7)]
        worked = (week * (size // 7 + 1))[:size]
        for day, ruling in rules.rulings.items():
            if self.first <= day <= self.last:
                worked[day.toordinal() - start] = int(ruling.worked)
        self._numbers = list(accumulate(worked))
        self._working = list(compress(range(start, start + size), worked))

    def number(self, day: date) -> int:
        """Return the running number of a day: the working days up to it, itself included."""
        offset = day.toordinal() - self._start
        if not 0 <= offset < len(self._numbers):
            raise OutsideCalendar(day=day, first=self.first, last=self.last)
        return self._numbers[offset]

    def working(self, number: int) -> date:
        """Return the working day that has this running number."""
        if not 1 <= number <= len(self._working):
            edge = self.last + ONE_DAY if number > 0 else self.first - ONE_DAY
            raise OutsideCalendar(day=edge, first=self.first, last=self.last)
        return date.fromordinal(self._working[number - 1])

    def day(self, day: date) -> Day:
        """Return all that is known of a day."""
        number = self.number(day)
        ruling = self.rules.ruling(day)
        return Day(day, ruling.worked, ruling.kind, ruling.name, ruling.source, day.year in self.rules.official, number)

    def __iter__(self) -> Iterator[Day]:
        for ordinal in range(self._start, self._start + len(self._numbers)):
            yield self.day(date.fromordinal(ordinal))


class WorkingCalendar:
    """A calendar that can be asked for working days; `revision` tells by which state of it an answer was given.

    `deadlines` is where `plain_deadlines` keeps what it has counted, under the ids of rule and zone.
    """

    __slots__ = ("days", "deadlines", "revision")

    def __init__(self, days: DayTable, revision: int = 0) -> None:
        self.days = days
        self.revision = revision
        self.deadlines: dict[tuple[int, int], Any] = {}

    def day(self, day: date) -> Day:
        """Return one day, with what makes it worked or not; raises OutsideCalendar."""
        return self.days.day(day)

    def is_worked(self, day: date) -> bool:
        """Tell whether a day is a working day; raises OutsideCalendar."""
        return self.days.day(day).worked

    def nth_after(self, day: date, n: int) -> date:
        """Return the n-th working day after a day, which is itself never counted.

        Source: Civil Code of the PRC art. 201. Raises OutsideCalendar.
        """
        return self.days.working(self.days.number(day) + n)

    def count_between(self, first: date, last: date) -> int:
        """Return how many working days lie after `first` up to `last`, itself included; below 0 if it is earlier."""
        return self.days.number(last) - self.days.number(first)

    def next_working(self, day: date) -> date:
        """Return the day itself when it is worked, else the first working day after it; raises OutsideCalendar."""
        return day if self.is_worked(day) else self.nth_after(day, 1)

    def after_holiday(self, day: date) -> date:
        """Return the day itself, or where it lies in a statutory holiday the first day after that holiday.

        A plain weekend is no holiday; one enclosed by days of the same holiday belongs to it.
        Source: SAMR Order 121 art. 45. Raises OutsideCalendar.
        """
        run = day
        while not self.is_worked(run) and not _is_holiday(self.days.day(run)):
            run -= ONE_DAY
        if not _is_holiday(self.days.day(run)):
            return day
        end = run
        while not self.is_worked(run):
            if _is_holiday(self.days.day(run)):
                end = run
            run += ONE_DAY
        return end + ONE_DAY if day <= end else day

    def walk(self, first: date, last: date) -> Iterator[Day]:
        """Yield each day from `first` to `last`, both included; raises OutsideCalendar."""
        while first <= last:
            yield self.days.day(first)
            first += ONE_DAY

    def is_confirmed(self, first: date, last: date) -> bool:
        """Tell whether every day after `first` and up to `last` belongs to an officially published year."""
        touched = [date(year, 1, 1) for year in range(first.year + 1, last.year)]
        return all(self.days.day(day).confirmed for day in (min(first + ONE_DAY, last), *touched, last))


def _is_holiday(day: Day) -> bool:
    return day.kind in (DayKind.HOLIDAY, DayKind.AMENDED_OFF)


def reason(day: Day) -> str:
    """Return why a day is worked or not, in words."""
    name = name_of_day(day.name)
    match day.kind:
        case DayKind.WEEKDAY:
            return Phrase("working day ({name})", name=name) if name else Phrase("working day")
        case DayKind.WEEKEND:
            return Phrase("weekend ({name})", name=name) if name else Phrase("weekend")
        case DayKind.HOLIDAY:
            return name
        case DayKind.MAKE_UP:
            return Phrase("make-up working day for {name}", name=name) if name else Phrase("make-up working day")
        case DayKind.AMENDED_OFF | DayKind.AMENDED_WORKED:
            return Phrase("{name}, {source}", name=name, source=Word(day.source)) if day.source else name


def month_days(calendar: WorkingCalendar, year: int, month: int) -> Iterator[Day]:
    """Yield the days of a month; raises OutsideCalendar."""
    first = date(year, month, 1)
    following = date(year + month // 12, month % 12 + 1, 1)
    return calendar.walk(first, following - ONE_DAY)


def changed_days(old: CalendarRules, new: CalendarRules) -> list[date]:
    """Return the days, in order, on which two calendars differ in whether the day is worked or why."""

    def told(rules: CalendarRules, day: date) -> tuple[bool, DayKind, str]:
        ruling = rules.ruling(day)
        return ruling.worked, ruling.kind, ruling.name

    if old.weekend == new.weekend:
        days = sorted({*old.rulings, *new.rulings})
    else:
        first, last = max(old.first, new.first), min(old.last, new.last)
        days = [first + index * ONE_DAY for index in range((last - first).days + 1)]
    return [day for day in days if told(old, day) != told(new, day)]


def missing_year(calendar: WorkingCalendar, today: date) -> int | None:
    """Return the year whose official calendar should be known by now and is not, None where all is well.

    Next year's is due from 1 November, when official calendars have come out in the past.
    """
    due = [today.year] if today.month < NOTICE_MONTH else [today.year, today.year + 1]
    return next((year for year in due if not calendar.day(date(year, 1, 1)).confirmed), None)


def calendar_reminder(year: int) -> Phrase:
    """Say that a year's official calendar is missing, and how it is taken in."""
    return Phrase(
        "the official calendar of {year} is not in the register; deadlines in it are provisional: once the notice is "
        "out, 'dealtrack calendar import FILE' takes it in, or after an upgrade 'dealtrack calendar refresh'",
        year=year,
    )
