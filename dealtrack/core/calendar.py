"""The working calendar: which days are worked, the n-th after a day, the count between two, and why."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, tzinfo
from enum import StrEnum
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

from dealtrack.core.moments import ONE_DAY, last_day
from dealtrack.errors import OutsideCalendar
from dealtrack.phrase import Phrase, Word

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


HolidaySpan = tuple[date, date] | tuple[()]
"""The first and last day, both included, of a holiday as its notice announces it; empty where no notice is known."""


class Ruling(NamedTuple):
    """What the official calendar or an amendment says of one day, against the plain weekday rule.

    `issued` is the day on which the notice that says so was issued, as YYYY-MM-DD, empty where it is unknown;
    `scope` is where the notice holds, empty for the whole country.
    """

    worked: bool
    kind: DayKind
    name: str = ""
    source: str = ""
    issued: str = ""
    scope: str = ""


class Day(NamedTuple):
    """One day of a calendar.

    `span` is the holiday span that a notice announces and the day lies in; None in a calendar that was written
    down before spans were known.
    """

    day: date
    worked: bool
    kind: DayKind
    name: str
    source: str
    confirmed: bool
    span: HolidaySpan | None = ()


class CalendarRules(NamedTuple):
    """All that a calendar says: the weekend, the days ruled otherwise, and which years are official.

    `first` and `last` are inclusive. A year in `official` has been published by the authority;
    the days of every other year are provisional. `spans` are the holidays that notices announce, each with its
    first and last day; None in a calendar that was written down before they were known. `law` is what is cited
    for the day of the start not being counted, empty where nothing is. `region` is one that publishes notices of its
    own, so that a national one makes none of its years official, else empty. `office_hours` stand as in its file.
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
    spans: tuple[tuple[date, date], ...] | None = ()
    law: str = ""
    region: str = ""
    office_hours: Sequence[Mapping[str, Any]] = ()

    def plain(self, day: date) -> Ruling:
        """Return what the weekday rule alone says of a day."""
        return _PLAIN_REST if day.weekday() in self.weekend else _PLAIN_WORKED

    def ruling(self, day: date) -> Ruling:
        """Return what holds for a day: its own ruling where there is one, else the weekday rule."""
        return self.rulings.get(day) or self.plain(day)

    def to_data(self) -> dict[str, Any]:
        """Return the rules as plain data that canonical JSON can hold."""
        data = self._asdict() | {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "weekend": sorted(self.weekend),
            "rulings": rulings_to_data(self.rulings),
            "official": sorted(self.official),
        }
        for name in ("spans", "law", *(name for name in ("region", "office_hours") if not data[name])):
            del data[name]
        return data if self.spans is None else data | {"spans": spans_to_data(self.spans), "law": self.law}

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
            spans=spans_from_data(data["spans"]) if "spans" in data else None,
            law=data.get("law", CHINESE_LAW if data["timezone"] == CHINESE_ZONE else ""),
            region=data.get("region", ""),
            office_hours=data.get("office_hours", ()),
        )

    def revised(self, change: Mapping[str, Any]) -> "CalendarRules":
        """Return the rules after a change as `change_to_data` writes it."""
        rulings = {**self.rulings, **rulings_from_data(change["rulings"])}
        for day in change["dropped"]:
            rulings.pop(date.fromisoformat(day), None)
        return self._replace(
            weekend=frozenset(change.get("weekend", self.weekend)),
            rulings=rulings,
            official=frozenset(change["official"]),
            spans=spans_from_data(change["spans"]) if "spans" in change else self.spans,
            **{name: change.get(name, getattr(self, name)) for name in ("law", "region", "office_hours")},
        )

    def span_by_day(self) -> dict[date, HolidaySpan]:
        """Return the announced holiday span of each day that lies in one."""
        return {day: span for span in self.spans or () for day in days_between(*span)}


CHINESE_LAW = Word("Civil Code art. 201")
CHINESE_LAWS = (
    (date(2021, 1, 1), CHINESE_LAW),
    (date(1987, 1, 1), Word("General Principles of the Civil Law art. 154")),
)
"""What says in China that the day of the start is not counted, each with its first day, the latest first."""

CHINESE_ZONE = "Asia/Shanghai"
"""The time zone by which a calendar is known as China's that was written down before calendars named their law."""

_PLAIN_REST = Ruling(False, DayKind.WEEKEND)
_PLAIN_WORKED = Ruling(True, DayKind.WEEKDAY)


def days_between(first: date, last: date) -> list[date]:
    """Return the days from `first` to `last`, both included."""
    return [date.fromordinal(ordinal) for ordinal in range(first.toordinal(), last.toordinal() + 1)]


def spans_to_data(spans: Iterable[tuple[date, date]]) -> list[list[str]]:
    """Return spans as plain data: the first and the last day of each."""
    return [[first.isoformat(), last.isoformat()] for first, last in spans]


