"""Countries: what is shipped of them, and their holidays, weekends and make-up days, from the holidays package.

This is the one module that knows the package, and it imports it only where it uses it.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dealtrack.core.calendar import WEEKDAY_NAMES, DayKind, Ruling, days_between
from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR, ONE_DAY
from dealtrack.errors import BadCalendarFile
from dealtrack.sources.toml_files import TomlTable, read_table

if TYPE_CHECKING:
    from holidays import HolidayBase


@dataclass(frozen=True, slots=True)
class Announcement:
    """A holiday that a notice announces, from `first` to `last`, both included, and the days worked in its stead.

    `issued` is the notice's day of issue as YYYY-MM-DD, empty where it is not known; `scope` is empty for the whole
    country.
    """

    first: date
    last: date
    worked: tuple[date, ...]
    scope: str
    issued: str

    @property
    def days(self) -> list[date]:
        """Return all days that the notice names for this holiday, worked ones among them."""
        return [*days_between(self.first, self.last), *self.worked]


def read_announcements(country: str, data_folder: Path) -> list[Announcement]:
    """Return the announced holidays of a country, none where no table of it is shipped."""
    path, day = data_folder / FOLDER / f"{country.lower()}-spans.csv", date.fromisoformat
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Announcement(
                day(row["first"]), day(row["last"]), tuple(map(day, row["worked"].split())), row["scope"], row["issued"]
            )
            for row in csv.DictReader(file)
        ]


FIRST_DAY = date(FIRST_YEAR, 1, 1)
LAST_DAY = date(LAST_YEAR, 12, 31)
FOLDER = "calendars"
TABLE_FILE = "countries.toml"
COUNTRY_KEYS = ("title", "timezone", "timezones", "official", "source", "law", "published_by_substituted_days", "names")
UNLISTED_UNTIL = 2026
"""The last year taken as published for a country that the table does not list."""


@dataclass(frozen=True, slots=True)
class Country:
    """What the table of countries says of a country: title, time zone, and the years officially published.

    `law` is cited for the day of the start not being counted. With `published_by_substituted_days` a year counts as
    published once the package knows days that are off in place of others, as only a notice says.
    """

    title: str = ""
    timezone: str = ""
    official: frozenset[int] | None = None
    source: str = ""
    law: str = ""
    published_by_substituted_days: bool = False
    names: tuple[tuple[str, str], ...] = ()


def country_entry(code: str, subdivision: str, data_folder: Path) -> Country:
    """Return what the shipped table of countries says of a country; one that it does not list has its defaults."""
    table = read_table(data_folder / FOLDER / TABLE_FILE, BadCalendarFile)
    if code not in table.values:
        return Country()
    entry = table.table_of(code)
    entry.allow(*COUNTRY_KEYS)
    zones = entry.get("timezones", dict)
    zone = entry.text_of("timezone", "")
    if subdivision and zones is not None:
        zone = zones.get(subdivision, "")
    return Country(
        title=entry.text_of("title", ""),
        timezone=zone,
        official=read_years(entry),
        source=entry.text_of("source", ""),
        law=entry.text_of("law", ""),
        published_by_substituted_days=entry.get("published_by_substituted_days", bool, False),
        names=tuple(entry.get("names", dict, {}).items()),
    )


def official_years(country: Country, days: "CountryDays") -> frozenset[int]:
    """Return the years that count as published: those of the table, else up to the package's present year."""
    years = country.official
    if years is None:
        years = frozenset(range(max(days.first_year, FIRST_DAY.year), UNLISTED_UNTIL + 1))
    elif country.published_by_substituted_days:
        years |= days.substituted
    return years - days.estimated


def read_years(table: TomlTable) -> frozenset[int] | None:
    """Return the years of `official = "2001/2026"`, or of a list of years and spans; None where it is not there."""
    if "official" not in table.values:
        return None
    years: set[int] = set()
    for text in table.texts_of("official"):
        first, slash, last = text.partition("/")
        last = last if slash else first
        if not (re.fullmatch(r"\d{4}", first) and re.fullmatch(r"\d{4}", last)) or last < first:
            table.refuse('official cannot be {text!r}; write years as "2001/2026"', "official", text=text)
        years.update(range(int(first), int(last) + 1))
    return frozenset(year for year in years if FIRST_DAY.year <= year <= LAST_DAY.year)