def spans_from_data(data: Iterable[list[str]]) -> tuple[tuple[date, date], ...]:
    """Return the spans that `spans_to_data` wrote."""
    return tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in data)


def rulings_to_data(rulings: Mapping[date, Ruling]) -> dict[str, list[Any]]:
    """Return rulings as plain data, a list a day: worked, kind, name, source; issue and scope where one is known."""
    return {
        day.isoformat(): list(ruling if ruling.issued or ruling.scope else ruling[:4])
        for day, ruling in sorted(rulings.items())
    }


def rulings_from_data(data: Mapping[str, list[Any]]) -> dict[date, Ruling]:
    """Return the rulings that `rulings_to_data` wrote."""
    return {date.fromisoformat(day): ruling_from_data(values) for day, values in data.items()}


def ruling_from_data(values: Iterable[Any]) -> Ruling:
    """Return a ruling of its values in plain data, in their order."""
    worked, kind, *texts = values
    return Ruling(bool(worked), DayKind(kind), *texts)


RulingsOf = Callable[[int], Mapping[date, Ruling]]
"""Gives the rulings of a year."""


def _by_year(rulings: Mapping[date, Ruling]) -> RulingsOf:
    years: dict[int, dict[date, Ruling]] = {}
    for day, ruling in rulings.items():
        years.setdefault(day.year, {})[day] = ruling
    return lambda year: years.get(year, {})


class WorkingCalendar:
    """A calendar that can be asked for its days; `revision` tells by which state of it an answer was given.

    Its days have running numbers, which count the working days: arithmetic over weeks, and over the rulings that turn
    a day from what the weekday rule alone says.

    `deadlines` is where `plain_deadlines` keeps what it has counted, by rule and zone.
    """

    def __init__(self, rules: CalendarRules, revision: int = 0, rulings_of: RulingsOf | None = None) -> None:
        """`rulings_of` gives the rulings of a year, where the rules come without them: not all need be read."""
        self.rules, self.revision = rules, revision
        self.first, self.last = rules.first, rules.last
        self.deadlines: dict[tuple[Any, tzinfo], Any] = {}
        self._rulings_of = rulings_of or _by_year(rules.rulings)
        self._years: dict[int, tuple[list[int], list[int]]] = {}
        self._per_weekday = list(accumulate(int(weekday not in rules.weekend) for weekday in range(7)))

    @cached_property
    def _spans(self) -> Mapping[date, HolidaySpan] | None:
        return None if self.rules.spans is None else self.rules.span_by_day()

    def _year(self, year: int) -> tuple[list[int], list[int]]:
        """Return the days of a year, as ordinals, that are turned from what the weekday rule says, and their shifts.

        A shift is by how much the running number after so many of these days is more than the weekday rule makes it.
        Years are added beside those that are known, so that only those are read that are asked for.
        """
        if year not in self._years:
            turned = sorted(
                (day.toordinal(), 1 if ruling.worked else -1)
                for day, ruling in self._rulings_of(year).items()
                if self.first <= day <= self.last and ruling.worked == (day.weekday() in self.rules.weekend)
            )
            shift = 0
            if self._years and year > max(self._years):
                shift = self._year(year - 1)[1][-1]
            elif self._years:
                shift = self._year(year + 1)[1][0] - sum(sign for _, sign in turned)
            self._years[year] = (
                [ordinal for ordinal, _ in turned],
                list(accumulate((sign for _, sign in turned), initial=shift)),
            )
        return self._years[year]

    def _number(self, ordinal: int) -> int:
        """Return the running number of a day: how much more one is than another is the working days after this one."""
        # The first day of all was a Monday.
        weeks, weekday = divmod(ordinal - 1, 7)
        turned, shifts = self._year(date.fromordinal(ordinal).year)
        return weeks * self._per_weekday[-1] + self._per_weekday[weekday] + shifts[bisect_right(turned, ordinal)]

    def day(self, day: date) -> Day:
        """Return one day, with what makes it worked or not; raises OutsideCalendar."""
        self._check(day)
        ruling = self._rulings_of(day.year).get(day) or self.rules.plain(day)
        span = None if self._spans is None else self._spans.get(day, ())
        return Day(day, *ruling[:4], day.year in self.rules.official, span)

    def _check(self, day: date) -> None:
        if not self.first <= day <= self.last:
            raise OutsideCalendar(day=day, first=self.first, last=self.last)

    def is_worked(self, day: date) -> bool:
        """Tell whether a day is a working day; raises OutsideCalendar."""
        return self.day(day).worked

    def nth_after(self, day: date, n: int) -> date:
        """Return the n-th working day after a day, which is itself never counted.

        Source: Civil Code of the PRC art. 201. Raises OutsideCalendar.
        """
        self._check(day)
        ordinal, first, last = day.toordinal(), self.first.toordinal(), self.last.toordinal()
        number = self._number(ordinal) + n
        # A number is at most one more than that of the day before: no step passes the day that is looked for.
        while (over := self._number(ordinal) - number + 1) > 0:
            ordinal -= over
            if ordinal < first - 1:
                self._check(self.first - ONE_DAY)
        while (missing := number - self._number(ordinal)) > 0:
            ordinal += missing
            if ordinal > last:
                self._check(self.last + ONE_DAY)
        return date.fromordinal(ordinal)

    def count_between(self, first: date, last: date) -> int:
        """Return how many working days lie after `first` up to `last`, itself included; below 0 if it is earlier."""
        self._check(last)
        self._check(first)
        return self._number(last.toordinal()) - self._number(first.toordinal())

    def next_working(self, day: date) -> date:
        """Return the day itself when it is worked, else the first working day after it; raises OutsideCalendar."""
        return day if self.is_worked(day) else self.nth_after(day, 1)

    def after_holiday(self, day: date) -> date:
        """Return the day itself, or where it lies in a holiday span the first day after it that lies in none.

        A plain weekend is no holiday. Source: SAMR Order 121 art. 45. Raises OutsideCalendar.
        """
        if self.day(day).span is None:
            return self._after_holiday_without_spans(day)
        while span := self.holiday_span(day):
            day = span[1] + ONE_DAY
        return day

    def holiday_span(self, day: date) -> HolidaySpan:
        """Return the first and last day, both included, of the holiday that a day lies in; empty where it lies in none.

        A holiday is what its notice announces, its weekend days among them, as far as its days are not worked;
        where no notice is known, it is the unbroken run of rest days with a day in it that is ruled a holiday.
        Raises OutsideCalendar.
        """
        middle = self.day(day)
        if middle.worked:
            return ()
        run = [middle]
        for step in (-ONE_DAY, ONE_DAY):
            # Unbroken rest days on one side for which the same span is announced, or none as for this one.
            beside = day + step
            while self.first <= beside <= self.last:
                rest = self.day(beside)
                if rest.worked or rest.span != middle.span:
                    break
                run.append(rest)
                beside += step
        if not any(map(_is_holiday, run)):
            return ()
        days = [each.day for each in run]
        return min(days), max(days)

    def _after_holiday_without_spans(self, day: date) -> date:
        """Return what `after_holiday` did before spans were known, for calendars that were written down then.

        A weekend at the edge of a holiday was no part of it. Verdicts that were given by such a calendar stand.
        """
        run = day
        while not self.is_worked(run) and not _is_holiday(self.day(run)):
            run -= ONE_DAY
        if not _is_holiday(self.day(run)):
            return day
        end = run
        while not self.is_worked(run):
            if _is_holiday(self.day(run)):
                end = run
            run += ONE_DAY
        return end + ONE_DAY if day <= end else day

    def walk(self, first: date, last: date) -> Iterator[Day]:
        """Yield each day from `first` to `last`, both included; raises OutsideCalendar."""
        return map(self.day, days_between(first, last))

    def is_confirmed(self, first: date, last: date) -> bool:
        """Tell whether every day after `first` and up to `last` belongs to an officially published year."""
        after = min(first + ONE_DAY, last)
        self._check(after)
        self._check(last)
        return all(year in self.rules.official for year in range(after.year, last.year + 1))


def law_on(law: str, day: date) -> str:
    """Return what a calendar that names a law cites for a day: of China's the one in force then, if any."""
    if law != CHINESE_LAW:
        return law
    return next((name for first, name in CHINESE_LAWS if first <= day), "")


def _is_holiday(day: Day) -> bool:
    return day.kind in (DayKind.HOLIDAY, DayKind.AMENDED_OFF)


def month_days(calendar: WorkingCalendar, year: int, month: int) -> Iterator[Day]:
    """Yield the days of a month; raises OutsideCalendar."""
    return calendar.walk(date(year, month, 1), last_day(year, month))


def missing_year(calendar: WorkingCalendar, today: date) -> int | None:
    """Return the year whose official calendar should be known by now and is not, None where all is well.

    Next year's is due from 1 November, when official calendars have come out in the past.
    """
    due = [today.year] if today.month < NOTICE_MONTH else [today.year, today.year + 1]
    firsts = (date(year, 1, 1) for year in due)
    return next((first.year for first in firsts if not calendar.is_confirmed(first, first)), None)


def calendar_reminder(year: int) -> Phrase:
    """Say that a year's official calendar is missing, and how it is taken in."""
    return Phrase(
        "the register has no official calendar for {year}, so deadlines in that year are provisional; "
        "once the notice is out, run 'dealtrack calendar import FILE', or after an upgrade 'dealtrack "
        "calendar refresh'",
        year=year,
    )