# English for every country, so that names never depend on the locale of the machine.
LANGUAGE = "en_US"
SUBSTITUTED = re.compile(r"^.*\(substituted from (\d\d)/(\d\d)/(\d{4})\)$")
OBSERVED = " (observed)"
ESTIMATED = "(estimated)"
HALF_DAY = re.compile(r"\((?:from \d+ ?[ap]m|afternoon|half[ -]day)\)", re.IGNORECASE)
PUBLIC = ("public",)
IN_PLACE = re.compile("补假|调休")
COMPARED_YEARS = range(2022, 2028)


@dataclass(frozen=True, slots=True)
class CountryDays:
    """What the package knows of a country or subdivision: its weekend, and the days ruled otherwise.

    `weekend` is the one that holds at the end of the calendar; earlier ones are among the rulings.
    `estimated` are the years in which the package itself calls a holiday estimated, `substituted` those for which
    it knows days that are off in place of others, as only a notice says.
    """

    weekend: frozenset[int]
    rulings: Mapping[date, Ruling]
    first_year: int
    estimated: frozenset[int]
    substituted: frozenset[int] = frozenset()


def categories_of(country: str) -> list[str]:
    """Return the categories of holidays that the package knows of a country, as it spells it."""
    import holidays

    return sorted(getattr(holidays, country).supported_categories)


def supported() -> dict[str, list[str]]:
    """Return the country codes that the package knows, each with its subdivisions."""
    import holidays

    return {code: list(parts) for code, parts in holidays.list_supported_countries(include_aliases=False).items()}


def find_country(code: str, subdivision: str = "") -> tuple[str, str] | None:
    """Return a country code and subdivision as the package spells them, whatever their case; None when unknown."""
    import holidays

    # With its aliases the package also knows Niederbayern for a part of DE-BY.
    subdivisions = holidays.list_supported_countries()
    country = code.upper()
    if len(country) != 2 or country not in subdivisions:
        return None
    if not subdivision:
        return country, ""
    part = {name.casefold(): name for name in subdivisions[country]}.get(subdivision.casefold())
    return (country, part) if part else None


def differing_subdivisions(country: str) -> list[str]:
    """Return the subdivisions whose holidays or weekend differ from those of the bare country in recent years."""
    plain = _look_up(country, "", COMPARED_YEARS)
    parts = supported().get(country, [])
    return [part for part in parts if _rest_days_of(_look_up(country, part, COMPARED_YEARS)) != _rest_days_of(plain)]


def festivals(country: str, year: int) -> dict[date, frozenset[str]]:
    """Return the days that a country's law makes holidays, in a year and those around it, with their Chinese names.

    What is off in place of another day is left out.
    """
    entity = _look_up(country, "", range(year - 1, year + 2), language="zh_CN")
    names = {day: name.split("; ") for day, name in entity.items()}
    lawful = {day: frozenset(name for name in each if not IN_PLACE.search(name)) for day, each in names.items()}
    return {day: each for day, each in lawful.items() if each}


def days_of_country(code: str, subdivision: str, country: Country, categories: Sequence[str]) -> CountryDays:
    """Return what the package says of each day of the calendar; those of a year that its release publishes name it.

    `categories` are the package's categories whose days are off; a half day is worked. The years before and after are
    loaded as well: a make-up day in December belongs to the next year's notice.
    """
    entity = _look_up(code, subdivision, range(FIRST_DAY.year - 1, LAST_DAY.year + 2), categories)
    # A day is no half one where something that it is off for does not begin in the afternoon.
    festivals = {day: name for day, name in entity.items() if not all(map(HALF_DAY.search, name.split("; ")))}
    for long, short in country.names:
        festivals = {day: name.replace(long, short) for day, name in festivals.items()}
    days = days_between(FIRST_DAY, LAST_DAY)
    rests = {day for day in days if entity.is_weekend(day)}
    weekend = frozenset(day.weekday() for day in days[-7:] if day in rests)
    made_up = {day for day in entity.weekend_workdays if day in rests}
    off_for = {substitute: day for day, name in festivals.items() if (substitute := _substitute_of(name))}
    substituted = frozenset(day.year for day, name in festivals.items() if _substitute_of(name))
    source = f"holidays {code}-{subdivision}" if subdivision else f"holidays {code}"
    sources: dict[int, str] = {}
    if country.published_by_substituted_days and country.official is not None:
        from importlib.metadata import version

        sources = dict.fromkeys(substituted - country.official, f"holidays {version('holidays')} {code}")
    rulings: dict[date, Ruling] = {}
    for day in days:
        if (day.weekday() in weekend) != (day in rests):
            kind = DayKind.WEEKEND if day in rests else DayKind.WEEKDAY
            rulings[day] = Ruling(day not in rests, kind)
    for day in festivals:
        if FIRST_DAY <= day <= LAST_DAY and day not in made_up:
            rulings[day] = Ruling(False, DayKind.HOLIDAY, _off_name(day, festivals, rests, made_up))
    for day in made_up:
        name = ""
        if off := off_for.get(day):
            festival = _festival_of_run(off, festivals, rests, made_up)
            name = f"{day_text(off)} ({festival})" if festival else day_text(off)
        rulings[day] = Ruling(True, DayKind.MAKE_UP, name)
    rulings = {day: ruling._replace(source=sources.get(day.year, source)) for day, ruling in rulings.items()}
    estimated = frozenset(day.year for day, name in entity.items() if ESTIMATED in name)
    return CountryDays(weekend, rulings, entity.start_year, estimated, substituted)


def day_text(day: date) -> str:
    """Return a day with its weekday, as in Thu 2016-10-06."""
    return f"{WEEKDAY_NAMES[day.weekday()]} {day.isoformat()}"


def _look_up(
    country: str,
    subdivision: str,
    years: Iterable[int],
    categories: Sequence[str] = PUBLIC,
    language: str = LANGUAGE,
) -> "HolidayBase":
    import warnings

    import holidays

    with warnings.catch_warnings():
        # The package warns of years that it has no holidays for: those are provisional here.
        warnings.simplefilter("ignore")
        return holidays.country_holidays(
            country, subdiv=subdivision or None, years=years, language=language, expand=False, categories=categories
        )


def _rest_days_of(entity: "HolidayBase") -> tuple[set[date], set[date], list[bool]]:
    week = [entity.is_weekend(date(COMPARED_YEARS[-1], 1, 4) + timedelta(days=index)) for index in range(7)]
    return set(entity), set(entity.weekend_workdays), week


def _substitute_of(name: str) -> date | None:
    match = SUBSTITUTED.match(name)
    if not match:
        return None
    month, day, year = map(int, match.groups())
    return date(year, month, day)


def _off_name(day: date, festivals: Mapping[date, str], rests: set[date], made_up: set[date]) -> str:
    name = festivals[day]
    substitute = _substitute_of(name)
    if substitute is None:
        return name
    how = f"made up on {day_text(substitute)}" if substitute in made_up else f"moved from {day_text(substitute)}"
    festival = _festival_of_run(day, festivals, rests, made_up)
    return f"{festival} (day off, {how})" if festival else f"Day off, {how}"


def _festival_of_run(day: date, festivals: Mapping[date, str], rests: set[date], made_up: set[date]) -> str:
    """Return the festival nearest to a day within the unbroken run of rest days around it."""

    def nearest(step: timedelta) -> tuple[int, str] | None:
        at, distance = day, 0
        while at not in made_up and (at in rests or at in festivals):
            name = festivals.get(at, "")
            if name and _substitute_of(name) is None:
                return distance, name.removesuffix(OBSERVED)
            at, distance = at + step, distance + 1
        return None

    sides = [side for side in (nearest(-ONE_DAY), nearest(ONE_DAY)) if side]
    return min(sides, key=lambda side: side[0])[1] if sides else ""
